"""From corpus files to tables: documents, annotations and deletions of one file, every citation counted."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from bali.io.census import Census
from bali.pubmed.bioc_json import read_bioc_json
from bali.pubmed.duplicate_texts import text_digest
from bali.pubmed.files import detect_format
from bali.pubmed.json_documents import read_json_documents
from bali.pubmed.plain_text import read_plain_text
from bali.pubmed.pubmed_xml import read_pubmed_xml
from bali.pubmed.pubtator import read_pubtator
from bali.pubmed.records import Citation, Deletion, Record, Skipped
from bali.schemas import DELETIONS, PARSED_ANNOTATIONS, PARSED_DOCUMENTS
from bali.vocabulary import CorpusFormat

DOCUMENTS_PER_PIECE = 2000
CHARACTERS_PER_PIECE = 1 << 25  # texts of megabytes: a piece ends before it has 2000 of them
NO_DOCUMENT = "its citation was dropped"
READERS: Mapping[CorpusFormat, Callable[[Path], Iterator[Record]]] = {
    "pubmed_xml": read_pubmed_xml,
    "pubtator": read_pubtator,
    "bioc_json": read_bioc_json,
    "jsonl": read_json_documents,
    "text": read_plain_text,
}


@dataclass
class Piece:
    """Up to `DOCUMENTS_PER_PIECE` documents and the deletions between them."""

    documents: list[Citation] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    num_characters: int = 0

    @property
    def is_full(self) -> bool:
        """Whether the piece takes no further document."""
        return len(self.documents) >= DOCUMENTS_PER_PIECE or self.num_characters >= CHARACTERS_PER_PIECE

    def tables(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """Documents, annotations and deletions in the schemas of `bali.schemas`."""
        deletions = {
            "pmid": [deletion.pmid for deletion in self.deletions],
            "position": [deletion.position for deletion in self.deletions],
        }
        return _document_table(self.documents), _annotation_table(self.documents), pa.table(deletions, DELETIONS)


def parse_file(path: Path, corpus_format: CorpusFormat, census: Census) -> Iterator[Piece]:
    """Read one corpus file piece by piece, in its order, and count every citation and annotation in `census`.

    Raises:
        InputError: the file is missing, damaged, or not in the format.
    """
    census.table("citations")
    census.table("annotations")
    piece = Piece()
    for record in _read(path, corpus_format):
        _add(record, piece, census)
        if piece.is_full:
            yield piece
            piece = Piece()
    yield piece


def _read(path: Path, corpus_format: CorpusFormat) -> Iterator[Record]:
    if corpus_format == "auto":
        corpus_format = detect_format(path)
    return READERS[corpus_format](path)


def _add(record: Record, piece: Piece, census: Census) -> None:
    if isinstance(record, Deletion):
        piece.deletions.append(record)
        _note(census, "deletions")
        return
    citations = census.table("citations")
    citations.rows_in += 1
    reason = record.reason if isinstance(record, Skipped) else record.drop_reason
    if reason is None:
        assert isinstance(record, Citation), "only citations have no reason to be dropped"
        citations.rows_out += 1
        piece.documents.append(record)
        piece.num_characters += len(record.text)
    else:
        citations.drop(reason, 1)
    if isinstance(record, Citation):
        if record.num_annotations:
            _count_annotations(record, census)
        for note in record.notes:
            _note(census, note)


def _count_annotations(citation: Citation, census: Census) -> None:
    tally = census.table("annotations")
    tally.rows_in += citation.num_annotations
    for reason in citation.dropped_annotations:
        tally.drop(reason, 1)
    if citation.drop_reason is None:
        tally.rows_out += len(citation.annotations)
    else:
        tally.drop(NO_DOCUMENT, len(citation.annotations))


def _note(census: Census, name: str) -> None:
    value = census.notes.get(name, 0)
    assert isinstance(value, int), f"census note {name} is no count"
    census.notes[name] = value + 1


def _document_table(citations: list[Citation]) -> pa.Table:
    """Columns, not rows: Arrow takes a list per column several times faster than a dictionary per document."""
    columns = {
        "pmid": [c.pmid for c in citations],
        "version": [c.version for c in citations],
        "title": [c.title for c in citations],
        "text": [c.text for c in citations],
        "sections": _sections(citations),
        "year": [c.year for c in citations],
        "mesh_headings": [c.mesh_headings for c in citations],
        "external_id": [c.external_id for c in citations],
        "position": [c.position for c in citations],
        "text_digest": [text_digest(c.text) for c in citations],
    }
    return pa.table(columns, PARSED_DOCUMENTS)


def _sections(citations: list[Citation]) -> pa.ListArray:
    kind = PARSED_DOCUMENTS.field("sections").type
    offsets = list(accumulate((len(c.sections) for c in citations), initial=0))
    sections = [section for c in citations for section in c.sections]
    values = pa.StructArray.from_arrays(
        [
            pa.array([section.label for section in sections], pa.string()),
            pa.array([section.start for section in sections], pa.int32()),
            pa.array([section.end for section in sections], pa.int32()),
        ],
        fields=list(kind.value_type),
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=kind)


def _annotation_table(citations: list[Citation]) -> pa.Table:
    rows = [(c, a) for c in citations for a in c.annotations]
    columns = {
        "pmid": [c.pmid for c, _ in rows],
        "start": [a.start for _, a in rows],
        "end": [a.end for _, a in rows],
        "surface": [a.surface for _, a in rows],
        "identifier": [a.identifier for _, a in rows],
        "type": [a.type for _, a in rows],
        "position": [c.position for c, _ in rows],
    }
    return pa.table(columns, PARSED_ANNOTATIONS)
