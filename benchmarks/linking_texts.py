"""Texts for the linker's benchmark: abstracts as lists of sentences, titles included, as the pipeline splits them.

Real ones come from the PubMed files in the folder that BALI_DEVELOPMENT_DATA names, drawn from all of them. Without it
the demo's are taken again and again, every third word replaced from the second time on, so that n-grams differ.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from bali.errors import InputError
from bali.io.census import Census
from bali.pubmed.parsing import parse_file
from bali.pubmed.sentences import split_sentences
from benchmarks.linking_names import DATA, DEMO

SENTENCES = "sentences.parquet"
_SEED = 29
_REPLACED_SHARE = 1 / 3

# What a corpus may lack: white space of all kinds, case outside ASCII, compatibility characters, marks that libraries
# take for their own, long words, brackets, words that no mention starts or ends with.
AWKWARD_SENTENCES = (
    "",
    " ",
    "  Diabetes   mellitus\tand\u00a0diabetes\nmellitus\u2003fever  ",
    "β-Thalassemia, ß-thalassemia and Β-THALASSEMIA; ΣΊΣΥΦΟΣ",
    "SJÖGREN'S SYNDROME; Sjögren’s syndrome, Sjo\u0308gren syndrome (Behçet disease)",
    "İstanbul DİABETES MELLİTUS \ufb01brosis \ufb00 µg Å \u212b \u212a ½ m²",
    "糖尿病 diabetes mellitus 高血圧 asthma",
    "\U0001f9ec fever\U0001f600diabetes e\u0301 fever \u200bfever \u202easthma\u202c \ufeffasthma dia\u00adbetes",
    "fever\x00diabetes mellitus \x01 aspirin \x1c asthma \x85 pain\x00",
    '(fever)[asthma]{pain}<fever>"asthma"-fever—asthma–pain/fever',
    "a b c d e f g h i 1 2 3 4 5 time of the not no nor",
    "the the of of in in diabetes mellitus in the of",
    "type 1 diabetes mellitus type 2 diabetes mellitus, types 1 and 2 DIABETES MELLITUS TYPE II",
    "x" * 300 + " " + "diabetes" * 50 + " " + "." * 50,
    "can't won't I'm U.S.A. e.g. i.e. Dr. p<0.05 10mg/kg 3.5% H2O2 http://a.b/c?d=e a@b.cd :-) ...",
)


@dataclass(frozen=True)
class Texts:
    """Abstracts, and where they come from: "real" or "demo"."""

    kind: str
    abstracts: list[list[str]]


def corpus_files() -> list[Path]:
    """The PubMed files that texts are taken from.

    Raises:
        InputError: the folder of the development data has none.
    """
    folder = Path(os.environ[DATA]) / "pubmed_xml" if DATA in os.environ else DEMO / "pubmed"
    files = sorted(path for path in folder.glob("*.xml*") if path.is_file())
    if not files:
        raise InputError(f"{folder}: expected PubMed files (*.xml, *.xml.gz), found none. Set or unset {DATA}.")
    return files


def read_texts(num_abstracts: int) -> Texts:
    """That many abstracts in an order drawn once for all; fewer where there are fewer real ones."""
    documents = [document for file in corpus_files() for document in _documents(file)]
    if DATA not in os.environ:
        return Texts("demo", vary(documents, num_abstracts))
    places = np.random.default_rng(_SEED).permutation(len(documents))[:num_abstracts]
    return Texts("real", [documents[place] for place in places])


def vary(documents: Sequence[Sequence[str]], num_abstracts: int, seed: int = _SEED) -> list[list[str]]:
    """The documents over and over; from the second time on, words are replaced by others of the documents.

    Args:
        documents: lists of sentences.
        num_abstracts: how many to give.
        seed: another seed gives other words.
    """
    rng = np.random.default_rng(seed)
    words = [word for document in documents for sentence in document for word in sentence.split(" ")]
    found = [list(document) for document in documents[:num_abstracts]]
    while len(found) < num_abstracts:
        document = documents[len(found) % len(documents)]
        found.append([_replace_words(sentence, words, rng) for sentence in document])
    return found


def write_sentences(abstracts: Sequence[Sequence[str]], path: Path) -> None:
    """Write a table with a row per sentence: the number of its abstract, and its text."""
    rows = [(number, sentence) for number, abstract in enumerate(abstracts) for sentence in abstract]
    pl.DataFrame(rows, schema={"abstract": pl.Int32, "text": pl.String}, orient="row").write_parquet(path)


def read_sentences(path: Path, first: int, end: int) -> list[str]:
    """The sentences of the abstracts from number `first` to before `end`."""
    frame = pl.read_parquet(path)
    return frame.filter(pl.col("abstract").is_between(first, end, closed="left"))["text"].to_list()


def _documents(file: Path) -> Iterator[list[str]]:
    for piece in parse_file(file, "pubmed_xml", Census("benchmark")):
        rows = pl.DataFrame(piece.tables()[0]).select("text", "sections")
        for text, sections in rows.iter_rows():
            spans = split_sentences(text, [(section["start"], section["end"]) for section in sections])
            yield [text[start:end] for start, end in spans]


def _replace_words(sentence: str, words: Sequence[str], rng: np.random.Generator) -> str:
    parts = sentence.split(" ")
    replaced = rng.random(len(parts)) < _REPLACED_SHARE
    others = rng.integers(0, len(words), len(parts))
    chosen = zip(parts, replaced, others, strict=True)
    return " ".join(words[other] if is_replaced else part for part, is_replaced, other in chosen)
