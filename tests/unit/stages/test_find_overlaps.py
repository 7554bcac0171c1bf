"""Both commands on small files, and once on the development data."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pytest

from bali.cli import main
from bali.io.census import Census
from bali.io.parquet import Provenance, read_artefact, read_provenance, write_artefact
from bali.overlap.table import OverlapRow, overlap_table
from bali.schemas import ARTEFACTS, OVERLAPS

TEXT = "Fever after aspirin in rats.\n"
FIRST, SECOND = "Rats that were given aspirin had no fever for two whole days.", "Nobody knows why."
RELATIONS = "7\tCID\tD001241\tD005334\n7\tCID\tD001241\tD000009\n"
GOLD = f"7|t|{TEXT}7|a|{FIRST} {SECOND}\n7\t0\t5\tFever\tDisease\tD005334\n{RELATIONS}"
QUESTION = {"QUESTION": "Does aspirin help rats?", "CONTEXTS": ["It does."], "final_decision": "yes"}


def write(path: Path, kind: str, rows: list[dict[str, object]]) -> Path:
    schema = ARTEFACTS[kind]
    write_artefact(path, pa.Table.from_pylist(rows, schema), schema, Provenance(kind, "tiny"))
    return path


def options(root: Path, **more: object) -> str:
    linking = {"datasets": {"gold": {"test": [str(root / "test.txt")]}}, **more}
    questions = {"questions": str(root / "q.json"), "test_ids": str(root / "ids.json")}
    pairs = {"datasets": {"terms": {"pairs": [str(root / "terms.tsv")]}, "absent": {"pairs": ["nowhere.tsv"]}}}
    tasks = {"entity_linking": linking, "pubmedqa": {"datasets": {"pqal": questions}}, "similarity": pairs}
    return json.dumps({"evaluation": {"tasks": tasks}})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three sets, a release, a graph and the training examples of two shards."""
    (tmp_path / "test.txt").write_text(GOLD)
    (tmp_path / "q.json").write_text(json.dumps({"21645374": QUESTION, "5": QUESTION}))
    (tmp_path / "ids.json").write_text('{"5": "yes"}')
    (tmp_path / "terms.tsv").write_text("fever\tAspirin\t3\nfever\tpain\t2\n")
    names = [("C0000001", "Fever"), ("C0000002", "aspirin")]
    write(
        tmp_path / "umls/names.parquet", "names", [{"cui": cui, "aui": f"A{cui}", "name": name} for cui, name in names]
    )
    codes = [("D005334", "C0000001"), ("D001241", "C0000002")]
    write(tmp_path / "umls/codes.parquet", "codes", [{"sab": "MSH", "code": code, "cui": cui} for code, cui in codes])
    write(tmp_path / "umls/retired_cuis.parquet", "retired_cuis", [])
    nodes = [{"node_id": number, "cui": cui, "tuis": []} for number, (cui, _) in enumerate(names)]
    write(tmp_path / "graph/nodes.parquet", "nodes", nodes)
    edge = {"source": 1, "target": 0, "relation_id": 0, "rel": "RO", "rela": "", "sab": "CTD|MSH"}
    write(tmp_path / "graph/edges.parquet", "edges", [edge])
    shards = {
        "one": [(5, 0, "Does it help?"), (12, 3, FIRST), (12, 4, SECOND)],
        "two": [(6, 0, "Other rats."), (11, 0, TEXT), (11, 1, FIRST), (11, 2, SECOND)],
    }
    for shard, rows in shards.items():
        examples = [{"pmid": pmid, "sentence_id": number, "text": text, "mentions": []} for pmid, number, text in rows]
        write(tmp_path / f"train-{shard}.parquet", "examples", examples)
    return tmp_path


def find(root: Path, name: str, shards: list[str]) -> int:
    return main(
        [
            *("find-overlaps", "--options", options(root), "--examples"),
            *(str(root / f"train-{shard}.parquet") for shard in shards),
            *("--output", str(root / f"{name}.parquet"), "--census", str(root / f"{name}.json")),
        ]
    )


def table(root: Path, names: list[str]) -> list[OverlapRow]:
    return overlap_table([root / f"{name}.parquet" for name in names], [root / f"{name}.json" for name in names])


