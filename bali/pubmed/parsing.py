"""From corpus files to tables: documents, annotations and deletions of one file, every citation counted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from bali.io.census import Census
from bali.pubmed.files import detect_format
from bali.pubmed.pubmed_xml import read_pubmed_xml
from bali.pubmed.pubtator import read_pubtator
from bali.pubmed.records import Citation, Deletion, Record, Skipped
from bali.schemas import DELETIONS, PARSED_ANNOTATIONS, PARSED_DOCUMENTS
from bali.vocabulary import CorpusFormat

DOCUMENTS_PER_PIECE = 2000
NO_DOCUMENT = "its citation was dropped"


@dataclass
class Piece:
    """Rows of up to `DOCUMENTS_PER_PIECE` documents and of the records between them."""

    documents: list[dict[str, object]] = field(default_factory=list)
    annotations: list[dict[str, object]] = field(default_factory=list)
    deletions: list[dict[str, object]] = field(default_factory=list)

    def tables(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """Documents, annotations and deletions in the schemas of `bali.schemas`."""
        return (
            pa.Table.from_pylist(self.documents, PARSED_DOCUMENTS),
            pa.Table.from_pylist(self.annotations, PARSED_ANNOTATIONS),
            pa.Table.from_pylist(self.deletions, DELETIONS),
        )


def parse_file(path: Path, corpus_format: CorpusFormat, census: Census) -> Iterator[Piece]:
    """Read one corpus file piece by piece, in its order, and count every citation and annotation in `census`.

    Raises:
        InputError: the file is missing, damaged, or not in the format.
    """
    census.table("citations")
    piece = Piece()
    for record in _read(path, corpus_format):
        _add(record, piece, census)
        if len(piece.documents) == DOCUMENTS_PER_PIECE:
            yield piece
            piece = Piece()
    yield piece


def _read(path: Path, corpus_format: CorpusFormat) -> Iterator[Record]:
    if corpus_format == "auto":
        corpus_format = detect_format(path)
    return read_pubmed_xml(path) if corpus_format == "pubmed_xml" else read_pubtator(path)


def _add(record: Record, piece: Piece, census: Census) -> None:
    if isinstance(record, Deletion):
        piece.deletions.append({"pmid": record.pmid, "position": record.position})
        _note(census, "deletions")
        return
    citations = census.table("citations")
    citations.rows_in += 1
    reason = record.reason if isinstance(record, Skipped) else record.drop_reason
    if reason is None:
        assert isinstance(record, Citation), "only citations have no reason to be dropped"
        citations.rows_out += 1
        piece.documents.append(_document_row(record))
        piece.annotations.extend(_annotation_rows(record))
    else:
        citations.drop(reason, 1)
    if isinstance(record, Citation):
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


def _document_row(citation: Citation) -> dict[str, object]:
    return {
        "pmid": citation.pmid,
        "version": citation.version,
        "title": citation.title,
        "text": citation.text,
        "sections": [{"label": s.label, "start": s.start, "end": s.end} for s in citation.sections],
        "year": citation.year,
        "mesh_headings": list(citation.mesh_headings),
        "position": citation.position,
    }


def _annotation_rows(citation: Citation) -> list[dict[str, object]]:
    return [
        {
            "pmid": citation.pmid,
            "start": a.start,
            "end": a.end,
            "surface": a.surface,
            "identifier": a.identifier,
            "type": a.type,
            "position": citation.position,
        }
        for a in citation.annotations
    ]
