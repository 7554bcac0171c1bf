import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.rrf.texts import Texts, join

STRINGS = st.lists(
    st.binary(max_size=20) | st.sampled_from([b"", b"\0", b"\0\0", b"a", b"a\0", b"a\0b", b"aaaaaaaa", b"aaaaaaaaa\0"]),
    max_size=40,
)


def texts(strings):
    return Texts(np.frombuffer(b"".join(strings), np.uint8), np.cumsum([0, *map(len, strings)]).astype(np.int64))


def strings(column):
    return [column[row] for row in range(len(column))]


@settings(max_examples=200, deadline=None)
@given(STRINGS, st.randoms(use_true_random=False))
def test_argsort_is_that_of_bytes_and_stable(values, chance):
    rows = np.array(chance.sample(range(len(values)), chance.randint(0, len(values))), np.int64)
    found = texts(values).argsort(rows)
    assert found.tolist() == sorted(rows.tolist(), key=lambda row: values[row])


def test_argsort_of_equal_prefixes_empty_texts_and_zero_bytes():
    values = [b"abcdefgh", b"abcdefg", b"", b"abcdefghi", b"abcdefgh\0", b"abcdefg\0", b"\0", b"abcdefgh", b"", b"\xff"]
    order = texts(values).argsort(np.arange(len(values)))
    expected = [2, 8, 6, 1, 5, 0, 7, 4, 3, 9]
    assert order.tolist() == expected
    assert [values[row] for row in expected] == sorted(values)


@settings(max_examples=100, deadline=None)
@given(STRINGS, STRINGS, STRINGS)
def test_join_take_and_slice(first, second, third):
    column = join([texts(first), texts(second), texts(third)])
    values = first + second + third
    assert strings(column) == values
    rows = np.arange(len(values))[::-2]
    assert strings(column.take(rows)) == values[::-2]
    assert strings(column.slice(slice(1, 4))) == values[1:4]
    assert column.bounds.dtype == np.int64


def test_join_of_nothing():
    assert len(join([])) == 0
    assert join([texts([]), texts([])]).to_arrow().to_pylist() == []


@settings(max_examples=100, deadline=None)
@given(STRINGS, st.sampled_from([b"", b"\0", b"a", b"a\0", b"aaaaaaaa"]))
def test_equal_finds_all(values, wanted):
    assert texts(values).equal(wanted).tolist() == [value == wanted for value in values]


def test_equal_neighbours_in_any_order():
    column = texts([b"x", b"y", b"x", b"", b""])
    assert column.equals_previous(np.array([0, 2, 1, 3, 4])).tolist() == [False, True, False, False, True]


def test_as_strings():
    values = ["", "β\u2028", "\0", "NA"]
    assert texts([value.encode() for value in values]).to_arrow().to_pylist() == values
    with pytest.raises(AssertionError, match="at most 2 GiB"):
        Texts(np.empty(0, np.uint8), np.array([0, 1 << 31])).to_arrow()
