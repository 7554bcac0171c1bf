"""Which sentences train and validate."""

import numpy as np
import polars as pl
import pytest
from linking_tables import rows_of

from bali.io.census import Census
from bali.linking.examples import ExampleOptions, Examples, Lookups, make_examples
from bali.schemas import EXAMPLES, MENTION_COUNTS, MENTIONS, SENTENCES

GRAPH = pl.DataFrame({"cui": ["C0000001", "C0000002"]})


def mention(
    pmid: int, sentence_id: int, start: int, end: int, cui: str, source: str = "quickumls"
) -> tuple[object, ...]:
    return (pmid, sentence_id, start, end, "x" * (end - start), cui, "x", 1.0, [], 1, source)


def sentences(*keys: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows_of(SENTENCES, [(p, s, 0, 40, "x" * 40) for p, s in keys]))


def make(
    texts: pl.DataFrame,
    mentions: list[tuple[object, ...]],
    options: ExampleOptions,
    held_out: tuple[int, ...] = (),
    counts: tuple[tuple[object, ...], ...] = (),
) -> tuple[Examples, Census]:
    lookups = Lookups(
        GRAPH, pl.DataFrame(rows_of(MENTION_COUNTS, counts)), pl.DataFrame({"pmid": held_out}, {"pmid": pl.Int64})
    )
    census = Census("examples")
    examples = make_examples(texts, pl.DataFrame(rows_of(MENTIONS, mentions)), lookups, options, census)
    for name, tally in census.tables.items():
        tally.check(name)
    assert examples.train.schema.equals(EXAMPLES)
    assert examples.validation.schema.equals(EXAMPLES)
    return examples, census


BOTH = ExampleOptions(("pubtator", "quickumls"), 0.0, None, 29)
ONE = ExampleOptions(("quickumls",), 0.0, None, 29)


def test_only_sentences_with_a_mention_in_the_graph() -> None:
    mentions = [
        mention(1, 0, 5, 9, "C0000002"),
        mention(1, 0, 0, 4, "C0000001"),
        mention(1, 0, 20, 24, "C0000099"),
        mention(1, 1, 0, 4, "C0000099"),
        mention(2, 0, 0, 4, "C0000001", "pubtator"),
        mention(3, 0, 0, 4, "C0000001"),
    ]
    examples, census = make(sentences((1, 0), (1, 1), (2, 0), (3, 0)), mentions, ONE, held_out=(3,))
    assert examples.train.to_pylist() == [
        {
            "pmid": 1,
            "sentence_id": 0,
            "text": "x" * 40,
            "mentions": [{"start": 0, "end": 4, "cui": "C0000001"}, {"start": 5, "end": 9, "cui": "C0000002"}],
        }
    ]
    assert examples.validation.num_rows == 0
    assert census.table("sentences").dropped == {"held out": 1, "no mention in the graph": 2}
    assert census.table("mentions").dropped == {
        "concept not in the graph": 2,
        "other source": 1,
        "its sentence was dropped": 1,
    }
    assert census.notes == {"held-out documents": 1, "train sentences": 1, "validation sentences": 0}


def test_the_earlier_source_wins_where_two_overlap() -> None:
    mentions = [
        mention(1, 0, 0, 10, "C0000001"),
        mention(1, 0, 12, 20, "C0000001"),
        mention(1, 0, 9, 12, "C0000002", "pubtator"),
        mention(1, 0, 15, 18, "C0000099", "pubtator"),  # not in the graph, so it hides nothing
    ]
    for options, spans in [
        (BOTH, [(9, 12), (12, 20)]),
        (ExampleOptions(("quickumls", "pubtator"), 0, None, 1), [(0, 10), (12, 20)]),
    ]:
        examples, census = make(sentences((1, 0)), mentions, options)
        found = examples.train.to_pylist()[0]["mentions"]
        assert [(m["start"], m["end"]) for m in found][: len(spans)] == spans
        assert census.table("mentions").dropped["overlaps a mention of an earlier source"] == 1


def test_documents_are_split_as_a_whole_and_independently() -> None:
    keys = [(pmid, s) for pmid in range(1, 2001) for s in (0, 1)]
    options = ExampleOptions(("quickumls",), 0.1, None, 29)
    examples, _ = make(sentences(*keys), [mention(p, s, 0, 4, "C0000001") for p, s in keys], options)
    train, validation = ({row["pmid"] for row in t.to_pylist()} for t in (examples.train, examples.validation))
    assert not train & validation
    assert train | validation == set(range(1, 2001))
    assert 150 < len(validation) < 250
    half = keys[2000:]
    again, _ = make(sentences(*half), [mention(p, s, 0, 4, "C0000001") for p, s in half], options)
    assert {row["pmid"] for row in again.validation.to_pylist()} == {p for p in validation if p > 1000}
    other, _ = make(
        sentences(*keys),
        [mention(p, s, 0, 4, "C0000001") for p, s in keys],
        ExampleOptions(("quickumls",), 0.1, None, 30),
    )
    assert {row["pmid"] for row in other.validation.to_pylist()} != validation


@pytest.mark.parametrize("cap", [10, 100])
def test_the_cap_keeps_about_n_of_a_frequent_concept_and_all_of_a_rare_one(cap: int) -> None:
    keys = [(pmid, 0) for pmid in range(4000)]
    mentions = [mention(pmid, 0, 0, 4, "C0000001") for pmid, _ in keys]
    mentions += [mention(pmid, 0, 5, 9, "C0000002") for pmid in range(8)]
    counts = (("C0000001", "quickumls", 4000), ("C0000002", "quickumls", 8), ("C0000002", "pubtator", 90000))
    kept = {}
    for seed in range(5):
        examples, census = make(
            sentences(*keys), mentions, ExampleOptions(("quickumls",), 0.0, cap, seed), counts=counts
        )
        kept[seed] = {row["pmid"] for row in examples.train.to_pylist()}
        assert set(range(8)) <= kept[seed]
        assert census.table("sentences").dropped["its concepts have enough sentences"] == 4000 - len(kept[seed])
    mean = np.mean([len(pmids) - 8 for pmids in kept.values()])
    assert 0.7 * cap < mean < 1.3 * cap
    assert kept[0] != kept[1]


def test_a_shard_without_anything_gives_empty_examples() -> None:
    examples, _ = make(sentences(), [], BOTH)
    assert (examples.train.num_rows, examples.validation.num_rows) == (0, 0)
    examples, _ = make(sentences((1, 0)), [], ExampleOptions(("quickumls",), 0.5, 3, 0))
    assert (examples.train.num_rows, examples.validation.num_rows) == (0, 0)
