import json

import pyarrow as pa
import pytest

from bali import schemas
from bali.cli import EXIT_BAD_INPUT, main
from bali.io.census import Census
from bali.io.parquet import Provenance, read_artefact, read_provenance, write_artefact
from tests.unit.graph.graph_fixtures import write_umls

CUIS = [f"C000000{number}" for number in range(1, 7)]
RELATIONS = [(cui, "RO", "treats", CUIS[0], "X") for cui in CUIS[1:5]]
OPTIONS = {"subgraphs": {"num_hops": 1, "fanout": [2]}}


@pytest.fixture
def sample(tmp_path):
    write_umls(tmp_path / "umls", CUIS, RELATIONS)
    assert main(["build-graph", "--umls-dir", str(tmp_path / "umls"), "--output-dir", str(tmp_path / "graph")]) == 0

    def run(*shards, **options):
        files = []
        for number, mentions in enumerate(shards):
            files.append(str(tmp_path / f"shard{number}.parquet"))
            write_mentions(tmp_path / f"shard{number}.parquet", mentions)
        words = ["sample-subgraphs", "--graph-dir", str(tmp_path / "graph"), "--mentions", *files]
        for name in ("output", "counts", "census"):
            words += [f"--{name}", str(tmp_path / "out" / name)]
        return main([*words, "--options", json.dumps({**OPTIONS, **options})])

    return run


def write_mentions(path, mentions):
    """Mentions as (pmid, sentence_id, start, cui, source)."""
    columns = ("pmid", "sentence_id", "start", "cui", "source")
    filler = {"end": 9, "surface": "x", "term": "x", "similarity": 1.0, "tuis": ["T047"], "num_candidates": 1}
    rows = [{**filler, **dict(zip(columns, row, strict=True))} for row in mentions]
    table = pa.Table.from_pylist(rows, schema=schemas.MENTIONS)
    write_artefact(path, table, schemas.MENTIONS, Provenance("mentions", "tiny"))


def test_roots_counts_and_census(sample, tmp_path):
    first = [(1, 0, 0, CUIS[0], "quickumls"), (1, 0, 5, CUIS[0], "quickumls"), (1, 0, 0, CUIS[0], "pubtator")]
    second = [(2, 0, 0, CUIS[0], "quickumls"), (2, 1, 0, CUIS[5], "quickumls"), (2, 1, 0, "C9999999", "quickumls")]
    assert sample(first, second) == 0
    counts = read_artefact(tmp_path / "out" / "counts", schemas.MENTION_COUNTS).to_pylist()
    assert [tuple(row.values()) for row in counts] == [
        (CUIS[0], "pubtator", 1),
        (CUIS[0], "quickumls", 2),
        (CUIS[5], "quickumls", 1),
        ("C9999999", "quickumls", 1),
    ]
    rows = read_artefact(tmp_path / "out" / "output", schemas.SUBGRAPHS).to_pylist()
    assert [(row["root_cui"], row["root_id"], len(row["node_ids"]), row["truncated"]) for row in rows] == [
        (CUIS[0], 0, 3, True),
        (CUIS[5], 5, 1, False),
    ]
    census = Census.read(tmp_path / "out" / "census")
    assert (census.tables["mentions"].rows_in, census.tables["mentions"].rows_out) == (6, 5)
    assert (census.tables["concepts"].rows_in, census.tables["concepts"].rows_out) == (3, 2)
    assert census.notes["truncated subgraphs"] == 1
    assert census.notes["roots without neighbours"] == 1
    assert read_provenance(tmp_path / "out" / "output")["umls_release"] == "tiny"


def test_shards_in_another_order_give_the_same_rows(sample, tmp_path):
    shards = [[(number, 0, 0, cui, "quickumls")] for number, cui in enumerate(CUIS)]
    found = []
    for order in (shards, shards[::-1], [[mention for shard in shards for mention in shard]]):
        assert sample(*order) == 0
        found.append(read_artefact(tmp_path / "out" / "output", schemas.SUBGRAPHS).to_pylist())
    assert len(found[0]) == 6
    assert found[0] == found[1] == found[2]


def test_the_seed_draws_another_sample(sample, tmp_path):
    drawn = set()
    for seed in range(10):
        assert sample([(1, 0, 0, CUIS[0], "quickumls")], seed=seed) == 0
        drawn.add(tuple(read_artefact(tmp_path / "out" / "output", schemas.SUBGRAPHS)["node_ids"][0].as_py()))
    assert len(drawn) > 1


@pytest.mark.parametrize(
    ("mentions", "message"),
    [
        ([], "nothing in the corpus links to"),
        ([(1, 0, 0, "C9999999", "quickumls")], "found none among the 1 mentioned"),
    ],
)
def test_a_corpus_in_which_nothing_links(sample, tmp_path, capsys, mentions, message):
    capsys.readouterr()
    assert sample(mentions, []) == EXIT_BAD_INPUT
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("bali sample-subgraphs: mentions: expected")
    assert message in error
    assert not (tmp_path / "out").exists()


def test_the_relations_and_hubs_of_the_configuration_are_obeyed(sample, tmp_path):
    mentions = [(1, 0, 0, CUIS[0], "quickumls")]
    wide = {"num_hops": 2, "fanout": [-1, -1]}

    def rows(**options):
        assert sample(mentions, subgraphs={**wide, **options}) == 0
        return read_artefact(tmp_path / "out" / "output", schemas.SUBGRAPHS).to_pylist()

    assert len(rows()[0]["edge_source"]) == 8  # four neighbours, and the root back from each
    assert len(rows(relations=["treats"])[0]["edge_source"]) == 4
    assert len(rows(relations=["RO"])[0]["edge_source"]) == 8
    census = Census.read(tmp_path / "out" / "census")
    assert census.notes["hubs not walked through"] == 0
    assert len(rows(hub_degree=1)[0]["edge_source"]) == 8  # the root has more, and is walked through all the same


def test_an_unknown_relation_is_refused(sample, tmp_path, capsys):
    mentions = [(1, 0, 0, CUIS[0], "quickumls")]
    assert sample(mentions, subgraphs={**OPTIONS["subgraphs"], "relations": ["treat"]}) == EXIT_BAD_INPUT
    error = capsys.readouterr().err.splitlines()[-1]
    assert "subgraphs.relations: 'treat' is no REL or RELA of the graph. Did you mean treats?" in error
    assert not (tmp_path / "out" / "output").exists()
