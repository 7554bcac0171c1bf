import itertools

import numpy as np
import pytest

from bali.rrf import spans


def block(data):
    return np.frombuffer(data, np.uint8)


def test_spans_are_copied_in_the_order_of_the_rows():
    data = block(b"abcdef")
    starts, ends = np.array([0, 2, 2, 5], np.int32), np.array([2, 2, 5, 6], np.int32)
    copied, bounds = spans.copy_spans(data, starts, ends, np.array([2, 1, 0, 0], np.int64))
    assert copied.tobytes() == b"cdeabab"
    assert bounds.tolist() == [0, 3, 3, 5, 7]
    assert spans.copy_spans(data, starts, ends, np.array([], np.int64))[1].tolist() == [0]


def test_spans_of_all_lengths_up_to_the_end_of_the_data():
    data = bytes(range(100))
    spans_of = [(start, start + length) for length in range(60) for start in (0, 1, 40 - length % 40, 100 - length)]
    starts, ends = (np.array(column, np.int64) for column in zip(*spans_of, strict=True))
    copied, bounds = spans.copy_spans(block(data), starts, ends, np.arange(len(spans_of)))
    found = [copied[first:last].tobytes() for first, last in itertools.pairwise(bounds.tolist())]
    assert found == [data[start:end] for start, end in spans_of]


def as_texts(strings):
    bounds = np.cumsum([0, *map(len, strings)]).astype(np.int64)
    return block(b"".join(strings)), bounds


@pytest.mark.parametrize("size", [1, 2, 10, 100, 1000])
def test_groups_are_sorted_by_bytes(size):
    chance = np.random.default_rng(size)
    strings = [bytes(chance.integers(97, 100, chance.integers(0, 6)).tolist()) for _ in range(3 * size)]
    data, bounds = as_texts(strings)
    rows = np.arange(3 * size)
    starts = np.array([0, size, 2 * size, 3 * size])
    spans.sort_groups(data, bounds, starts, rows)
    for group in range(3):
        members = range(group * size, (group + 1) * size)
        assert sorted(rows[members].tolist()) == list(members)
        assert [strings[row] for row in rows[members]] == sorted(strings[row] for row in members)


def test_prefixes_come_first_and_high_bytes_last():
    strings = [b"ab", b"a", b"", b"\xc3\xa9", b"a\x00", b"z", b"ab"]
    data, bounds = as_texts(strings)
    rows = np.arange(len(strings))
    spans.sort_groups(data, bounds, np.array([0, len(strings)]), rows)
    assert [strings[row] for row in rows] == [b"", b"a", b"a\x00", b"ab", b"ab", b"z", b"\xc3\xa9"]
    assert spans.equals_previous(data, bounds, rows).tolist() == [False] * 4 + [True, False, False]


def test_equal_neighbours():
    data, bounds = as_texts([b"", b"", b"a", b"ab", b"ab", b"ac"])
    assert spans.equals_previous(data, bounds, np.arange(6)).tolist() == [False, True, False, False, True, False]
    assert spans.equals_previous(data, bounds, np.array([4, 3, 0])).tolist() == [False, True, False]
    assert spans.equals_previous(data, bounds, np.array([], np.int64)).tolist() == []


def test_words_of_eight_bytes():
    data, bounds = as_texts([b"abcdefghij", b"", b"b"])
    rows = np.array([0, 1, 2])
    first = [int.from_bytes(b"abcdefgh"), 0, int.from_bytes(b"b\0\0\0\0\0\0\0")]
    assert spans.pack_word(data, bounds, rows, 0).tolist() == first
    assert spans.pack_word(data, bounds, rows, 1).tolist() == [int.from_bytes(b"ij\0\0\0\0\0\0"), 0, 0]
