"""Choosing examples over generated mentions: against a plain reading of the rules, and independent of sharding."""

import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.io.census import Census
from bali.io.stable_hash import stable_uniform
from bali.linking.examples import ExampleOptions, Lookups, make_examples
from bali.schemas import MENTION_COUNTS, MENTIONS, SENTENCES

CUIS = [f"C{i:07}" for i in range(5)]
GRAPH = set(CUIS[:3])
SOURCES = ["quickumls", "pubtator"]


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[tuple[int, int, int, int, str, str]]]:
    """Sentence keys, and mentions that do not overlap within a source."""
    keys = [(pmid, s) for pmid in range(1, draw(st.integers(1, 8)) + 1) for s in range(draw(st.integers(0, 3)))]
    mentions = []
    for pmid, number in keys:
        for source in SOURCES:
            cuts = sorted(draw(st.sets(st.integers(0, 12), max_size=6)))
            spans = list(zip(cuts[::2], cuts[1::2], strict=False))
            mentions += [(pmid, number, start, end, draw(st.sampled_from(CUIS)), source) for start, end in spans]
    return keys, mentions


def run(
    keys: list[tuple[int, int]],
    mentions: list[tuple[int, int, int, int, str, str]],
    options: ExampleOptions,
    counts: dict[str, int],
) -> dict[str, list[dict[str, object]]]:
    sentences = [dict(zip(SENTENCES.names, (p, s, 0, 12, "x" * 12), strict=True)) for p, s in keys]
    rows = [
        dict(zip(MENTIONS.names, (p, s, a, b, "x" * (b - a), cui, "x", 1.0, [], 1, source), strict=True))
        for p, s, a, b, cui, source in sorted(mentions)
    ]
    counted = [{"cui": cui, "source": "quickumls", "num_sentences": n} for cui, n in sorted(counts.items())]
    lookups = Lookups(
        pl.DataFrame({"cui": sorted(GRAPH)}),
        pl.DataFrame(pa.Table.from_pylist(counted, MENTION_COUNTS)),
        pl.DataFrame({"pmid": [2]}, {"pmid": pl.Int64}),
    )
    census = Census("examples")
    frames = (pl.DataFrame(pa.Table.from_pylist(r, s)) for r, s in ((sentences, SENTENCES), (rows, MENTIONS)))
    examples = make_examples(*frames, lookups, options, census)
    for name, tally in census.tables.items():
        tally.check(name)
    return {"train": examples.train.to_pylist(), "validation": examples.validation.to_pylist()}


OPTIONS = st.builds(
    ExampleOptions,
    sources=st.sampled_from([("quickumls",), ("pubtator",), ("quickumls", "pubtator"), ("pubtator", "quickumls")]),
    validation_fraction=st.sampled_from([0.0, 0.3]),
    max_sentences_per_concept=st.sampled_from([None, 1, 4]),
    seed=st.integers(0, 5),
)
COUNTS = st.fixed_dictionaries({cui: st.integers(1, 20) for cui in CUIS})


@settings(deadline=None)
@given(corpora(), OPTIONS, COUNTS)
def test_examples_equal_a_plain_reading_of_the_rules(
    corpus: tuple, options: ExampleOptions, counts: dict[str, int]
) -> None:
    keys, mentions = corpus
    expected: dict[str, list[dict[str, object]]] = {"train": [], "validation": []}
    for pmid, number in keys:
        kept: list[tuple[int, int, str]] = []
        for source in options.sources:
            new = [(a, b, c) for p, s, a, b, c, m in mentions if (p, s, m) == (pmid, number, source) and c in GRAPH]
            earlier = list(kept)
            kept += [(a, b, c) for a, b, c in new if all(b <= x or y <= a for x, y, _ in earlier)]
        if pmid == 2 or not kept:
            continue
        cap = options.max_sentences_per_concept
        if cap is not None:
            totals = [counts[c] if "quickumls" in options.sources else 1 for _, _, c in kept]
            if stable_uniform(options.seed, 2, pmid, number)[0] >= max(cap / total for total in totals):
                continue
        split = "validation" if stable_uniform(options.seed, 1, pmid)[0] < options.validation_fraction else "train"
        found = [{"start": a, "end": b, "cui": c} for a, b, c in sorted(kept)]
        expected[split].append({"pmid": pmid, "sentence_id": number, "text": "x" * 12, "mentions": found})
    assert run(keys, mentions, options, counts) == expected


@settings(deadline=None)
@given(corpora(), OPTIONS, COUNTS, st.integers(1, 8))
def test_sharding_changes_no_example(corpus: tuple, options: ExampleOptions, counts: dict[str, int], cut: int) -> None:
    keys, mentions = corpus
    whole = run(keys, mentions, options, counts)
    parts = [
        run([k for k in keys if (k[0] < cut) == side], [m for m in mentions if (m[0] < cut) == side], options, counts)
        for side in (True, False)
    ]
    for split in ("train", "validation"):
        assert parts[0][split] + parts[1][split] == whole[split]
