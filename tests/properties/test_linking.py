"""Mentions over generated sentences: one concept a span, exact spans, no overlaps; annotations never lost."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.io.census import Census
from bali.io.parquet import Provenance, write_artefact
from bali.linking.candidates import CandidateFinder, MatcherOptions, open_finder
from bali.linking.filters import MentionFilters
from bali.linking.mentions import LinkOptions, annotation_mentions, shard_mentions
from bali.linking.terms import TermOptions
from bali.pubmed.sentences import split_sentences
from bali.schemas import ANNOTATIONS, CANDIDATES, MENTIONS, NAMES, SEMANTIC_TYPES, SENTENCES
from tests.unit.linking.finders import BACKENDS, build_indexes
from tests.unit.linking.linking_tables import rows_of

TERMS = [
    "fever",
    "high fever",
    "type 2 diabetes",
    "diabetes",
    "diabetes mellitus",
    "asthma",
    "β-thalassaemia",
    "null",
    "C5a",
]
WORDS = st.sampled_from(
    [
        *" ".join(TERMS).split(),
        "Fever",
        "DIABETES",
        "fevers",
        "the",
        "of",
        "and",
        "no",
        "(",
        ")",
        ",",
        ".",
        "-",
        "12",
        "\U0001f9ec",
        "e\u0301",
    ]
)
SENTENCE = st.one_of(
    st.lists(WORDS, max_size=14).map(" ".join),
    st.lists(WORDS, max_size=8).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)


@pytest.fixture(scope="module", params=BACKENDS)
def finder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CandidateFinder:
    folder: Path = tmp_path_factory.mktemp("linker")
    names = [
        (f"C{i % 7:07}", f"A{i}", term, "MSH", "PT", i % 2 == 0, 0, "N") for i, term in enumerate(TERMS + TERMS[:4])
    ]
    types = [(f"C{i:07}", "T047", "Disease") for i in range(7)]
    for name, schema, rows in (("names", NAMES, names), ("semantic_types", SEMANTIC_TYPES, types)):
        write_artefact(folder / f"{name}.parquet", rows_of(schema, rows), schema, Provenance(name))
    return open_finder(request.param, build_indexes(folder, folder, TermOptions())[request.param], MatcherOptions())


def link(finder: CandidateFinder, texts: list[str], options: LinkOptions) -> tuple[list[dict], list[dict], Census]:
    """Mentions and candidates of sentences, one a document."""
    table = rows_of(SENTENCES, [(pmid, 0, 0, len(text), text) for pmid, text in enumerate(texts)])
    census = Census("link")
    batches = iter(table.to_batches(3))
    pieces = list(shard_mentions(finder, batches, pl.DataFrame(MENTIONS.empty_table()), options, census))
    for name, tally in census.tables.items():
        tally.check(name)
    mentions = pa.concat_tables([MENTIONS.empty_table(), *(piece.mentions for piece in pieces)])
    candidates = pa.concat_tables([CANDIDATES.empty_table(), *(piece.candidates for piece in pieces)])
    return mentions.to_pylist(), candidates.to_pylist(), census


def test_the_dictionary_links_at_all(finder: CandidateFinder) -> None:
    assert len(link(finder, ["high fever and asthma, not diabetes"], LinkOptions())[0]) == 3


@settings(deadline=None)
@given(texts=st.lists(SENTENCE, max_size=5))
def test_each_span_has_the_first_of_its_candidates(finder: CandidateFinder, texts: list[str]) -> None:
    """Compared with a sort in Python of what the finder proposes."""
    mentions, candidates, census = link(finder, texts, LinkOptions(keep_candidates=True))
    groups: dict[tuple[int, int, int], list[dict]] = {}
    for row in finder.candidates(texts).iter_rows(named=True):
        groups.setdefault((row["sentence"], row["start"], row["end"]), []).append(row)
    for rows in groups.values():
        rows.sort(key=lambda r: (-r["similarity"], not r["preferred"], r["source_rank"], r["cui"], r["term"]))
    assert [(m["pmid"], m["start"], m["end"]) for m in mentions] == sorted(groups)
    for mention in mentions:
        rows = groups[mention["pmid"], mention["start"], mention["end"]]
        assert (mention["cui"], mention["term"]) == (rows[0]["cui"], rows[0]["term"])
        assert mention["num_candidates"] == len({row["cui"] for row in rows})
        assert mention["surface"] == texts[mention["pmid"]][mention["start"] : mention["end"]]
    expected = [(*key, rank, r["cui"], r["term"]) for key in sorted(groups) for rank, r in enumerate(groups[key])]
    assert [(c["pmid"], c["start"], c["end"], c["rank"], c["cui"], c["term"]) for c in candidates] == expected
    assert census.table("mentions by linker").rows_in == len(groups)


@settings(deadline=None)
@given(texts=st.lists(SENTENCE, max_size=5), limit=st.integers(1, 3), letters=st.integers(0, 8))
def test_filters_only_take_away(finder: CandidateFinder, texts: list[str], limit: int, letters: int) -> None:
    everything, _, _ = link(finder, texts, LinkOptions())
    filters = MentionFilters(min_letters=letters, max_candidates=limit, stop_terms=["Asthma"])
    kept, candidates, census = link(finder, texts, LinkOptions(filters, keep_candidates=True))
    assert kept == [
        m
        for m in everything
        if m["num_candidates"] <= limit
        and m["surface"].lower() != "asthma"
        and sum(character.isalpha() for character in m["surface"]) >= letters
    ]
    key = ("pmid", "start", "end")
    assert {tuple(c[k] for k in key) for c in candidates} == {tuple(m[k] for k in key) for m in kept}
    assert census.table("mentions by linker").dropped.total() == len(everything) - len(kept)


@settings(deadline=None)
@given(texts=st.lists(SENTENCE, max_size=6), data=st.data())
def test_every_mention_stands_in_its_sentence(finder: CandidateFinder, texts: list[str], data: st.DataObject) -> None:
    """Documents with random annotations: all accounted for; the kept ones of a source never overlap."""
    sentences, annotations = [], []
    for pmid, text in enumerate(texts, start=1):
        for number, (start, end) in enumerate(split_sentences(text, [(0, len(text))])):
            sentences.append((pmid, number, start, end, text[start:end]))
        for _ in range(data.draw(st.integers(0, 4)) if text else 0):
            start = data.draw(st.integers(0, len(text) - 1))
            end = data.draw(st.integers(start + 1, len(text)))
            identifier = data.draw(st.sampled_from(["C0000001", "C0000002", "unknown"]))
            annotations.append((pmid, start, end, text[start:end], identifier, "T"))
    resolved = pl.DataFrame(
        {"identifier": ["C0000001", "C0000002"], "cui": ["C0000001", "C0000002"], "num_cuis": [1, 1]}
    )
    types = pl.DataFrame({"cui": ["C0000001"], "tuis": [["T047"]]})
    census = Census("link")
    table = rows_of(SENTENCES, sentences)
    annotated = annotation_mentions(
        pl.DataFrame(rows_of(ANNOTATIONS, annotations)), pl.DataFrame(table), resolved, types, census
    )
    pieces = list(shard_mentions(finder, iter(table.to_batches(3)), annotated, LinkOptions(), census))
    mentions = pa.concat_tables([MENTIONS.empty_table(), *(piece.mentions for piece in pieces)]).to_pylist()
    for name, tally in census.tables.items():
        tally.check(name)
    assert census.table("annotations").rows_in == len(annotations)
    keys = [(m["pmid"], m["sentence_id"], m["start"], m["end"], m["source"]) for m in mentions]
    assert keys == sorted(keys)
    by_key = {(pmid, number): text for pmid, number, _, _, text in sentences}
    last: dict[tuple[object, ...], int] = {}
    for m in mentions:
        assert by_key[m["pmid"], m["sentence_id"]][m["start"] : m["end"]] == m["surface"] != ""
        place = (m["pmid"], m["sentence_id"], m["source"])
        assert last.get(place, 0) <= m["start"]
        last[place] = m["end"]
