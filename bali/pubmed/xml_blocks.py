"""PubMed XML in blocks of whole records, without the parts that nothing is read from.

An XML parser spends most of its time on what is not read: history and reference lists (PubmedData), authors with
their affiliations. These parts are cut out of the bytes before; their line feeds stay, so that a parser
counts lines as before. What is not read is not checked either: an error within such a part goes unnoticed.
"""

from collections.abc import Iterator
from typing import BinaryIO

_BLOCK_BYTES = 1 << 17  # larger ones leave the cache between cutting and parsing
_LONGEST_RECORD = 1 << 24
_FIRST_RECORD = b"<PubmedArticle>"
_RECORD_END = b"</PubmedArticle>"
_UNREAD = (
    (b"<PubmedData>", b"</PubmedData>"),
    (b"<AuthorList ", b"</AuthorList>"),
)


def record_blocks(stream: BinaryIO, num_head: int = 0) -> Iterator[bytes]:
    """The bytes of the file in order, unread parts left out. All else, also what is no XML, stays as it is.

    Args:
        stream: a PubMed XML file; one of another root, or in another encoding than ASCII's, is passed on untouched.
        num_head: bytes at its start that are passed on untouched.
    """
    if num_head:
        yield stream.read(num_head)
    rest = stream.read(_BLOCK_BYTES)
    start = rest.find(_FIRST_RECORD)
    if start < 0:
        yield rest
        rest = b""
    else:
        yield rest[:start]
        rest = rest[start:]
    while block := stream.read(_BLOCK_BYTES):
        rest += block
        end = rest.rfind(_RECORD_END) + len(_RECORD_END)
        if end >= len(_RECORD_END):
            yield _without_unread(rest[:end])
            rest = rest[end:]
        elif start < 0 or len(rest) > _LONGEST_RECORD:
            yield rest
            rest = b""
    yield _without_unread(rest)


def _without_unread(block: bytes) -> bytes:
    """The block of whole records without the parts of `_UNREAD`; as it is where it holds comments and their like."""
    if _holds_declarations(block):
        return block
    for start, end in _UNREAD:
        block = _cut(block, start, end)
    return block


def _holds_declarations(block: bytes) -> bool:
    """Whether there are comments, CDATA or instructions: they may hold what looks like a tag."""
    return any(mark in block and b"<" + mark in block for mark in (b"!", b"?"))  # the rare byte alone is found faster


def _cut(block: bytes, start: bytes, end: bytes) -> bytes:
    first, *others = block.split(start)
    kept = [first]
    for other in others:
        unread, closing, following = other.partition(end)
        if not closing:
            return block
        kept += [b"\n" * unread.count(b"\n"), following]
    return b"".join(kept)
