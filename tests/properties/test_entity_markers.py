"""Markers of a pair add nothing but themselves, and stand where the entities are, however these lie."""

from hypothesis import example, given
from hypothesis import strategies as st

from bali.tasks.markers import FIRST, SECOND, mark, unmarked

TEXT = "Beta- and alpha-blockers raise α-digoxin."
SPANS = st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, len(TEXT))).filter(lambda span: span[0] < span[1])


@given(first=SPANS, second=SPANS)
@example(first=(0, 4), second=(0, 4))
@example(first=(0, 4), second=(4, 8))
@example(first=(0, 24), second=(10, 24))
def test_markers_enclose_their_entity(first, second):
    marked = mark(TEXT, first, second)
    assert unmarked(marked) == TEXT
    for span, (opening, closing) in ((first, FIRST), (second, SECOND)):
        assert marked.count(opening) == marked.count(closing) == 1
        inside = marked[marked.index(opening) + len(opening) : marked.index(closing)]
        assert unmarked(inside) == TEXT[slice(*span)]


def test_of_equal_spans_the_second_lies_within():
    assert mark("ab", (0, 2), (0, 2)) == "<< [[ ab ]] >>"
