import numpy as np
import pytest

from bali.rrf.interning import Interner


def place(rows):
    """Rows of values as a block, where the values lie, and all their columns."""
    data, where, position = bytearray(), np.zeros((len(rows[0]), 2, len(rows)), np.int32), 0
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            raw = value.encode()
            where[column, :, row] = position, position + len(raw)
            data += raw + b"|"
            position = len(data)
        data += b"\n"
        position += 1
    return np.frombuffer(bytes(data), np.uint8), where, np.arange(len(rows[0]))


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


def test_some_columns_in_the_order_asked():
    text, where, _ = place([("a", "b", "c"), ("a", "x", "c"), ("c", "b", "a")])
    interner = Interner()
    assert interner.number(text, where, np.array([2, 0])).tolist() == [0, 0, 1]
    assert interner.strings(0) == [("c", "a"), ("a", "c")]
