"""Named entities in IOB files: BC5CDR, NCBI disease, BC2GM, JNLPBA and their like, as BLURB scores them.

A line is a word and its tag, with a tab or white space between (of more columns the first and the last count); a
blank line ends a sentence. MTL-Bioinformatics-2016 (Crichton et al. 2017, doi:10.1186/s12859-017-1776-8), BioBERT's
copies and JNLPBA (Kim et al. 2004) are such. All tags are turned into IOB2.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from bali.errors import InputError
from bali.pubmed.files import read_lines
from bali.tasks.examples import Splits, TaggedSentence
from bali.tasks.options import FineTuned, SplitFiles
from bali.tasks.parts import name_of, read_parts
from bali.tasks.task import Tagging

MARKER = "document marker"
OUTSIDE = "O"
_MARKERS = ("-DOCSTART-", "###MEDLINE:")  # CoNLL's and JNLPBA's
_TAG = re.compile(r"([BIESLU])(?:-(\S+))?")
_STARTS, _ENDS = "BSU", "ESLU"  # of IOB, BIOES and BILOU
_ONLY_TYPE = "entity"  # BioBERT's copies have B, I, O alone
_OVERRIDDEN = ("learning_rate", "num_epochs", "batch_size")


class NerDataset(SplitFiles):
    """IOB files of a set; what is null is that of the task."""

    learning_rate: float | list[float] | None = Field(None, description="instead of the task's")
    num_epochs: int | None = Field(None, ge=1, description="instead of the task's")
    batch_size: int | None = Field(None, ge=1, description="instead of the task's")

    def overrides(self) -> dict[str, Any]:
        """The keys of `Ner` that this set gives itself: `section.model_copy(update=dataset.overrides())`."""
        return {key: value for key in _OVERRIDDEN if (value := getattr(self, key)) is not None}


class Ner(FineTuned):
    """Named entity recognition: spans and types. The defaults are published for NCBI disease and BC5CDR chemicals."""

    datasets: dict[str, NerDataset] = Field({})
    learning_rate: float | list[float] = Field(5e-5, description="peak; of a list, the best on dev counts")
    num_epochs: int = Field(20, ge=1, description="at most; the best on dev counts")
    batch_size: int = Field(32, ge=1, description="sentences per step")
    max_length: int = Field(512, ge=16, description="tokens")


def read(dataset: SplitFiles) -> Splits[TaggedSentence]:
    """Read IOB1, IOB2, BIOES or BILOU files, plain or gzipped; lines that start a document are left out and counted.

    Raises:
        InputError: a file is missing or damaged, a line has no tag, or one of no known scheme.
    """
    return read_parts(dataset, _read_file)


def to_iob2(tags: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Tags in IOB2.

    What starts an entity (B, S, U) and what continues none (I, E, L after O, after another type or after an end)
    becomes B: that is what IOB1 means by it, and how conlleval (Tjong Kim Sang and Buchholz 2000) counts it in faulty
    IOB2.

    Args:
        tags: (prefix, type) of each word, prefix one of O, B, I, E, S, L, U; ("O", "") outside.
    """
    converted, open_type = [], ""
    for prefix, kind in tags:
        if prefix == OUTSIDE:
            converted.append(OUTSIDE)
        else:
            converted.append(f"{'B' if prefix in _STARTS or kind != open_type else 'I'}-{kind}")
        open_type = "" if prefix in _ENDS else kind
    return tuple(converted)


def _read_file(path: Path, left_out: Counter[str]) -> Iterator[TaggedSentence]:
    number = 0
    for lines in _blocks(path):
        if lines[0][1].startswith(_MARKERS):
            left_out[MARKER] += 1
            continue
        number += 1
        words, tags = zip(*(_word_and_tag(path, *line) for line in lines), strict=True)
        yield TaggedSentence(f"{name_of(path)}:{number}", words, to_iob2(tags))


def _blocks(path: Path) -> Iterator[list[tuple[int, str]]]:
    """Numbered lines of each sentence; a line that starts a document stands alone."""
    block: list[tuple[int, str]] = []
    for number, line in read_lines(path):
        if line.startswith(_MARKERS):
            if block:
                yield block
            yield [(number, line)]
            block = []
        elif line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _word_and_tag(path: Path, number: int, line: str) -> tuple[str, tuple[str, str]]:
    columns = line.split("\t") if "\t" in line else line.split()
    word, tag = columns[0].strip(), columns[-1].strip()
    if len(columns) < 2 or not word:
        raise InputError(f"{path} line {number}: expected a word and its tag, got {line!r:.60}.")
    match = _TAG.fullmatch(tag)
    if tag != OUTSIDE and match is None:
        raise InputError(f"{path} line {number}: expected a tag such as B-Disease, I-Disease or O, got {tag!r:.40}.")
    return word, (match[1], match[2] or _ONLY_TYPE) if match else (OUTSIDE, "")


TASK = Tagging(
    name="ner",
    title="named entities",
    section=Ner,
    main=(("test", "span_f1"),),
    source="BC5CDR, NCBI disease, BC2GM and others in IOB are in cambridgeltl/MTL-Bioinformatics-2016 on GitHub.",
    read=read,
)
