"""PubTator files (https://www.ncbi.nlm.nih.gov/research/pubtator/): title, abstract, annotations with offsets.

    PMID|t|title
    PMID|a|abstract
    PMID <tab> start <tab> end <tab> surface <tab> type <tab> identifier
    PMID <tab> relation type <tab> identifier <tab> identifier       (counted in a citation; read by `read_relations`)

Offsets count code points of the title, one separator and the abstract, so the text is kept exactly as it stands.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bali.errors import InputError
from bali.pubmed.annotations import place
from bali.pubmed.files import LONGEST_RECORD, read_lines
from bali.pubmed.records import ABSTRACT, Annotation, Citation, compose_text, parse_pmid

RELATION = "relation lines left out"
_OFFSET = re.compile(r"[0-9]{1,18}")


class Relation(NamedTuple):
    """A relation that a document states, e.g. CID (the chemical induces the disease); identifiers as in the file."""

    pmid: int
    type: str
    first: str
    second: str


@dataclass
class _Block:
    """The lines of one document so far."""

    pmid: int
    first_line: int
    texts: dict[str, str] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    num_characters: int = 0


def read_pubtator(path: Path) -> Iterator[Citation]:
    """Read a PubTator file, plain or gzipped; documents are told apart by their PMID.

    Raises:
        InputError: the file is missing, cut, not UTF-8, or a line is none of the four kinds.
    """
    for position, block in enumerate(_blocks(path)):
        yield _citation(path, block, position)


def read_relations(path: Path) -> Iterator[Relation]:
    """Read the relation lines of a PubTator file; an identifier that a line lacks is "".

    Raises:
        InputError: as `read_pubtator`, but for a document without a title.
    """
    for block in _blocks(path):
        yield from block.relations


def _blocks(path: Path) -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in read_lines(path):
        if not line.strip():
            if block is not None:
                yield block
            block = None
            continue
        pmid = _leading_pmid(path, number, line)
        if block is None or block.pmid != pmid:
            if block is not None:
                yield block
            block = _Block(pmid, number)
        block.num_characters += len(line)
        if block.num_characters > LONGEST_RECORD:
            raise InputError(
                f"{path} line {number}: expected at most {LONGEST_RECORD} characters of document {pmid}, got more."
                " Cut the document."
            )
        _add_line(path, number, line, block)
    if block is not None:
        yield block


def _leading_pmid(path: Path, number: int, line: str) -> int:
    pmid = parse_pmid(line[: len(line) - len(line.lstrip("0123456789"))])
    if pmid is None:
        raise _wrong_line(path, number, line)
    return pmid


def _add_line(path: Path, number: int, line: str, block: _Block) -> None:
    rest = line.lstrip("0123456789")
    if rest[:1] == "|" and rest[1:3] in {"t|", "a|"}:
        kind = rest[1]
        if kind in block.texts:
            raise InputError(
                f"{path} line {number}: expected one |{kind}| line per document, got a second for {block.pmid}."
            )
        block.texts[kind] = rest[3:]
        return
    columns = rest.split("\t")[1:]
    if not rest.startswith("\t") or len(columns) < 2:
        raise _wrong_line(path, number, line)
    if not (columns[0].isascii() and columns[0].isdigit()):
        first, second = (column.strip() for column in [*columns, ""][1:3])
        block.relations.append(Relation(block.pmid, columns[0], first, second))
    elif len(columns) >= 4 and all(map(_OFFSET.fullmatch, columns[:2])):
        identifier = columns[4].strip() if len(columns) > 4 else ""
        block.annotations.append(Annotation(int(columns[0]), int(columns[1]), columns[2], identifier, columns[3]))
    else:
        raise _wrong_line(path, number, line)


def _wrong_line(path: Path, number: int, line: str) -> InputError:
    return InputError(
        f"{path} line {number}: expected 'PMID|t|title', 'PMID|a|abstract' or tab-separated columns"
        f" (PMID, start, end, surface, type, identifier), got {line[:60]!r}."
    )


def _citation(path: Path, block: _Block, position: int) -> Citation:
    if "t" not in block.texts:
        raise InputError(
            f"{path} line {block.first_line}: expected a '{block.pmid}|t|' line for the document, got none."
        )
    title = block.texts["t"]
    abstract = block.texts.get("a", "")
    text, sections = compose_text(title, [(ABSTRACT, abstract)] if abstract.strip() else [])
    placed = place(text, block.annotations).finish()
    return Citation(
        position=position,
        pmid=block.pmid,
        version=1,
        title=title,
        text=text,
        sections=sections,
        annotations=placed.kept,
        num_annotations=placed.num_annotations,
        dropped_annotations=placed.dropped,
        notes=[RELATION] * len(block.relations),
    )
