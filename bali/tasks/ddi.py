"""DDI corpus 2013 (Herrero-Zazo et al. 2013, doi:10.1016/j.jbi.2013.07.011): how do two drugs of a sentence interact?

One example for each pair of the corpus, so that the official test part gives the 5,716 that others report on.
Entities of several pieces are marked from the first to the last, as in BLURB's preparation; the two may then overlap.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lxml import etree
from pydantic import Field

from bali.errors import InputError
from bali.pubmed.files import open_input
from bali.tasks.examples import LabelledText, Splits
from bali.tasks.labelled_rows import read_labelled_rows
from bali.tasks.markers import NO_RELATION, MarkedPairs, Span, is_negative, mark
from bali.tasks.options import FineTuned, SplitFiles
from bali.tasks.parts import name_of, read_parts

LABELS = ("advise", "effect", NO_RELATION, "int", "mechanism")
MISPLACED = "entity not at its offsets"
UNTYPED = "interaction without a type"
_ROOTS = ("document", "corpus")
_XML_NAME = re.compile(r".*\.xml(\.gz)?", re.IGNORECASE)
_PIECE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


class DDI(FineTuned):
    """Drug-drug interaction: mechanism, effect, advise, int, or false for none."""

    datasets: dict[str, SplitFiles] = Field({})
    learning_rate: float | list[float] = Field(2e-5, description="peak; of a list, the best on dev counts")
    num_epochs: int = Field(5, ge=1, description="at most; the best on dev counts")
    batch_size: int = Field(32, ge=1, description="pairs per step")
    max_length: int = Field(256, ge=16, description="tokens")


def read(dataset: SplitFiles) -> Splits[LabelledText]:
    """Read the corpus (XML files, or folders of them), or the rows of a preparation (TSV, JSON lines).

    Raises:
        InputError: a file is missing, damaged, or in another format; a pair names no entity of its sentence.
    """
    return read_parts(dataset, _read_entry)


def _read_entry(path: Path, left_out: Counter[str]) -> Iterator[LabelledText]:
    if path.is_dir():
        files = sorted(path.rglob("*.xml"), key=lambda file: file.relative_to(path).as_posix())
        if not files:
            raise InputError(f"{path}: expected a file or a folder with .xml files, found none.")
        for file in files:
            yield from _read_xml(file, left_out)
    elif _XML_NAME.fullmatch(path.name):
        yield from _read_xml(path, left_out)
    else:
        yield from _read_rows(path)


def _read_rows(path: Path) -> Iterator[LabelledText]:
    for row in read_labelled_rows(path):
        short = row.label.removeprefix("DDI-")
        label = NO_RELATION if is_negative(short) else _label(path, row.line, short)
        yield LabelledText(f"{name_of(path)}:{row.line}", row.text, None, label)


def _read_xml(path: Path, left_out: Counter[str]) -> Iterator[LabelledText]:
    """One example for each pair of a file; entities are not resolved, nothing is fetched, a DTD is refused."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        with open_input(path) as stream:
            root = etree.fromstring(stream.read(), parser)
    except etree.XMLSyntaxError as error:
        reason = " ".join(str(error.msg).split())
        raise InputError(
            f"{path} line {error.lineno}: expected well-formed XML, got: {reason}. Fetch the file again."
        ) from error
    information: Any = root.getroottree().docinfo
    if information.doctype:
        raise InputError(f"{path}: expected XML without a document type, got {information.doctype[:60]}.")
    if root.tag not in _ROOTS:
        raise InputError(f"{path}: expected the root {' or '.join(_ROOTS)}, got {root.tag}.")
    for sentence in root.iter("sentence"):
        yield from _pairs(path, sentence, left_out)


def _pairs(path: Path, sentence: etree._Element, left_out: Counter[str]) -> Iterator[LabelledText]:
    (text,) = _attributes(path, sentence, "text")
    spans = dict(_entity(path, entity, text) for entity in sentence.iterchildren("entity"))
    for pair in sentence.iterchildren("pair"):
        pair_id, first, second, interacts = _attributes(path, pair, "id", "e1", "e2", "ddi")
        if interacts not in ("true", "false"):
            raise InputError(f"{path} line {pair.sourceline}: expected ddi true or false, got {interacts!r:.40}.")
        one, other = (_span(path, pair, spans, entity_id) for entity_id in (first, second))
        kind = pair.get("type") if interacts == "true" else NO_RELATION
        if one is None or other is None:
            left_out[MISPLACED] += 1
        elif not kind:
            left_out[UNTYPED] += 1
        else:
            label = _label(path, pair.sourceline, kind)
            yield LabelledText(pair_id, mark(text, one, other), None, label)


def _entity(path: Path, entity: etree._Element, text: str) -> tuple[str, Span | None]:
    """Id and span of an entity, from its first to its last piece; None where its words stand elsewhere."""
    entity_id, offsets, surface = _attributes(path, entity, "id", "charOffset", "text")
    pieces = [_PIECE.fullmatch(piece) for piece in offsets.split(";")]
    bounds = [(int(piece[1]), int(piece[2]) + 1) for piece in pieces if piece]  # the corpus counts the last character
    if len(bounds) < len(pieces):
        raise InputError(
            f"{path} line {entity.sourceline}: expected a charOffset such as 0-4 or 0-4;9-12, got {offsets!r:.40}."
        )
    stated = "".join("".join(text[start:end] for start, end in bounds).split())
    is_there = stated == "".join(surface.split()) and all(start < end <= len(text) for start, end in bounds)
    return entity_id, (min(bounds)[0], max(end for _, end in bounds)) if is_there else None


def _span(path: Path, pair: etree._Element, spans: Mapping[str, Span | None], entity_id: str) -> Span | None:
    if entity_id not in spans:
        raise InputError(f"{path} line {pair.sourceline}: expected an entity of its sentence, got {entity_id!r:.40}.")
    return spans[entity_id]


def _attributes(path: Path, element: etree._Element, *names: str) -> list[str]:
    values = [element.get(name) for name in names]
    if None in values:
        absent = names[values.index(None)]
        raise InputError(
            f"{path} line {element.sourceline}: expected the attribute {absent} of {element.tag}, got none."
        )
    return [str(value) for value in values]


def _label(path: Path, line: object, label: str) -> str:
    if label not in LABELS:
        raise InputError(f"{path} line {line}: expected an interaction among {', '.join(LABELS)}, got {label!r:.40}.")
    return label


TASK = MarkedPairs(
    name="ddi",
    title="drug–drug interaction",
    section=DDI,
    main=(("test", "micro_f1"),),
    source="DDICorpus-2013.zip is in the repository isegura/DDICorpus on GitHub.",
    read=read,
    labels=LABELS,
    metrics=("micro_f1", "accuracy", "macro_f1"),
    negative=frozenset({NO_RELATION}),
)
