import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.pair_keys import PairKeys


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 21_000_000), st.data())
def test_keys_come_apart_again_and_order_as_their_parts(num_concepts, data):
    keys = PairKeys.over(num_concepts)
    concept, label = st.integers(0, max(0, num_concepts - 1)), st.integers(0, min(keys.max_labels, 1 << 31) - 1)
    rows = data.draw(st.lists(st.tuples(concept, concept, label), min_size=1, max_size=20))
    columns = np.array(rows, np.int64).T
    packed = keys.pack(*columns)
    assert packed.dtype == np.int64
    assert packed.min() >= 0
    for found, expected in zip((keys.first(packed), keys.second(packed), keys.label(packed)), columns, strict=True):
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, expected)
    assert [rows[row] for row in np.argsort(packed, kind="stable")] == sorted(rows)


@pytest.mark.parametrize(("num_concepts", "concept_bits"), [(0, 1), (1, 1), (2, 2), (1 << 20, 21), (21_000_000, 25)])
def test_most_bits_are_left_to_the_label(num_concepts, concept_bits):
    keys = PairKeys.over(num_concepts)
    assert (keys.concept_bits, keys.max_labels) == (concept_bits, 1 << (63 - 2 * concept_bits))
    highest = np.array([max(0, num_concepts - 1)])
    assert keys.pack(highest, highest, np.array([keys.max_labels - 1]))[0] > 0


def test_32_bit_columns_do_not_overflow_and_are_not_changed():
    keys = PairKeys.over(4_000_000)
    first, second = np.array([3_999_999], np.int32), np.array([2], np.int32)
    packed = keys.pack(first, second, np.array([99_999], np.int32))
    assert (keys.first(packed)[0], keys.second(packed)[0], keys.label(packed)[0]) == (3_999_999, 2, 99_999)
    assert (first[0], second[0]) == (3_999_999, 2)


def test_relabelling_works_slice_by_slice(monkeypatch):
    monkeypatch.setattr("bali.pair_keys._SLICE", 3)
    keys = PairKeys.over(100)
    first, second, label = np.arange(10), np.arange(10)[::-1].copy(), np.arange(10) % 4
    packed = keys.pack(first, second, label)
    keys.relabel(packed, np.array([7, 5, 1 << 20, 0]))
    np.testing.assert_array_equal(packed, keys.pack(first, second, np.array([7, 5, 1 << 20, 0])[label]))


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [3, 1, 0, 2], [0, 1, 2, 7]])
def test_labels_are_replaced_in_place(labels):
    keys = PairKeys.over(100)
    columns = np.array([[5, 99, 0, 7], [1, 2, 99, 0], [0, 1, 2, 3]])
    packed = keys.pack(*columns)
    keys.relabel(packed, np.array(labels, np.int64))
    assert keys.label(packed).tolist() == labels
    assert keys.first(packed).tolist() == columns[0].tolist()
    assert keys.second(packed).tolist() == columns[1].tolist()
