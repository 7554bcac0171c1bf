"""Plain text: one document a file, or a folder of such files (*.txt, *.txt.gz) as one shard.

The document's identifier is the file's name without suffix: a number is taken as PMID. There is no title; paragraphs,
told apart by blank lines, are the sections. Line ends become line feeds, white space at both ends of a paragraph goes.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bali.errors import InputError
from bali.pubmed.files import LONGEST_RECORD, read_lines
from bali.pubmed.records import TEXT, Citation, compose_text, number_of

_BLANK_LINES = re.compile(r"\n\s*\n")
_SUFFIX = re.compile(r"\.txt(\.gz)?$", re.IGNORECASE)


def text_files(folder: Path) -> Sequence[Path]:
    """The plain texts of a folder, sorted by name; those of folders within it are left out."""
    return sorted(path for path in folder.iterdir() if _SUFFIX.search(path.name) and path.is_file())


def read_plain_text(path: Path) -> Iterator[Citation]:
    """Read a plain text, or those of a folder.

    Raises:
        InputError: a file is missing, cut or not UTF-8; a folder holds no plain text.
    """
    files = text_files(path) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path}: expected plain texts (*.txt, *.txt.gz) in the folder, found none.")
    for position, file in enumerate(files):
        yield _citation(file, position)


def _lines(file: Path) -> Iterator[str]:
    num_characters = 0
    for _, line in read_lines(file):
        num_characters += len(line) + 1
        if num_characters > LONGEST_RECORD:
            raise InputError(
                f"{file}: expected at most {LONGEST_RECORD} characters of one document, got more. Cut the document."
            )
        yield line


def _citation(file: Path, position: int) -> Citation:
    content = "\n".join(_lines(file))
    paragraphs = [paragraph.strip() for paragraph in _BLANK_LINES.split(content.replace("\r", "\n"))]
    text, sections = compose_text("", [(TEXT, paragraph) for paragraph in paragraphs])
    pmid, external_id = number_of(_SUFFIX.sub("", file.name))
    return Citation(
        position=position, pmid=pmid, version=1, title="", text=text, sections=sections, external_id=external_id
    )
