"""BioC JSON (https://bioc.sourceforge.net/): collections or documents of passages with offsets and annotations.

Collections ({"documents": [...]}, PubTator 3's {"PubTator3": [...]}), arrays and documents one a line are read, also
of PMC's full texts. The document's text is its passages: the first one of the type title, then the others, labelled
by infons.section_type, else infons.type. An annotation is looked up in its passage: its place is locations[0].offset
less the passage's offset, in code points, so gaps between passages do no harm.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from bali.errors import InputError
from bali.pubmed.annotations import OUTSIDE, SEVERAL_SPANS, Placed, place
from bali.pubmed.json_fields import Fields
from bali.pubmed.json_stream import read_objects
from bali.pubmed.records import ABSTRACT, TITLE, Annotation, Citation, compose_text, number_of

RELATION = "relations left out"
REFERENCE = "reference passages left out"
IN_REFERENCE = "in a reference passage"
OF_DOCUMENT = "of the document, not of a passage"
_TITLES = (TITLE, "FRONT")
_REFERENCES = "REF"  # section_type of PMC's reference lists
_LONGEST_GAPS = 1 << 20  # characters; a wrong offset must not ask for terabytes of spaces
_IDENTIFIER_KEYS = ("MESH", "OMIM")  # infons of older corpora, which have no `identifier`

JsonObject = Mapping[str, Any]


@dataclass(frozen=True)
class _Passage:
    label: str
    offset: int
    text: str
    annotations: list[JsonObject]


def read_bioc_json(path: Path) -> Iterator[Citation]:
    """Read BioC JSON, plain or gzipped.

    Raises:
        InputError: the file is missing, cut or not JSON, a document has no passages or no identifier, or a field has
            another type than it must have.
    """
    for position, (line, document) in enumerate(read_objects(path)):
        yield _citation(document, Fields(path, line), position)


def _citation(document: JsonObject, fields: Fields, position: int) -> Citation:
    if "passages" not in document:
        raise InputError(
            f"{fields.path} line {fields.line}: expected a BioC document with the key passages, got the keys"
            f" {sorted(document)[:8]!a}. Is it another format?"
        )
    pmid, external_id = number_of(_identifier(document, fields))
    values = fields.objects(document, "passages")
    passages = list(_passages(values, fields))
    title, others = _split_title(passages)
    text, sections = compose_text(title.text, [(passage.label, passage.text) for passage in others])
    placed = _left_out(document, passages, fields)
    for passage, section in zip([title, *others], sections, strict=True):
        placed.add(_place(passage, fields), section.start)
    placed = placed.finish()
    fields.notes += [RELATION] * sum(len(fields.objects(part, "relations")) for part in [document, *values])
    fields.notes += [REFERENCE] * sum(passage.label == _REFERENCES for passage in passages)
    return Citation(
        position=position,
        pmid=pmid,
        version=1,
        title=title.text,
        text=text,
        sections=sections,
        annotations=placed.kept,
        num_annotations=placed.num_annotations,
        dropped_annotations=placed.dropped,
        notes=fields.notes,
        external_id=external_id,
    )


def _identifier(document: JsonObject, fields: Fields) -> str:
    """The PMID where the document has one, else its own identifier; one of PMC's with the prefix PMC."""
    infons = [fields.mapping(passage, "infons") for passage in fields.objects(document, "passages")]
    pmids = (fields.text(value, "article-id_pmid") for value in infons)
    found = fields.text(document, "pmid") or next((pmid for pmid in pmids if pmid), "")
    if found:
        return found.strip()
    own = fields.text(document, "id", "_id").strip()
    if not own:
        raise InputError(f"{fields.path} line {fields.line}: expected an identifier (id or pmid) in the document.")
    from_pmc = any(value.get("article-id_pmc") for value in infons)
    return f"PMC{own}" if from_pmc and own.isdigit() else own


def _passages(values: Sequence[JsonObject], fields: Fields) -> Iterator[_Passage]:
    room = _LONGEST_GAPS
    for value in values:
        passage, num_spaces = _passage(value, fields, room)
        room -= num_spaces
        yield passage


def _passage(value: JsonObject, fields: Fields, room: int) -> tuple[_Passage, int]:
    """A passage, and the spaces that stand for gaps between its sentences; there is room for so many."""
    infons = fields.mapping(value, "infons")
    label = fields.text(infons, "section_type") or fields.text(infons, "type") or ABSTRACT
    offset = fields.number(value, "offset")
    sentences = fields.objects(value, "sentences")
    text, num_spaces = fields.text(value, "text"), 0
    for sentence in [] if text else sentences:  # each at its own offset
        gap = max(fields.number(sentence, "offset") - offset - len(text), 0)
        num_spaces += gap
        if num_spaces > room:
            raise fields.wrong("offset", f"sentences with gaps of at most {_LONGEST_GAPS} characters a document", gap)
        text += " " * gap + fields.text(sentence, "text")
    annotations = [a for part in chain([value], sentences) for a in fields.objects(part, "annotations")]
    return _Passage(label.upper(), offset, text, annotations), num_spaces


def _split_title(passages: list[_Passage]) -> tuple[_Passage, list[_Passage]]:
    """The title, empty where the first passage is none, and the other passages with text but for reference lists."""
    first = passages[:1] if passages and passages[0].label in _TITLES else []
    others = [p for p in passages[len(first) :] if p.label != _REFERENCES and p.text.strip()]
    return (first[0] if first else _Passage(TITLE, 0, "", [])), others


def _left_out(document: JsonObject, passages: list[_Passage], fields: Fields) -> Placed:
    """Annotations that stand in no passage that is read."""
    placed = Placed(dropped=[OF_DOCUMENT] * len(fields.objects(document, "annotations")))
    for passage in passages[1:] if passages and passages[0].label in _TITLES else passages:
        reason = IN_REFERENCE if passage.label == _REFERENCES else None if passage.text.strip() else OUTSIDE
        placed.dropped += [reason] * len(passage.annotations) if reason else []
    return placed


def _place(passage: _Passage, fields: Fields) -> Placed:
    """The passage's annotations, with offsets in its text."""
    dropped, found = [], []
    for value in passage.annotations:
        locations = fields.objects(value, "locations")
        if len(locations) != 1:
            dropped.append(SEVERAL_SPANS if locations else OUTSIDE)
            continue
        start = fields.number(locations[0], "offset") - passage.offset
        end = start + fields.number(locations[0], "length")
        infons = fields.mapping(value, "infons")
        surface = fields.text(value, "text")
        found.append(Annotation(start, end, surface, _concept(infons, fields), fields.text(infons, "type")))
    placed = place(passage.text, found)
    placed.dropped += dropped
    return placed


def _concept(infons: JsonObject, fields: Fields) -> str:
    identifier = fields.joined(infons, "identifier")
    for key in _IDENTIFIER_KEYS:
        if not identifier and (code := fields.text(infons, key)):
            identifier = f"{key}:{code}"
    return identifier
