"""`bali export`: the four formats over two shards with sections, odd characters and overlaps."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bali.exporting.bigbio import BIGBIO_KB
from bali.exporting.sinks import REPEATED
from bali.io.census import Census
from bali.io.parquet import read_provenance
from bali.pubmed.pubtator import read_pubtator
from tests.unit.exporting.fixtures import FIRST, NUM_MENTIONS, SECOND, THIRD, Given, Text, census_of, export


def distinct(text: Text) -> list[Given]:
    return list({(m.start, m.end, m.cui): m for m in text.mentions}.values())


def test_the_fixture_says_what_it_means() -> None:
    surfaces = [FIRST.text[m.start : m.end] for m in FIRST.mentions]
    assert surfaces == ["Fever", "asthma", "asthma", "Asthma", "Severe asthma", "asthma", "fever"]
    assert SECOND.text[1:5] == "Mice"


def test_pubtator_lines(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "all.txt"
    assert export(corpus, "pubtator", "--output", output) == 0
    lines = output.read_text(encoding="utf-8").split("\n")
    assert lines[:4] == ["3|t|", "3|a|Mice.", "3\t1\t5\tMice\tLIVB\tC0025914", ""]
    assert lines[4:6] == ["7|t|Fever \U0001f9ec and asthma.", "7|a|Asthma hurts. Severe asthma, feverish mice."]
    assert lines[6:9] == [
        "7\t0\t5\tFever\tDISO\tC0015967",
        "7\t12\t18\tasthma\tDISO\tC0004096",  # once, though two sources have it
        "7\t20\t26\tAsthma\tDISO\tC0004096",
    ]
    assert lines[11] == "7\t49\t54\tfever\tUnknownType\tC0015967"
    assert lines[12:] == ["", "100000000000000000|t|No mention", "100000000000000000|a|None.", "", ""]
    mentions = census_of(output).table("mentions")
    assert (mentions.rows_out, mentions.dropped) == (NUM_MENTIONS - 1, {REPEATED: 1})


def test_pubtator_is_read_again(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "all.pubtator"
    assert export(corpus, "pubtator", "--output", output, "--type", "tui", "--sources", "quickumls") == 0
    records = {record.pmid: record for record in read_pubtator(output)}
    assert sorted(records) == [3, 7, 10**17]
    found = [(a.start, a.end, a.identifier, a.type) for a in records[7].annotations]
    assert found == [
        (m.start, m.end, m.cui, ",".join(m.tuis) or "UnknownType") for m in FIRST.mentions if m.source == "quickumls"
    ]
    assert len(found) == 5
    assert not any(record.dropped_annotations for record in records.values())


def test_other_sources_are_counted(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "all.pubtator"
    assert export(corpus, "pubtator", "--output", output, "--sources", "quickumls") == 0
    census = census_of(output)
    documents, mentions = census.table("documents"), census.table("mentions")
    assert (documents.rows_in, documents.rows_out) == (3, 3)
    assert (mentions.rows_in, mentions.rows_out) == (NUM_MENTIONS, 5)
    assert mentions.dropped == {"source pubtator not selected": 3}


def test_bioc_structure(corpus: Path, tmp_path: Path) -> None:
    """The keys are those that BioC's DTD and the JSON readers of the `bioc` package ask for."""
    output = tmp_path / "all.bioc.json"
    assert export(corpus, "bioc", "--output", output) == 0
    collection = json.loads(output.read_text(encoding="utf-8"))
    assert set(collection) == {"source", "date", "key", "version", "infons", "documents"}
    assert collection["infons"] == {"umls_release": "2026AA", "restriction_levels": "0, 3"}
    assert [document["id"] for document in collection["documents"]] == ["3", "7", "note-1"]
    num_annotations = 0
    for document, text in zip(collection["documents"], (SECOND, FIRST, THIRD), strict=True):
        assert set(document) == {"id", "infons", "passages", "annotations", "relations"}
        assert [p["infons"]["section_type"] for p in document["passages"]] == [label for label, _ in text.sections]
        assert [p["infons"]["type"] for p in document["passages"]][:2] == ["title", "abstract"]
        ids = [a["id"] for p in document["passages"] for a in p["annotations"]]
        assert len(ids) == len(set(ids)) == len(text.mentions)
        for passage in document["passages"]:
            assert set(passage) == {"offset", "infons", "text", "sentences", "annotations", "relations"}
            for annotation in passage["annotations"]:
                num_annotations += 1
                assert set(annotation) == {"id", "infons", "text", "locations"}
                (location,) = annotation["locations"]
                start = location["offset"] - passage["offset"]
                assert passage["text"][start : start + location["length"]] == annotation["text"] != ""
                assert all(isinstance(value, str) for value in annotation["infons"].values())
    assert num_annotations == NUM_MENTIONS
    first = collection["documents"][1]["passages"][0]["annotations"][0]
    assert first["infons"] == {
        "identifier": "C0015967",
        "database": "UMLS",
        "type": "DISO",
        "similarity": "0.7500",
        "source": "quickumls",
    }


