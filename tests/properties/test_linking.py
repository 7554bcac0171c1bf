"""Linking over generated sentences: equal to the package, exact spans, no overlaps; annotations never lost."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import nltk.corpus
import polars as pl
import pyarrow as pa
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.io.census import Census
from bali.io.files import digest_file
from bali.io.parquet import Provenance, write_artefact
from bali.linking.index_files import DATABASE, Manifest, digest_folder, write_manifest
from bali.linking.mentions import annotation_mentions, shard_mentions
from bali.linking.quickumls_adapter import MatcherOptions, QuickUmlsLinker, stop_words
from bali.linking.quickumls_index import build_database
from bali.linking.quickumls_package import QuickUMLS
from bali.pubmed.sentences import split_sentences
from bali.schemas import ANNOTATIONS, MENTIONS, NAMES, SEMANTIC_TYPES, SENTENCES

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


def rows_of(schema: pa.Schema, rows: list[tuple[object, ...]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("linker")
    names = [
        (f"C{i % 7:07}", f"A{i}", term, "MSH", "PT", i % 2 == 0, 0, "N") for i, term in enumerate(TERMS + TERMS[:4])
    ]
    types = [(f"C{i:07}", "T047", "Disease") for i in range(7)]
    paths = {"names": folder / "names.parquet", "semantic_types": folder / "semantic_types.parquet"}
    write_artefact(paths["names"], rows_of(NAMES, names), NAMES, Provenance("names"))
    write_artefact(
        paths["semantic_types"], rows_of(SEMANTIC_TYPES, types), SEMANTIC_TYPES, Provenance("semantic_types")
    )
    build_database(paths["names"], paths["semantic_types"], folder / DATABASE, True, Census("index"))
    inputs = {name: digest_file(path) for name, path in paths.items()}
    write_manifest(folder, Manifest("quickumls", inputs, True, digest_folder(folder / DATABASE)))
    return folder


@pytest.fixture(scope="module")
def linker(index_dir: Path) -> QuickUmlsLinker:
    return QuickUmlsLinker(index_dir, MatcherOptions())


@pytest.fixture(scope="module")
def package(index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickUMLS]:
    """The package by its own documentation, with our stop words where NLTK's data would lie."""
    folder = tmp_path_factory.mktemp("nltk") / "corpora" / "stopwords"
    folder.mkdir(parents=True)
    (folder / "english").write_text("\n".join(stop_words()))
    patch = pytest.MonkeyPatch()
    patch.setattr(nltk.data, "path", [str(folder.parent.parent)])
    patch.setattr(nltk.corpus, "stopwords", nltk.corpus.reader.WordListCorpusReader(str(folder), ["english"]))
    matcher = QuickUMLS(str(index_dir / DATABASE), spacy_component=True)
    matcher.nlp = spacy.blank("en")
    yield matcher
    patch.undo()


def test_the_dictionary_links_at_all(linker: QuickUmlsLinker) -> None:
    assert len(linker.link("high fever and asthma, not diabetes")) == 3


@settings(deadline=None)
@given(sentence=SENTENCE)
def test_links_are_the_packages_spans_and_stand_there(
    linker: QuickUmlsLinker, package: QuickUMLS, sentence: str
) -> None:
    groups = package.match(sentence)
    assert linker.candidates(sentence) == groups
    links = linker.link(sentence)
    assert {(link.start, link.end) for link in links} == {(group[0]["start"], group[0]["end"]) for group in groups}
    assert len(links) == len(groups)
    assert all(first.end <= second.start for first, second in itertools.pairwise(links))
    by_start = {group[0]["start"]: group for group in groups}
    for link in links:
        group = by_start[link.start]
        assert 0 <= link.start < link.end <= len(sentence)
        assert sentence[link.start : link.end] == group[0]["ngram"]
        assert link.num_candidates == len({candidate["cui"] for candidate in group})
        assert link.similarity == max(candidate["similarity"] for candidate in group)


@settings(deadline=None)
@given(texts=st.lists(SENTENCE, max_size=6), data=st.data())
def test_every_mention_stands_in_its_sentence(linker: QuickUmlsLinker, texts: list[str], data: st.DataObject) -> None:
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
    pieces = list(shard_mentions(linker, iter(table.to_batches(3)), annotated, census))
    mentions = pa.concat_tables([MENTIONS.empty_table(), *pieces]).to_pylist()
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