def test_shards_and_one_job_give_the_same_table(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, shards in {"one": ["one"], "two": ["two"], "both": ["one", "two"], "turned": ["two", "one"]}.items():
        assert find(root, name, shards) == 0
    merged = table(root, ["two", "one"])
    assert [row for row in merged if row.num_found] == [
        OverlapRow("entity_linking", "gold", "text", "", 1, 1, 1, "7", 1.0, 11),
        OverlapRow("pubmedqa", "pqal", "pmid", "", 1, 2, 2, "5", 1.0, 5),
    ]
    assert [row[:7] for row in merged if not row.num_found] == [
        ("entity_linking", "gold", "pmid", "", 0, 1, 1),
        ("pubmedqa", "pqal", "text", "", 0, 0, 2),
        ("similarity", "terms", "pmid", "", 0, 0, 4),
        ("similarity", "terms", "text", "", 0, 0, 4),
    ]
    assert table(root, ["both"]) == table(root, ["turned"]) == merged
    rows = read_artefact(root / "one.parquet", OVERLAPS).to_pylist()
    assert [(row["check"], row["example_id"], row["pmid"]) for row in rows] == [("text", "7", 12), ("pmid", "5", 5)]
    assert 0.5 < rows[0]["share"] < 1  # the title is not in this document
    digests = read_provenance(root / "one.parquet")["input_digests"]
    assert set(digests) == {"examples/train-one.parquet", "test.txt", "q.json", "ids.json", "terms.tsv"}
    assert any("nowhere.tsv" in record.getMessage() for record in caplog.records)


def find_pairs(root: Path, options: str) -> int:
    return main(
        [
            *("find-pair-overlaps", "--options", options, "--umls-dir", str(root / "umls")),
            *("--graph-dir", str(root / "graph"), "--output", str(root / "pairs.parquet")),
            *("--census", str(root / "pairs.json")),
        ]
    )


def test_gold_pairs_that_are_edges(root: Path) -> None:
    assert find_pairs(root, options(root)) == 0
    by_source = ["", "CTD", "MSH"]
    assert table(root, ["pairs"]) == [
        *(
            OverlapRow("entity_linking", "gold", "pair", source, 1, 1, 2, "7 CID D001241 D005334", 1.0, None)
            for source in by_source
        ),
        *(OverlapRow("similarity", "terms", "pair", source, 1, 1, 2, "terms:1", 1.0, None) for source in by_source),
    ]
    assert Census.read(root / "pairs.json").table("pair.similarity.terms").dropped == {"a side has no concept": 1}


def test_an_identifier_map(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (root / "map.tsv").write_text("D000009\tC0000001\n")
    assert find_pairs(root, options(root, identifier_map=str(root / "map.tsv"))) == 0
    assert {row[:7] for row in table(root, ["pairs"])} >= {("entity_linking", "gold", "pair", "CTD", 2, 2, 2)}
    assert "map.tsv" in read_provenance(root / "pairs.parquet")["input_digests"]
    assert find_pairs(root, options(root, identifier_map="nowhere.tsv")) == 0
    assert {row.task for row in table(root, ["pairs"])} == {"similarity"}
    assert any("identifier_map: no file nowhere.tsv" in record.getMessage() for record in caplog.records)


def test_what_is_missing_is_one_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(root, "three", ["three"]) == 2
    (root / "graph/edges.parquet").unlink()
    assert find_pairs(root, options(root)) == 2
    (root / "test.txt").write_text("7|t|A title\nno line of PubTator\n")
    assert find(root, "one", ["one"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali ")]
    assert [next(name for name in ("train-three", "edges", "line 2") if name in line) for line in errors] == [
        "train-three",
        "edges",
        "line 2",
    ]


@pytest.mark.real_data
@pytest.mark.skipif("BALI_DEVELOPMENT_DATA" not in os.environ, reason="BALI_DEVELOPMENT_DATA names no folder")
def test_most_relations_of_bc5cdr_are_edges_of_ctd(tmp_path: Path) -> None:
    """A leak that is known of the open Metathesaurus: of 778 relations whose concepts it has, 663 are edges."""
    data = Path(os.environ["BALI_DEVELOPMENT_DATA"])
    release = [str(data / "open_meta" / f"{name}.RRF.gz") for name in ("MRCONSO", "MRREL", "MRSTY")]
    umls, graph = str(tmp_path / "umls"), str(tmp_path / "graph")
    assert main(["ingest", "--input", *release, "--output-dir", umls, "--threads", "1"]) == 0
    assert main(["build-graph", "--umls-dir", umls, "--output-dir", graph]) == 0
    dataset = {"test": [str(data / "el_bc5cdr/CDR_TestSet.PubTator.txt.gz")]}
    linking = {"datasets": {"bc5cdr": dataset}, "identifier_map": str(data / "open_meta/id2cui.tsv.gz")}
    assert find_pairs(tmp_path, json.dumps({"evaluation": {"tasks": {"entity_linking": linking}}})) == 0
    rows = {row.source: row for row in table(tmp_path, ["pairs"])}
    assert rows["CTD_CHEMDISGENE"].num_all == 1066
    assert rows["CTD_CHEMDISGENE"].num_found / rows["CTD_CHEMDISGENE"].num_checked == pytest.approx(0.85, abs=0.005)
