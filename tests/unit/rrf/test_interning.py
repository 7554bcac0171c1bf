import numpy as np
import pytest

from bali.rrf.interning import Interner


def place(rows):
    """Rows of values as a block, their marks, and all their columns."""
    data, marks = bytearray(), np.zeros((len(rows), len(rows[0]) + 1), np.int32)
    for row, values in enumerate(rows):
        marks[row, 0] = len(data) - 1
        for column, value in enumerate(values):
            data += value.encode()
            marks[row, column + 1] = len(data)
            data += b"|"
        data += b"\n"
    return np.frombuffer(bytes(data), np.uint8), marks, np.arange(len(rows[0]))


def test_numbers_follow_the_first_meeting():
    interner = Interner()
    rows = [("a", "b"), ("b", "a"), ("a", "b"), ("ab", ""), ("", "ab"), ("é", "\u2028")]
    assert interner.number(*place(rows)).tolist() == [0, 1, 0, 2, 3, 4]
    assert interner.strings(0) == [("a", "b"), ("b", "a"), ("ab", ""), ("", "ab"), ("é", "\u2028")]
    assert interner.number(*place([("", "ab"), ("new", "x")])).tolist() == [3, 5]
    assert interner.strings(5) == [("new", "x")]
    assert interner.strings(6) == []


@pytest.mark.parametrize("per_block", [7, 1000, 20_000])
def test_it_grows_over_thousands_of_keys(per_block):
    """As a dictionary, block by block, with keys of all lengths, beyond every array's first size."""
    rows = [(f"k{number * 7919 % 20_011}", "x" * (number % 37)) for number in range(20_000)]
    rows += [(first, second) for first, second in rows[::-3]]
    interner, expected, found = Interner(), {}, []
    for start in range(0, len(rows), per_block):
        found += interner.number(*place(rows[start : start + per_block])).tolist()
    assert found == [expected.setdefault(row, len(expected)) for row in rows]
    assert len(expected) > 10_000
    assert interner.strings(0) == list(expected)
    assert interner.strings(19_990) == list(expected)[19_990:]


def test_one_key_longer_than_all_memory_so_far():
    interner = Interner()
    rows = [("x" * 100_000, "a"), ("y", "b" * 30_000), ("x" * 99_999, "a")]
    assert interner.number(*place(rows)).tolist() == [0, 1, 2]
    assert interner.strings(0) == rows


def test_keys_that_differ_in_the_middle_only():
    rows = [(f"abc{number:05d}xyz", "same") for number in range(2000)]
    interner = Interner()
    assert interner.number(*place(rows)).tolist() == list(range(2000))
    assert interner.number(*place(rows[::-1])).tolist() == list(range(2000))[::-1]
    assert interner.strings(0) == rows


def test_values_at_the_end_of_a_block():
    rows = [("a", "b" * length) for length in range(30)]
    interner = Interner()
    assert [interner.number(*place([row])).item() for row in rows] == list(range(30))
    assert interner.strings(0) == rows
    assert interner.number(*place(rows)).tolist() == list(range(30))


def test_zero_bytes_are_part_of_a_value():
    interner = Interner()
    rows = [
        ("a", "b"),
        ("a\0", "b"),
        ("a", "\0b"),
        ("a\0\0\0\0\0\0\0", "b"),
        ("\0" * 8, ""),
        ("\0" * 7, ""),
        ("", "\0" * 8),
    ]
    assert interner.number(*place(rows)).tolist() == list(range(len(rows)))
    assert interner.strings(0) == rows


@pytest.mark.parametrize("length", range(20))
def test_values_of_all_lengths_at_all_places(length):
    """The last value ends with the block, so its last word cannot be read whole."""
    interner = Interner()
    rows = [("y" * shift, "x" * (length - 1) + end) for shift in range(9) for end in "ab"]
    numbers = [int(interner.number(*place([row]))[0]) for row in rows]
    assert numbers == list(range(len(rows)))
    assert interner.number(*place(rows[::-1])).tolist() == numbers[::-1]
    assert interner.strings(0) == rows


def test_some_columns_in_the_order_asked():
    text, marks, _ = place([("a", "b", "c"), ("a", "x", "c"), ("c", "b", "a")])
    interner = Interner()
    assert interner.number(text, marks, np.array([2, 0])).tolist() == [0, 0, 1]
    assert interner.strings(0) == [("c", "a"), ("a", "c")]
