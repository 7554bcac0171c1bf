import numpy as np
import pytest

from bali.rrf import scanning


def block(text):
    return np.frombuffer(text if isinstance(text, bytes) else text.encode(), np.uint8)


def values(text, slots):
    """The wanted values of each row; `slots` as `find_values` takes them."""
    lines = block(text)
    num_wanted = max(slots) + 1
    where = np.zeros((num_wanted, 2, scanning.count_lines(lines)), np.int32)
    wrong, is_ascii = scanning.find_values(lines, len(slots), np.array(slots, np.int64), where)
    data = lines.tobytes()
    found = [[data[start:end].decode() for start, end in where[place].T] for place in range(num_wanted)]
    return wrong, is_ascii, found


def test_lines_are_counted():
    assert scanning.count_lines(block("a\nb\n\nc")) == 3
    assert scanning.last_newline(block("a\nb\nc")) == 3
    assert scanning.last_newline(block("abc")) == scanning.last_newline(block("")) == -1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_of_the_wanted_values(end):
    text = end.join(["a|bb||", "|é|xyz|", "1|2|3|", ""])
    wrong, is_ascii, found = values(text, [1, -1, 0])
    assert wrong == scanning.WHOLE
    assert not is_ascii
    assert found == [["", "xyz", "3"], ["a", "", "1"]]
    assert values("a|b|c|\n", [0, 1, 2])[1]


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
    ],
)
def test_the_first_wrong_row(text, row):
    assert values(text, [0, 1, 2])[0] == row


def test_spans_are_copied_in_the_order_of_the_rows():
    data = block("abcdef")
    starts, ends = np.array([0, 2, 2, 5], np.int32), np.array([2, 2, 5, 6], np.int32)
    copied, bounds = scanning.copy_spans(data, starts, ends, np.array([2, 1, 0, 0], np.int64))
    assert copied.tobytes() == b"cdeabab"
    assert bounds.tolist() == [0, 3, 3, 5, 7]
    assert scanning.copy_spans(data, starts, ends, np.array([], np.int64))[1].tolist() == [0]


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
    scanning.sort_groups(data, bounds, starts, rows)
    for group in range(3):
        members = range(group * size, (group + 1) * size)
        assert sorted(rows[members].tolist()) == list(members)
        assert [strings[row] for row in rows[members]] == sorted(strings[row] for row in members)


def test_prefixes_come_first_and_high_bytes_last():
    strings = [b"ab", b"a", b"", b"\xc3\xa9", b"a\x00", b"z", b"ab"]
    data, bounds = as_texts(strings)
    rows = np.arange(len(strings))
    scanning.sort_groups(data, bounds, np.array([0, len(strings)]), rows)
    assert [strings[row] for row in rows] == [b"", b"a", b"a\x00", b"ab", b"ab", b"z", b"\xc3\xa9"]
    assert scanning.equals_previous(data, bounds, rows).tolist() == [False] * 4 + [True, False, False]


def test_equal_neighbours():
    data, bounds = as_texts([b"", b"", b"a", b"ab", b"ab", b"ac"])
    assert scanning.equals_previous(data, bounds, np.arange(6)).tolist() == [False, True, False, False, True, False]
    assert scanning.equals_previous(data, bounds, np.array([4, 3, 0])).tolist() == [False, True, False]
    assert scanning.equals_previous(data, bounds, np.array([], np.int64)).tolist() == []


def test_words_of_eight_bytes():
    data, bounds = as_texts([b"abcdefghij", b"", b"b"])
    rows = np.array([0, 1, 2])
    first = [int.from_bytes(b"abcdefgh"), 0, int.from_bytes(b"b\0\0\0\0\0\0\0")]
    assert scanning.pack_word(data, bounds, rows, 0).tolist() == first
    assert scanning.pack_word(data, bounds, rows, 1).tolist() == [int.from_bytes(b"ij\0\0\0\0\0\0"), 0, 0]
