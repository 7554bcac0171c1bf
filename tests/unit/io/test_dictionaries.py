import numpy as np

from bali.io.dictionaries import dictionary_of


def test_numbers_become_strings_of_a_sorted_dictionary_without_repeats():
    to_arrow = dictionary_of(iter(["b", "a", "b", "\u00e9", ""]))
    found = to_arrow(np.array([0, 1, 2, 3, 4, 0], np.int16))
    assert found.to_pylist() == ["b", "a", "b", "\u00e9", "", "b"]
    assert found.dictionary.to_pylist() == ["", "a", "b", "\u00e9"]


def test_no_strings_and_no_rows():
    assert dictionary_of([])(np.empty(0, np.int32)).to_pylist() == []
