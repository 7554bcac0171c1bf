import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bali import concept_ids

IDS = (
    st.integers(0, 9_999_999).map(lambda number: f"C{number:07d}")
    | st.integers(0, 999_999).map(lambda number: f"CN{number:06d}")
    | st.integers(0, 9_999_999).map(lambda number: f"R{number:07d}")
)


@settings(max_examples=200, deadline=None)
@given(st.lists(IDS, min_size=1, max_size=30))
def test_numbers_are_as_good_as_the_strings(ids):
    numbers = concept_ids.parse(pa.array(ids))
    assert concept_ids.write(numbers).to_pylist() == ids
    assert [ids[row] for row in np.argsort(numbers, kind="stable")] == sorted(ids)
    assert numbers.min() >= 0
    assert numbers.max() < concept_ids.MAX_NUMBERS


def test_the_ends_of_the_three_forms():
    ids = ["C0000000", "C9999999", "CN000000", "CN999999", "R0000000", "R9999999"]
    numbers = concept_ids.parse(pa.array(ids))
    assert numbers.tolist() == [0, 9_999_999, 10_000_000, 10_999_999, 11_000_000, 20_999_999]
    assert numbers[-1] == concept_ids.MAX_NUMBERS - 1
    assert concept_ids.write(numbers).to_pylist() == ids


@pytest.mark.parametrize(
    "other",
    ["", "C", "C000001", "C00000012", "c0000001", "D0000001", "C000000x", "CN00001x", "RN000001", "CN0000001",
     " C0000001", "C0000001 ", "C000000:", "C000000/", "C00000\u00e9", "CNN00001", "\0" * 8],
)  # fmt: skip
def test_what_is_none(other):
    assert concept_ids.parse(pa.array([other, "C0000001"])).tolist() == [concept_ids.UNKNOWN, 1]


def test_every_byte_at_every_place():
    """Against a plain reading of the three forms."""
    found = 0
    for original in (b"C1234567", b"CN123456", b"R1234567"):
        rows = [original[:place] + bytes([byte]) + original[place + 1 :] for place in range(8) for byte in range(256)]
        data, starts = np.frombuffer(b"".join(rows), np.uint8), np.arange(0, 8 * len(rows), 8)
        numbers = concept_ids.parse_spans(data, starts, starts + 8).tolist()
        for row, number in zip(rows, numbers, strict=True):
            form = next(
                (form for form in (b"CN", b"C", b"R") if row.startswith(form) and row[len(form) :].isdigit()), None
            )
            first = {b"C": 0, b"CN": 10_000_000, b"R": 11_000_000}
            assert number == (-1 if form is None else first[form] + int(row[len(form) :])), row
            found += form is not None
    assert found > 200


def test_all_kinds_of_arrow_strings():
    ids = ["R0000001", "C0000001", "CN000001", "C0000002"]
    expected = [11_000_001, 1, 10_000_001, 2]
    assert concept_ids.parse(pa.array(ids, pa.large_string())).tolist() == expected
    assert concept_ids.parse(pa.array(ids)[1:3]).tolist() == expected[1:3]
    assert concept_ids.parse(pa.chunked_array([pa.array(ids)[2:], pa.array(ids)[:2]])).tolist() == [
        *expected[2:],
        *expected[:2],
    ]
    assert concept_ids.parse(pa.array([], pa.string())).tolist() == []
    assert concept_ids.parse(pa.chunked_array([], pa.string())).tolist() == []
    assert concept_ids.parse(pa.array(["", ""])).tolist() == [-1, -1]
    with pytest.raises(AssertionError, match="must not be null"):
        concept_ids.parse(pa.array(["C0000001", None]))
    with pytest.raises(AssertionError, match="expected strings, got int64"):
        concept_ids.parse(pa.array([1]))


def test_positions_in_a_list():
    index = concept_ids.index_of(np.array([3, 20_999_999, 0], np.int32))
    assert index.shape == (concept_ids.MAX_NUMBERS,)
    assert index[[3, 20_999_999, 0]].tolist() == [0, 1, 2]
    assert index[[1, 2, 10_000_000]].tolist() == [concept_ids.UNKNOWN] * 3
    assert (index >= 0).sum() == 3
