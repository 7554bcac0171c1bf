"""The comparison with pubmed_parser: both read the same fields of the same citations."""

import os
from pathlib import Path

import pytest

pytest.importorskip("pubmed_parser", reason="pubmed_parser is not installed (requirements/dev.txt)")
from benchmarks import pubmed_xml  # imports pubmed_parser


def test_both_read_the_demo_alike(tmp_path: Path) -> None:
    path = pubmed_xml.demo_file(tmp_path, num_citations=200)
    counts = pubmed_xml.agreement(path)
    assert counts["citations"] == counts["pmid"] == counts["title"] == 200
    assert counts["abstract"] + counts["abstract with labels"] == 200
    assert counts["year"] > 0
    assert not [name for name in counts if name.endswith("differs")]
    found = pubmed_xml.compare(path, num_runs=1)
    assert found["xml_ratio_to_pubmed_parser"] == found["pubmed_parser_seconds"] / found["xml_seconds"] > 0


@pytest.mark.real_data
@pytest.mark.skipif("BALI_DEVELOPMENT_DATA" not in os.environ, reason="BALI_DEVELOPMENT_DATA names no folder")
def test_both_read_a_real_baseline_file_alike() -> None:
    counts = pubmed_xml.agreement(Path(os.environ["BALI_DEVELOPMENT_DATA"]) / pubmed_xml.REAL_FILE)
    assert counts == {
        "citations": 30000,
        "pmid": 30000,
        "title": 30000,
        "abstract": 29991,
        "abstract with labels": 9,
        "year": 14832,
        "mesh_headings": 14832,
    }
