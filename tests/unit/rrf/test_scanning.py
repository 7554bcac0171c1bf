import itertools

import numpy as np
import pytest

from bali.rrf import scanning


def block(text):
    return np.frombuffer(text if isinstance(text, bytes) else text.encode(), np.uint8)


def values(text, num_columns=3):
    """The first wrong row, whether all is ASCII, and the values of each row."""
    lines = block(text)
    num_rows = scanning.count_lines(lines)
    marks = np.full(1 + num_rows * (num_columns + 1) + scanning.SPARE, -7, np.int32)
    wrong, is_ascii = scanning.find_marks(lines, num_columns, marks)
    data = lines.tobytes()
    rows = marks[: -1 - scanning.SPARE].reshape(num_rows, num_columns + 1).tolist()
    return wrong, is_ascii, [[data[before + 1 : end] for before, end in itertools.pairwise(row)] for row in rows]


def test_lines_are_counted():
    assert scanning.count_lines(block("a\nb\n\nc")) == 3
    assert scanning.last_newline(block("a\nb\nc")) == 3
    assert scanning.last_newline(block("abc")) == scanning.last_newline(block("")) == -1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_enclose_the_values(end):
    text = end.join(["a|bb||", "|é|xyz|", "1|2|3|", ""])
    wrong, is_ascii, found = values(text)
    assert wrong == scanning.WHOLE
    assert not is_ascii
    assert [[value.decode() for value in row] for row in found] == [["a", "bb", ""], ["", "é", "xyz"], ["1", "2", "3"]]


def test_every_byte_but_the_marks_is_part_of_a_value():
    """Of 64 bytes looked at at once no other may look like a pipe or a newline, wherever it stands."""
    others = bytes(byte for byte in range(256) if byte not in b"\n\r|")
    for shift in range(64):
        row = [b"x" * shift, others, others[::-1]]
        text = b"".join(b"|".join([*row, b"\n"]) for _ in range(3))
        assert values(text) == (scanning.WHOLE, False, [row] * 3)
    assert values(b"".join(bytes([byte]) + b"|a|b|\n" for byte in others if byte < 128))[1]
    for shift in range(130):
        assert not values(b"x" * shift + b"\x80|a|b|\n")[1]


def test_blocks_of_every_length():
    for length in range(200):
        row = [b"a" * (length // 2), b"", b"b" * (length - length // 2)]
        assert values(b"|".join([*row, b"\n"])) == (scanning.WHOLE, True, [row])
        assert values(b"|".join([*row, b"\r\n"])) == (scanning.WHOLE, True, [row])
        assert values(b"|".join([*row, b"", b"\n"]))[0] == values(b"|".join([*row[1:], b"\n"]))[0] == 0


@pytest.mark.parametrize("num_columns", [1, 2, 3, 18])
def test_rows_of_all_lengths(num_columns):
    chance = np.random.default_rng(num_columns)
    rows = [[b"v" * int(length) for length in chance.integers(0, 12, num_columns)] for _ in range(500)]
    assert values(b"".join(b"|".join([*row, b"\n"]) for row in rows), num_columns) == (scanning.WHOLE, True, rows)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("a|b|c|\na|b|\n", 1),
        ("a|b|c|d|\n", 0),
        ("a|b|c|d\n", 0),
        ("\n", 0),
        ("a|b|c|\na|b|c|\n|||x\n", 2),
        ("a|b\r|c|\n", 0),
        ("a|b|c|\r\r\n", 0),
        ("a|b|c|\na\r\n|b|c|\n", 1),
        ("a|b|c|\na|b|\nc|a|b|c|\n", 1),
        ("a|b|c|\n" * 9 + "a|b|c||\n|b|\n", 9),
        ("|||\r\n|||\n|\r||\n", 2),
        ("a|b|c|\n" + "|" * 99 + "\n", 1),
    ],
)
def test_the_first_wrong_row(text, row):
    assert values(text)[0] == row
