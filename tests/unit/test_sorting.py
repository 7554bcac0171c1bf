import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.sorting import changes, sort_keys

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


def test_changes():
    assert changes(np.array([1, 1, 2, 1, 1])).tolist() == [True, False, True, True, False]
    assert changes(np.array([], np.int64)).tolist() == []
