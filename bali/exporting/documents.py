"""A shard's documents with their mentions, whose offsets count in the document."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.io.parquet import iterate_artefact
from bali.schemas import DOCUMENTS, MENTIONS, SENTENCES
from bali.vocabulary import Cui, Pmid, Tui

DOCUMENTS_PER_BATCH = 1024
ROWS_PER_BATCH = 1 << 14
_DOCUMENT_COLUMNS = ["pmid", "external_id", "text", "sections"]
_MENTION_COLUMNS = ["pmid", "sentence_id", "start", "end", "surface", "cui", "similarity", "tuis", "source"]

Row = dict[str, Any]


class Section(NamedTuple):
    """A part of a document: `text[start:end]`, code points. The first one is the title."""

    label: str
    start: int
    end: int


class Mention(NamedTuple):
    """A mention: `text[start:end] == surface` of its document, code points. Mentions sort by their place."""

    start: int
    end: int
    source: str
    cui: Cui
    surface: str
    similarity: float
    tuis: tuple[Tui, ...]


@dataclass(frozen=True)
class Document:
    """A document and its mentions, sorted; those of two sources may overlap.

    `identifier` is the PMID in digits, or what the corpus calls a document whose identifier is no number.
    """

    pmid: Pmid
    identifier: str
    text: str
    sections: tuple[Section, ...]
    mentions: tuple[Mention, ...]

    @property
    def title(self) -> str:
        """The first section."""
        return self.text[: self.sections[0].end]

    @property
    def abstract(self) -> str:
        """What follows the title and one separator."""
        return self.text[self.sections[0].end + 1 :]

    def parts(self) -> Iterator[tuple[Section, str, list[Mention]]]:
        """Each section, its text and its mentions."""
        rest = list(self.mentions)
        for section in self.sections:
            inside = [mention for mention in rest if mention.end <= section.end]
            rest = rest[len(inside) :]
            assert all(mention.start >= section.start for mention in inside), f"{self.pmid}: a mention crosses sections"
            yield section, self.text[section.start : section.end], inside
        assert not rest, f"{self.pmid}: a mention stands outside the sections"


@dataclass(frozen=True)
class Shard:
    """The artefacts of one shard."""

    name: str
    documents: Path
    sentences: Path
    mentions: Path


def read_documents(shard: Shard, sources: Collection[str], census: Census) -> Iterator[Document]:
    """The documents of a shard, in order of PMID, read in a stream.

    Args:
        shard: files of the schemas DOCUMENTS, SENTENCES and MENTIONS, each sorted by PMID.
        sources: which values of `mentions.source` are wanted; all if empty.
        census: counts the documents, the mentions read, and those of other sources as dropped.

    Raises:
        ArtefactError: a file is missing or damaged; the mentions do not stand in the documents where they say.
    """
    sentences = _ByDocument(shard.sentences, SENTENCES, ["pmid", "sentence_id", "start"])
    mentions = _ByDocument(shard.mentions, MENTIONS, _MENTION_COLUMNS)
    for batch in iterate_artefact(shard.documents, DOCUMENTS, _DOCUMENT_COLUMNS, DOCUMENTS_PER_BATCH):
        for row in batch.to_pylist():
            starts = {sentence["sentence_id"]: sentence["start"] for sentence in sentences.take(row["pmid"])}
            wanted = _wanted(mentions.take(row["pmid"]), sources, census)
            census.table("documents").rows_in += 1
            yield Document(
                pmid=row["pmid"],
                identifier=row["external_id"] or str(row["pmid"]),
                text=row["text"],
                sections=tuple(Section(s["label"], s["start"], s["end"]) for s in row["sections"]),
                mentions=tuple(sorted(_placed(mention, starts, row["text"], shard) for mention in wanted)),
            )
    sentences.finish()
    mentions.finish()


class _ByDocument:
    """The rows of an artefact that is sorted by PMID, handed out document by document."""

    def __init__(self, path: Path, schema: pa.Schema, columns: list[str]) -> None:
        self._path = path
        batches = iterate_artefact(path, schema, columns, ROWS_PER_BATCH)
        rows = (row for batch in batches for row in batch.to_pylist())
        self._groups = groupby(rows, key=itemgetter("pmid"))
        self._pmid: Pmid | None
        self._advance()

    def take(self, pmid: Pmid) -> list[Row]:
        """The rows of a document; the PMIDs asked for must ascend."""
        if self._pmid is None or self._pmid > pmid:
            return []
        if self._pmid < pmid:
            self._refuse()
        rows = self._rows
        self._advance()
        return rows

    def finish(self) -> None:
        """Raise an ArtefactError if rows are left."""
        if self._pmid is not None:
            self._refuse()

    def _advance(self) -> None:
        self._pmid, rows = next(self._groups, (None, iter(())))
        self._rows = list(rows)

    def _refuse(self) -> None:
        raise ArtefactError(
            f"{self._path}: expected rows of the shard's documents only, found PMID {self._pmid}, which is none of"
            " them. The files are of two runs: run the stages of the corpus again."
        )


def _wanted(rows: list[Row], sources: Collection[str], census: Census) -> list[Row]:
    tally = census.table("mentions")
    tally.rows_in += len(rows)
    kept = []
    for row in rows:
        if sources and row["source"] not in sources:
            tally.drop(f"source {row['source']} not selected", 1)
        else:
            kept.append(row)
    return kept


def _placed(row: Row, starts: dict[int, int], text: str, shard: Shard) -> Mention:
    """The mention at its place in the document."""
    offset = starts.get(row["sentence_id"])
    start, end = (row[side] + (offset or 0) for side in ("start", "end"))
    if offset is None or text[start:end] != row["surface"]:
        raise ArtefactError(
            f"{shard.mentions}: expected {row['surface'][:40]!r} in sentence {row['sentence_id']} of PMID {row['pmid']}"
            f" as {shard.documents} and {shard.sentences} hold it, found another text. The files are of two runs: run"
            " the stages of the corpus again."
        )
    return Mention(start, end, row["source"], row["cui"], row["surface"], row["similarity"], tuple(row["tuis"]))
