"""Documents as JSON, one a line (JSONL) or in an array; what BERN2 writes (https://github.com/dmis-lab/BERN2) is such.

    {"pmid": 1, "title": "...", "abstract": "...", "year": 2001, "mesh_headings": ["D005334"], "annotations": [...]}
    {"id": "note-7", "text": "...", "annotations": [...]}

The identifier is `pmid`, `id`, `_id` or `document_id`. `abstract` is a string or a list of {"label", "text"}. `text`
holds the whole document; a `title` that it begins with is its first section where a line feed follows, or white space
after a full stop, "?", "!" or "]"; any other `title` stands before it. Texts are kept exactly as they stand.

An annotation is {"start", "end", "surface", "type", "identifier"} or BERN2's {"span": {"begin", "end"}, "mention",
"obj", "id": [...]}. Its offsets count code points of `text`, else of the title, one separator and the abstract (its
parts that are not blank, with a separator each).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bali.errors import InputError
from bali.pubmed.annotations import OUTSIDE, SEVERAL_SPANS, Placed, place
from bali.pubmed.json_fields import Fields
from bali.pubmed.json_stream import read_objects
from bali.pubmed.records import ABSTRACT, Annotation, Citation, compose_text, number_of

WITHOUT_ID = "without identifier: named after file and place"
_IDENTIFIERS = ("pmid", "id", "_id", "document_id")
_TEXTS = ("title", "abstract", "text")
_TITLE_ENDS = (".", "?", "!", "]")  # without them the text may only go on: title "Asthma", text "Asthma and ..."


def read_json_documents(path: Path) -> Iterator[Citation]:
    """Read documents in JSON, plain or gzipped.

    Raises:
        InputError: the file is missing, cut or not JSON, or a field has another type than it must have.
    """
    for position, (line, document) in enumerate(read_objects(path)):
        yield _citation(document, Fields(path, line), position)


def _citation(document: Mapping[str, Any], fields: Fields, position: int) -> Citation:
    if not any(key in document for key in _TEXTS):
        hint = " This is BioC: set corpus.format to bioc_json." if "passages" in document else ""
        raise InputError(
            f"{fields.path} line {fields.line}: expected a document with one of the keys {', '.join(_TEXTS)}, got the"
            f" keys {sorted(document)[:8]!a}.{hint}"
        )
    title, parts, shift = _parts(document, fields)
    text, sections = compose_text(title, parts)
    placed = _annotations(document, text, shift, fields)
    identifier = fields.text(document, *_IDENTIFIERS).strip()
    if not identifier:
        identifier = f"{fields.path.name}#{position}"
        fields.notes.append(WITHOUT_ID)
    pmid, external_id = number_of(identifier)
    return Citation(
        position=position,
        pmid=pmid,
        version=1,
        title=title,
        text=text,
        sections=sections,
        year=_year(document, fields),
        mesh_headings=_headings(document, fields),
        annotations=placed.kept,
        num_annotations=placed.num_annotations,
        dropped_annotations=placed.dropped,
        notes=fields.notes,
        external_id=external_id,
    )


def _parts(document: Mapping[str, Any], fields: Fields) -> tuple[str, list[tuple[str, str]], int]:
    """Title, labelled parts, and how far the document's text stands behind the text that annotations count in."""
    title = fields.text(document, "title")
    if "text" not in document:
        return title, [(label, part) for label, part in _abstract(document, fields) if part.strip()], 0
    text = fields.text(document, "text")
    separator = text[len(title) : len(title) + 1]
    is_apart = separator == "\n" or (separator.isspace() and title.endswith(_TITLE_ENDS))
    if title and text.startswith(title) and is_apart and text[len(title) :].strip():
        return title, [(ABSTRACT, text[len(title) + 1 :])], 0
    if text.strip() in ("", title.strip()):
        return title, [], 0
    return title, [(ABSTRACT, text)], len(title) + 1


def _abstract(document: Mapping[str, Any], fields: Fields) -> list[tuple[str, str]]:
    if not isinstance(document.get("abstract"), list):
        return [(ABSTRACT, fields.text(document, "abstract"))]
    parts = fields.objects(document, "abstract")
    return [(fields.text(part, "label") or ABSTRACT, fields.text(part, "text")) for part in parts]


def _annotations(document: Mapping[str, Any], text: str, shift: int, fields: Fields) -> Placed:
    placed, dropped = Placed(), []
    found = []
    own_text = text[shift:]
    for value in fields.objects(document, "annotations"):
        if isinstance(value.get("span"), list):
            dropped.append(SEVERAL_SPANS)
            continue
        span = fields.mapping(value, "span")
        start, end = (
            (fields.number(span, "begin"), fields.number(span, "end"))
            if span
            else (fields.number(value, "start"), fields.number(value, "end"))
        )
        if not 0 <= start < end <= len(own_text):
            dropped.append(OUTSIDE)
            continue
        found.append(
            Annotation(
                start,
                end,
                fields.text(value, "surface", "mention", "text") or own_text[start:end],
                fields.joined(value, "identifier", "id", "cui"),
                fields.text(value, "type", "obj"),
            )
        )
    placed.add(place(own_text, found), shift)
    placed.dropped += dropped
    return placed.finish()


def _year(document: Mapping[str, Any], fields: Fields) -> int | None:
    if document.get("year") is None:
        return None
    year = fields.number(document, "year")
    if not 0 < year < 10_000:
        raise fields.wrong("year", "a year of four digits", year)
    return year


def _headings(document: Mapping[str, Any], fields: Fields) -> list[str]:
    values = document.get("mesh_headings") or []
    if not isinstance(values, list):
        raise fields.wrong("mesh_headings", "a list of strings", values)
    return [fields.text({"mesh_headings": value}, "mesh_headings") for value in values]
