"""Damaged copies of valid files, each made from (reader, seed) alone."""

import gzip
import random
import re
from collections.abc import Callable, Sequence

LONGEST = 1 << 16  # bytes of a mutated file
_PIECE = re.compile(rb'"[^"\n]{0,80}"|[0-9]+|\w+|[^\w\s]')
_NUMBERS = (
    *(b"0", b"-1", b"1", b"00", b"255", b"65536", b"2147483647", b"2147483648", b"4294967296", b"9223372036854775807"),
    *(b"9223372036854775808", b"-9223372036854775809", b"9" * 30, b"9" * 4400, b"1e999", b"-0.0", b"NaN", b"1.5"),
    *("٣".encode(), "²".encode(), b"0x", b"0b_", b"1_0", b"+7", b" 7 "),
)
_CHARACTERS = (
    *(b"\0", b"\r", b"\n", b"\r\n", b"\t", b"\x0b", b"\x0c", b"\x1a", b"\x1c", b"\x1f", b"\x7f", b"\xff", b"\xfe"),
    *(b"\xc0\x80", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xff\xfe"),
    *("\x85\u2028\u2029\u200b\u202e\ufffe\U0010ffff\U0001f9ec İıßǅﬁéé́".encode(), b"\\u0000", b"\\ud800", b"\\"),
)

Draw = random.Random
Mutation = Callable[[bytes, Draw, Sequence[bytes], Sequence[bytes]], bytes]


def mutate(draw: Draw, seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """One seed with one to some mutations, at times packed; every fiftieth is whole, as a check of the seeds.

    Args:
        draw: the source of chance.
        seeds: valid contents.
        tokens: what means something in the format.
    """
    data = draw.choice(seeds)
    if draw.random() < 0.02:
        return data
    while True:
        data = draw.choice(_MUTATIONS)(data, draw, seeds, tokens)[:LONGEST]
        if draw.random() < 0.5:
            return _pack(data, draw)


def _slice(data: bytes, draw: Draw, longest: int = 200) -> tuple[int, int]:
    start = draw.randrange(len(data) + 1)
    return start, min(len(data), start + draw.choice((1, 2, 8, 40, longest)))


def _flip(data: bytes, draw: Draw, *_: object) -> bytes:
    if not data:
        return data
    place = draw.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << draw.randrange(8)]) + data[place + 1 :]


def _insert(data: bytes, draw: Draw, *_: object) -> bytes:
    place = draw.randrange(len(data) + 1)
    return data[:place] + draw.randbytes(draw.randint(1, 4)) + data[place:]


def _delete(data: bytes, draw: Draw, *_: object) -> bytes:
    start, end = _slice(data, draw)
    return data[:start] + data[end:]


def _duplicate(data: bytes, draw: Draw, *_: object) -> bytes:
    start, end = _slice(data, draw)
    return data[:end] + data[start:end] * draw.choice((1, 1, 2, 50)) + data[end:]


def _move(data: bytes, draw: Draw, *_: object) -> bytes:
    start, end = _slice(data, draw)
    rest = data[:start] + data[end:]
    place = draw.randrange(len(rest) + 1)
    return rest[:place] + data[start:end] + rest[place:]


def _splice(data: bytes, draw: Draw, seeds: Sequence[bytes], _tokens: Sequence[bytes]) -> bytes:
    other = draw.choice(seeds)
    return data[: draw.randrange(len(data) + 1)] + other[draw.randrange(len(other) + 1) :]


def _cut(data: bytes, draw: Draw, *_: object) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _insert_token(data: bytes, draw: Draw, _seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    place = draw.randrange(len(data) + 1)
    return data[:place] + draw.choice(draw.choice((tokens, _CHARACTERS))) + data[place:]


def _replace_piece(data: bytes, draw: Draw, _seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A word, number, quoted text or sign by a token, a number, an odd character or nothing."""
    found = _PIECE.search(data, draw.randrange(len(data) + 1))
    if found is None:
        return data
    piece = draw.choice(draw.choice((tokens, tokens, _NUMBERS, _NUMBERS, _CHARACTERS, (b"",))))
    return data[: found.start()] + piece + data[found.end() :]


def _nest(data: bytes, draw: Draw, _seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """One token very often."""
    place = draw.randrange(len(data) + 1)
    token = draw.choice((*tokens, b"[", b"{", b'{"a":', b"<a>", b"("))
    return data[:place] + token * draw.choice((20, 300, 990, 3000)) + data[place:]


def _change_line_ends(data: bytes, draw: Draw, *_: object) -> bytes:
    return data.replace(b"\n", draw.choice((b"\r\n", b"\r", b"", b"\n\n", b" \n", b"\0\n")))


def _shuffle_lines(data: bytes, draw: Draw, *_: object) -> bytes:
    lines = data.split(b"\n")
    draw.shuffle(lines)
    return b"\n".join(lines)


_MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _insert, _delete, _duplicate, _move, _splice, _cut, _insert_token, _insert_token),
    *(_replace_piece, _replace_piece, _replace_piece, _replace_piece, _nest, _change_line_ends, _shuffle_lines),
)


def _pack(data: bytes, draw: Draw) -> bytes:
    kind = draw.random()
    if kind < 0.95:
        return data
    if kind < 0.96:
        return b"\xef\xbb\xbf" + data
    if kind < 0.965:
        return data.decode("latin-1").encode("utf-16")
    packed = gzip.compress(data, 1, mtime=0)
    if kind < 0.985:
        return packed
    return _cut(packed, draw) if kind < 0.993 else _flip(packed, draw)