def test_bigbio_rows(corpus: Path, tmp_path: Path) -> None:
    assert export(corpus, "bigbio", "--output-dir", tmp_path) == 0
    path = tmp_path / "a.parquet"
    assert pq.read_schema(path).remove_metadata() == BIGBIO_KB
    provenance = read_provenance(path)
    assert provenance["restriction_levels"] == [0, 3]
    assert provenance["umls_release"] == "2026AA"
    assert Census.read(tmp_path / "census.json").table("mentions").dropped == {REPEATED: 1}
    rows = pq.read_table(path).to_pylist() + pq.read_table(tmp_path / "b.parquet").to_pylist()
    ids = [row["id"] for row in rows]
    num_entities = 0
    for row, text in zip(rows, (SECOND, FIRST, THIRD), strict=True):
        assert row["document_id"] == (text.external_id or str(text.pmid))
        joined = " ".join(piece for passage in row["passages"] for piece in passage["text"])  # BigBio's own rule
        for part in [*row["passages"], *row["entities"]]:
            assert [joined[start:end] for start, end in part["offsets"]] == part["text"]
            ids.append(part["id"])
        assert [e["normalized"] for e in row["entities"]] == [
            [{"db_name": "UMLS", "db_id": m.cui}] for m in distinct(text)
        ]
        assert row["events"] == row["coreferences"] == row["relations"] == []
        num_entities += len(row["entities"])
    assert num_entities == NUM_MENTIONS - 1
    assert len(ids) == len(set(ids))


def test_bigbio_schema_is_theirs() -> None:
    """What `datasets` makes of `kb_features`: Sequence and list are lists, Value("int32") is int32."""
    texts, offsets = pa.list_(pa.string()), pa.list_(pa.list_(pa.int32()))
    string = pa.string()
    normalized = pa.list_(pa.struct({"db_name": string, "db_id": string}))
    entity: dict[str, Any] = {"id": string, "type": string, "text": texts, "offsets": offsets}
    expected = {
        "id": string,
        "document_id": string,
        "passages": pa.list_(pa.struct(entity)),
        "entities": pa.list_(pa.struct(entity | {"normalized": normalized})),
        "events": pa.list_(
            pa.struct(
                {
                    "id": string,
                    "type": string,
                    "trigger": pa.struct({"text": texts, "offsets": offsets}),
                    "arguments": pa.list_(pa.struct({"role": string, "ref_id": string})),
                }
            )
        ),
        "coreferences": pa.list_(pa.struct({"id": string, "entity_ids": texts})),
        "relations": pa.list_(
            pa.struct({"id": string, "type": string, "arg1_id": string, "arg2_id": string, "normalized": normalized})
        ),
    }
    assert pa.schema(expected) == BIGBIO_KB


@pytest.mark.parametrize(
    ("form", "suffix"), [("pubtator", "pubtator"), ("bioc", "bioc.json"), ("bigbio", "parquet"), ("spacy", "spacy")]
)
def test_a_file_a_shard_and_the_same_bytes_again(corpus: Path, tmp_path: Path, form: str, suffix: str) -> None:
    for folder in ("one", "two"):
        assert export(corpus, form, "--output-dir", tmp_path / folder, shards="ba" if folder == "two" else "ab") == 0
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / folder).iterdir()} for folder in ("one", "two"))
    assert sorted(first) == sorted(["SOURCES.md", f"a.{suffix}", f"b.{suffix}", "census.json"])
    assert first == second


def test_sources_page_names_vocabularies_and_levels(corpus: Path, tmp_path: Path) -> None:
    assert export(corpus, "pubtator", "--output-dir", tmp_path) == 0
    page = (tmp_path / "SOURCES.md").read_text(encoding="utf-8")
    assert "| MSH | Medical Subject Headings |" in page
    assert "Restricted vocabularies are present" in page
    assert "2026AA" in page


def test_a_source_that_no_mention_has(corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert export(corpus, "bioc", "--output", tmp_path / "x.json", "--sources", "bern2") == 0
    assert "no mention was written" in caplog.text
    census = census_of(tmp_path / "x.json")
    assert (census.table("mentions").rows_in, census.table("mentions").rows_out) == (NUM_MENTIONS, 0)
    assert len(json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))["documents"]) == 3
