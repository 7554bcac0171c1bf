import json

import numpy as np
import pyarrow as pa

from bali import schemas
from bali.cli import EXIT_BAD_INPUT, main
from bali.graph.csr import InEdges
from bali.io.census import Census
from bali.io.parquet import ArtefactWriter, read_artefact, read_provenance
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


def test_all_runs_write_the_same_bytes(tmp_path, monkeypatch):
    """Also with several RELA under one REL: an Arrow dictionary with equal entries is not always written alike."""
    write = ArtefactWriter.write

    def spy(writer, table):
        for column in pa.table(table).columns:
            if pa.types.is_dictionary(column.type):
                entries = column.combine_chunks().dictionary.to_pylist()
                assert len(set(entries)) == len(entries) > 0
        write(writer, table)

    monkeypatch.setattr(ArtefactWriter, "write", spy)
    relations = [(CUIS[n % 3], "RO", f"r{n % 7}", CUIS[n % 2], f"S{n % 5}") for n in range(210)]
    write_umls(tmp_path / "umls", CUIS, sorted({*RELATIONS, *relations}))
    files = []
    for number in range(10):
        assert build(tmp_path / "umls", tmp_path / f"{number}") == 0
        files.append({p.name: p.read_bytes() for p in (tmp_path / f"{number}").rglob("*.*") if p.is_file()})
    assert len(files[0]) == 9
    for found in files[1:]:
        assert [name for name in found if found[name] != files[0].get(name)] == []


def test_held_out_edges_are_written_beside_the_graph(tmp_path):
    cuis = [f"C{number:07d}" for number in range(60)]
    relations = [(head, "RO", "treats", tail, "X") for head in cuis[:20] for tail in cuis[40:]]
    write_umls(tmp_path / "umls", cuis, relations)
    tables = {}
    for fraction in (0.0, 0.2):
        folder = tmp_path / f"{fraction}"
        assert build(tmp_path / "umls", folder, held_out_fraction=fraction) == 0
        edges = read_artefact(folder / "edges.parquet", schemas.EDGES)
        held_out = read_artefact(folder / "held_out_edges.parquet", schemas.HELD_OUT_EDGES)
        tables[fraction] = edges.to_pylist(), held_out.to_pylist()
        assert len(InEdges.open(folder / "in_edges").source) == edges.num_rows
        assert sum(read_artefact(folder / "nodes.parquet", schemas.NODES)["degree"].to_pylist()) == edges.num_rows
        census = Census.read(folder / "census.json")
        assert census.tables["edges"].dropped["held out"] == held_out.num_rows
        assert census.notes["held-out pairs of concepts"] == held_out.num_rows / 2
    assert tables[0.0][1] == []
    assert len(tables[0.2][1]) > 0
    rows = sorted([*tables[0.2][0], *tables[0.2][1]], key=lambda row: (row["target"], row["source"]))
    assert rows == tables[0.0][0]
    assert read_provenance(tmp_path / "0.2" / "held_out_edges.parquet")["artefact"] == "held_out_edges"


def test_half_of_the_pairs_is_too_much_to_hold_out(tmp_path, capsys):
    assert build(tmp_path, tmp_path / "graph", held_out_fraction=0.5) == EXIT_BAD_INPUT
    assert "graph.held_out_fraction" in capsys.readouterr().err


def test_a_garbage_artefact_is_refused(tmp_path, capsys):
    _, relations = write_umls(tmp_path / "umls", CUIS, RELATIONS)
    relations.write_bytes(b"garbage")
    assert build(tmp_path / "umls", tmp_path / "graph") == EXIT_BAD_INPUT
    assert "expected a Parquet file" in capsys.readouterr().err
    assert not (tmp_path / "graph").exists()
