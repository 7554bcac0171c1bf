"""Releases of other formats through the stages, as a user runs them."""

import gzip
import json

import pytest

from bali import plan, schemas
from bali.cli import EXIT_BAD_INPUT, main
from bali.config import Config
from bali.io.census import Census
from bali.io.parquet import read_artefact
from bali.strict import decode

OBO = """format-version: 1.2
data-version: releases/2026-11-24
ontology: doid

[Term]
id: DOID:4
name: disease
xref: UMLS_CUI:C0012634

[Term]
id: DOID:7
name: a class without a concept
is_a: DOID:4

[Term]
id: DOID:9351
name: diabetes mellitus
def: "High blood sugar." [url:x]
synonym: "DM" EXACT []
synonym: "sugar disease" RELATED []
synonym: "Diabetes mellitus (disorder)" EXACT [SNOMEDCT_US_2023:73211009]
xref: UMLS_CUI:C0011849
is_a: DOID:7
"""
NODES = (
    "id\tcategory\tname\nUMLS:C0011849\tbiolink:Disease\tdiabetes\nUMLS:C0025598\tbiolink:Drug\tmetformin\nX:1\t\tx\n"
)
EDGES = "subject\tpredicate\tobject\nUMLS:C0025598\tbiolink:treats\tUMLS:C0011849\nX:1\tbiolink:treats\tUMLS:C0011849\n"
RXNORM = {
    "RXNCONSO.RRF": ["6809|ENG||||||829||6809||RXNORM|IN|6809|metformin||N|4096|"],
    "RXNREL.RRF": [],
    "RXNSTY.RRF": ["6809|T121|A1.4.1.1.1|Pharmacologic Substance|AT1||"],
}


def run(inputs, folder):
    options = json.dumps({"umls": {"release": "other", "path": [str(path) for path in inputs]}})
    words = ["ingest", "--input", *map(str, inputs), "--output-dir", str(folder / "umls"), "--options", options]
    assert main(words) == 0
    assert main(["build-graph", "--umls-dir", str(folder / "umls"), "--output-dir", str(folder / "graph")]) == 0
    names = read_artefact(folder / "umls/names.parquet", schemas.NAMES).to_pylist()
    edges = read_artefact(folder / "graph/edges.parquet", schemas.EDGES).to_pylist()
    return {(row["cui"], row["name"]) for row in names}, {(row["rel"], row["rela"]) for row in edges}


def test_an_obo_file(tmp_path):
    path = tmp_path / "doid.obo.gz"
    path.write_bytes(gzip.compress(OBO.encode()))
    names, edges = run([path], tmp_path)
    assert names == {("C0012634", "disease"), ("C0011849", "diabetes mellitus"), ("C0011849", "DM")}
    assert edges == {("CHD", "isa"), ("PAR", "inverse_isa")}  # bridged over the class without a concept
    definitions = read_artefact(tmp_path / "umls/definitions.parquet", schemas.DEFINITIONS).to_pylist()
    assert [row["definition"] for row in definitions] == ["High blood sugar."]
    census = Census.read(tmp_path / "umls/census.json")
    assert census.tables["MRCONSO.RRF"].dropped == {"suppress": 1}
    assert sum(census.tables["MRCONSO.RRF, transcribed"].dropped.values()) == 2


def test_a_kgx_graph(tmp_path):
    folder = tmp_path / "kgx"
    folder.mkdir()
    (folder / "nodes.tsv").write_text(NODES)
    (folder / "edges.tsv").write_text(EDGES)
    names, edges = run([folder], tmp_path)
    assert names == {("C0011849", "diabetes"), ("C0025598", "metformin")}
    assert ("RO", "treats") in edges
    assert len(edges) == 2
    config = decode(Config, {"umls": {"path": str(folder)}})
    assert plan.umls_files(config) == [str(folder / "edges.tsv"), str(folder / "nodes.tsv")]


def test_rxnorm_without_a_umls_cui(tmp_path):
    folder = tmp_path / "rrf"
    folder.mkdir()
    for name, lines in RXNORM.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    names, _ = run([folder], tmp_path)
    assert names == {("R0006809", "metformin")}


@pytest.mark.parametrize("name", ["notes.obo.txt", "graph.json"])
def test_a_file_of_no_format_is_refused_in_one_line(tmp_path, capsys, name):
    (tmp_path / name).write_text("x")
    assert main(["ingest", "--input", str(tmp_path / name), "--output-dir", str(tmp_path / "out")]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err.splitlines()[-1].startswith("bali ingest: ")
    assert not (tmp_path / "out").exists()
