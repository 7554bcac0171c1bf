import json

import numpy as np

from bali import schemas
from bali.cli import EXIT_BAD_INPUT, main
from bali.graph.csr import InEdges
from bali.io.census import Census
from bali.io.parquet import read_artefact, read_provenance
from tests.unit.graph.graph_fixtures import write_umls

CUIS = ["C0000001", "C0000002", "C0000003"]
RELATIONS = [("C0000001", "CHD", "isa", "C0000002", "X"), ("C0000003", "RO", "treats", "C0000002", "X")]


def build(folder, output_dir, **graph):
    options = json.dumps({"graph": graph})
    return main(["build-graph", "--umls-dir", str(folder), "--output-dir", str(output_dir), "--options", options])


def test_artefacts_agree_with_each_other(tmp_path):
    write_umls(tmp_path / "umls", CUIS, RELATIONS)
    assert build(tmp_path / "umls", tmp_path / "graph") == 0
    nodes = read_artefact(tmp_path / "graph" / "nodes.parquet", schemas.NODES)
    edges = read_artefact(tmp_path / "graph" / "edges.parquet", schemas.EDGES)
    in_edges = InEdges.open(tmp_path / "graph" / "in_edges")
    assert nodes["cui"].to_pylist() == CUIS
    assert nodes["degree"].to_pylist() == np.diff(in_edges.indptr).tolist() == [1, 2, 1]
    assert edges["source"].to_pylist() == in_edges.source.tolist()
    assert edges["relation_id"].to_pylist() == in_edges.relation.tolist()
    assert edges["target"].to_pylist() == np.repeat(np.arange(3), np.diff(in_edges.indptr)).tolist()
    assert read_provenance(tmp_path / "graph" / "edges.parquet")["umls_release"] == "tiny"
    census = Census.read(tmp_path / "graph" / "census.json")
    assert census.notes["edges"] == edges.num_rows == 4
    assert census.tables["relations"].rows_in == 2


def test_two_runs_write_the_same_bytes(tmp_path):
    write_umls(tmp_path / "umls", CUIS, RELATIONS)
    for name in ("a", "b"):
        assert build(tmp_path / "umls", tmp_path / name) == 0
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).rglob("*.*") if p.is_file()} for name in ("a", "b")]
    assert len(files[0]) == 6
    assert files[0] == files[1]


def test_a_garbage_artefact_is_refused(tmp_path, capsys):
    _, relations = write_umls(tmp_path / "umls", CUIS, RELATIONS)
    relations.write_bytes(b"garbage")
    assert build(tmp_path / "umls", tmp_path / "graph") == EXIT_BAD_INPUT
    assert "expected a Parquet file" in capsys.readouterr().err
    assert not (tmp_path / "graph").exists()
