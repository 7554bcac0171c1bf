"""Annotations hold in code points or are dropped with a reason; none is moved."""

import pytest

from bali.pubmed.annotations import BYTE_OFFSETS, DUPLICATE, OFFSET_MISMATCH, Placed, place
from bali.pubmed.records import Annotation

TEXT = "β \U0001f9ec fever, fever"


def annotation(start: int, end: int, surface: str = "fever") -> Annotation:
    return Annotation(start, end, surface, "D1", "Disease")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (annotation(4, 9), None),
        (annotation(8, 13), BYTE_OFFSETS),
        (annotation(5, 10), OFFSET_MISMATCH),  # UTF-16 units
        (annotation(-5, len(TEXT)), OFFSET_MISMATCH),
        (annotation(11, 99), OFFSET_MISMATCH),
        (annotation(4, 4, ""), OFFSET_MISMATCH),
        (annotation(9, 4, ""), OFFSET_MISMATCH),
    ],
)
def test_offsets_are_checked(given: Annotation, reason: str | None) -> None:
    placed = place(TEXT, [given])
    assert placed.kept == ([] if reason else [given])
    assert placed.dropped == ([reason] if reason else [])


def test_parts_are_shifted_sorted_and_distinct() -> None:
    placed = Placed()
    placed.add(place(TEXT, [annotation(11, 16), annotation(4, 9), annotation(4, 9), annotation(0, 5)]), 3)
    finished = placed.finish()
    assert [(a.start, a.end) for a in finished.kept] == [(7, 12), (14, 19)]
    assert sorted(finished.dropped) == sorted([OFFSET_MISMATCH, DUPLICATE])
    assert finished.num_annotations == 4
