import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.sorting import changes, is_sorted, settle, sort_keys, take

LARGEST = (1 << 63) - 1
KEYS = st.integers(0, LARGEST) | st.integers(0, 5000) | st.sampled_from([0, 2047, 2048, 1 << 22, LARGEST, LARGEST - 1])


@settings(max_examples=300, deadline=None)
@given(st.lists(KEYS, max_size=60))
def test_sorted_as_numpy_does(values):
    keys = np.array(values, np.int64)
    np.testing.assert_array_equal(sort_keys(keys.copy()), np.sort(keys))


@pytest.mark.parametrize("bits", [1, 10, 11, 12, 22, 33, 45, 55, 62, 63])
def test_many_keys_of_each_width(bits):
    keys = np.random.default_rng(bits).integers(0, (1 << bits) - 1, 50_000, endpoint=True)
    expected = np.sort(keys)
    assert len(expected) == 50_000
    np.testing.assert_array_equal(sort_keys(keys), expected)


def test_keys_that_share_digits():
    """Rounds in which all keys have the same digit move nothing."""
    keys = (np.arange(1000)[::-1] << 40) + (5 << 11) + 3
    np.testing.assert_array_equal(sort_keys(keys.copy()), np.sort(keys))


@pytest.mark.parametrize("lowest_bit", [0, 5, 11, 30, 62, 63])
def test_bits_below_the_lowest_do_not_count(lowest_bit):
    """Keys that are equal in the others keep their order."""
    keys = np.random.default_rng(lowest_bit).integers(0, LARGEST, 20_000, endpoint=True)
    keys &= (7 << 60) | (3 << 35) | (3 << 12) | 63  # few values in each part
    assert len(np.unique(keys >> 30)) < len(keys) // 10
    expected = keys[np.argsort(keys >> lowest_bit, kind="stable")]
    np.testing.assert_array_equal(sort_keys(keys.copy(), lowest_bit), expected)


@settings(max_examples=100, deadline=None)
@given(st.lists(KEYS, max_size=40))
def test_settled_keys_are_sorted(values):
    keys = np.array(values, np.int64)
    settle(keys)
    assert keys.tolist() == sorted(values)
    assert is_sorted(keys)
    assert is_sorted(np.array(values, np.int64)) == (values == sorted(values))


def test_changes():
    assert changes(np.array([1, 1, 2, 1, 1])).tolist() == [True, False, True, True, False]
    assert changes(np.array([], np.int64)).tolist() == []


@pytest.mark.parametrize("positions", [np.int16, np.int32, np.int64])
def test_values_are_taken(positions):
    values = np.array([5, 7, 9], np.int8)
    taken = take(values, np.array([2, 0, 2], positions))
    assert taken.tolist() == [9, 5, 9]
    assert taken.dtype == np.int8
    assert take(values, np.array([], positions)).tolist() == []
