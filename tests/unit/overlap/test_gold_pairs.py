"""Gold pairs against the edges of a small graph."""

from pathlib import Path

import pyarrow as pa
import pytest

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.io.parquet import Provenance, write_artefact
from bali.overlap.pairs import NO_CONCEPT, ONE_CONCEPT, GoldPair, concepts_of_terms, pair_overlaps
from bali.schemas import ARTEFACTS, OVERLAPS

A, B, C, D, UNKNOWN = "C0000001", "C0000002", "C0000003", "C0000004", "C0000009"


def write(path: Path, kind: str, rows: list[dict[str, object]]) -> None:
    schema = ARTEFACTS[kind]
    write_artefact(path, pa.Table.from_pylist(rows, schema), schema, Provenance(kind, "tiny"))


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A -> B of two sources, once more of a third in another relation, and C -> A."""
    nodes = [{"node_id": number, "cui": cui, "tuis": []} for number, cui in enumerate([A, B, C, D])]
    edges = [
        {"source": 2, "target": 0, "relation_id": 1, "sab": "MSH"},
        {"source": 0, "target": 1, "relation_id": 0, "sab": "CTD|MSH"},
        {"source": 0, "target": 1, "relation_id": 1, "sab": "SRC"},
    ]
    write(tmp_path / "nodes.parquet", "nodes", nodes)
    write(tmp_path / "edges.parquet", "edges", [{"rel": "RO", "rela": "", **edge} for edge in edges])
    return tmp_path


def gold(name: str, first: set[str], second: set[str], dataset: str = "set") -> GoldPair:
    return GoldPair("task", dataset, name, frozenset(first), frozenset(second))


def find(pairs: list[GoldPair], graph: Path) -> tuple[list[tuple[str, str, str]], Census]:
    census = Census("find_pair_overlaps")
    rows = pair_overlaps(pairs, graph, census)
    assert rows.columns == OVERLAPS.names
    assert rows.height == 0 or set(rows.select("check", "share", "pmid").unique().rows()) == {("pair", 1.0, None)}
    return sorted(rows.select("dataset", "example_id", "source").rows()), census


def test_edges_of_either_direction_by_source(graph: Path) -> None:
    pairs = [
        gold("forward", {A}, {B}),
        gold("backward", {B}, {A}),
        gold("apart", {B}, {C}),
        gold("not in the graph", {A}, {UNKNOWN}),
        gold("other", {A}, {C}, dataset="other"),
    ]
    found, census = find(pairs, graph)
    sources = ["CTD", "MSH", "SRC"]
    assert found == [
        ("other", "other", "MSH"),
        *(("set", "backward", source) for source in sources),
        *(("set", "forward", source) for source in sources),
    ]
    assert {name: (t.rows_in, t.rows_out) for name, t in census.tables.items()} == {
        "pair.task.set": (4, 4),
        "pair.task.other": (1, 1),
    }


def test_sides_of_several_concepts(graph: Path) -> None:
    pairs = [
        gold("any", {D, A}, {UNKNOWN, C}),
        gold("both, counted once", {A, B, C}, {A, B}),
        gold("no side", set(), {A}),
        gold("no other side", {A}, set()),
        gold("same", {A}, {A}),
    ]
    found, census = find(pairs, graph)
    assert found == [
        ("set", "any", "MSH"),
        ("set", "both, counted once", "CTD"),
        ("set", "both, counted once", "MSH"),
        ("set", "both, counted once", "SRC"),
    ]
    tally = census.table("pair.task.set")
    assert (tally.rows_in, tally.rows_out, dict(tally.dropped)) == (5, 2, {NO_CONCEPT: 2, ONE_CONCEPT: 1})


def test_no_pairs(graph: Path) -> None:
    assert find([], graph) == ([], Census("find_pair_overlaps"))
    (graph / "edges.parquet").unlink()
    with pytest.raises(ArtefactError, match=r"edges\.parquet"):
        find([gold("forward", {A}, {B})], graph)


def test_terms_are_names_of_one_concept(tmp_path: Path) -> None:
    names = [(A, "Renal failure"), (A, "kidney failure"), (B, "KIDNEY failure"), (C, "Ödem"), (C, "ödem")]
    rows = [{"cui": cui, "aui": f"A{number}", "name": name} for number, (cui, name) in enumerate(names)]
    write(tmp_path / "names.parquet", "names", rows)
    terms = ["renal failure", " RENAL failure", "kidney failure", "ÖDEM", "nothing", ""]
    assert concepts_of_terms(terms, tmp_path) == {
        "renal failure": {A},
        " RENAL failure": {A},
        "ÖDEM": {C},
    }
    assert concepts_of_terms([], tmp_path) == {}
