"""Documents with gold mentions: PubTator files, and BioSyn's folders of `.concept` files (Sung et al. 2020).

A line of a `.concept` file is `PMID||start|end||type||mention||identifier`. BioSyn's preparation writes a composite
mention as its parts, `breast cancer|ovarian cancer`, with an identifier for each: each part is a mention here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bali.errors import InputError
from bali.pubmed.files import read_lines
from bali.pubmed.pubtator import read_pubtator
from bali.pubmed.records import Annotation, parse_pmid

_SUFFIX = ".concept"
_NUM_COLUMNS = 5
_OFFSET = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class GoldDocument:
    """A document of a linking set.

    Attributes:
        pmid: its PMID.
        text: title and abstract; empty where the format holds mentions only.
        annotations: its mentions.
        num_annotations: mentions in the file.
        dropped: a reason for each mention that is not among the annotations.
    """

    pmid: int
    text: str
    annotations: Sequence[Annotation]
    num_annotations: int
    dropped: Sequence[str] = field(default_factory=tuple)


def read_gold_documents(path: Path) -> Iterator[GoldDocument]:
    """Read a PubTator file (plain or gzipped), a `.concept` file, or a folder of such.

    Raises:
        InputError: a file is missing or broken, or the folder holds no `.concept` file.
    """
    if path.is_dir():
        files = sorted(path.glob(f"*{_SUFFIX}"))
        if not files:
            raise InputError(
                f"{path}: expected BioSyn's {_SUFFIX} files, found none. Name a PubTator file or a folder."
            )
        for file in files:
            yield from _read_concepts(file)
    elif path.suffix == _SUFFIX:
        yield from _read_concepts(path)
    else:
        for citation in read_pubtator(path):
            yield GoldDocument(
                citation.pmid,
                citation.text,
                citation.annotations,
                citation.num_annotations,
                citation.dropped_annotations,
            )


def _read_concepts(path: Path) -> Iterator[GoldDocument]:
    by_pmid: dict[int, list[Annotation]] = {}
    num_lines: dict[int, int] = {}
    for number, line in read_lines(path):
        if line.strip():
            pmid, annotations = _parse(path, number, line)
            by_pmid.setdefault(pmid, []).extend(annotations)
            num_lines[pmid] = num_lines.get(pmid, 0) + len(annotations)
    for pmid, annotations in by_pmid.items():
        yield GoldDocument(pmid, "", annotations, num_lines[pmid])


def _parse(path: Path, number: int, line: str) -> tuple[int, list[Annotation]]:
    columns = line.split("||")
    span = columns[1].split("|") if len(columns) == _NUM_COLUMNS else []
    pmid = parse_pmid(columns[0].strip())
    if pmid is None or len(span) != 2 or not all(_OFFSET.fullmatch(part.strip()) for part in span):
        raise InputError(
            f"{path} line {number}: expected 'PMID||start|end||type||mention||identifier', got {line.strip()[:60]!r}."
        )
    start, end = map(int, span)
    kind, mention, identifier = (column.strip() for column in columns[2:])
    mentions, identifiers = mention.split("|"), identifier.split("|")
    if len(mentions) != len(identifiers):
        mentions, identifiers = [mention], [identifier]
    pairs = zip(mentions, identifiers, strict=True)
    return pmid, [Annotation(start, end, surface, name, kind) for surface, name in pairs]
