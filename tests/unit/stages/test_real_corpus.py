"""Real files: every citation accounted for, every gold mention at its offset."""

import os
from pathlib import Path

import pytest

from bali.cli import main
from bali.io.census import Census

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("BALI_DEVELOPMENT_DATA" not in os.environ, reason="BALI_DEVELOPMENT_DATA names no folder"),
]


def parse(name: str, output: Path) -> Census:
    path = Path(os.environ["BALI_DEVELOPMENT_DATA"]) / name
    assert main(["parse-corpus", "--input", str(path), "--output-dir", str(output)]) == 0
    return Census.read(output / "census.json")


@pytest.mark.parametrize(
    ("name", "num_citations", "num_documents"),
    [("pubmed_xml/pubmed20n0014.xml.gz", 30000, 14832), ("pubmed_xml/medline16n0902.xml.gz", 604, 526)],
)
def test_every_citation_is_accounted_for(tmp_path: Path, name: str, num_citations: int, num_documents: int) -> None:
    citations = parse(name, tmp_path).table("citations")
    assert (citations.rows_in, citations.rows_out) == (num_citations, num_documents)
    assert citations.dropped == {"no abstract": num_citations - num_documents}


@pytest.mark.parametrize(
    ("name", "num_annotations", "dropped"),
    [
        ("el_bc5cdr/CDR_TestSet.PubTator.txt.gz", 9809, {}),
        ("el_ncbi_disease/NCBItestset_corpus.txt.gz", 960, {}),
        ("linked_pubtator/gold_test.pubtator.gz", 9878, {}),
        ("el_ncbi_disease/NCBItrainset_corpus.txt.gz", 5145, {"offset mismatch": 1}),
    ],
)
def test_gold_offsets_hold(tmp_path: Path, name: str, num_annotations: int, dropped: dict[str, int]) -> None:
    annotations = parse(name, tmp_path).table("annotations")
    assert annotations.rows_in == num_annotations
    assert annotations.dropped == dropped
