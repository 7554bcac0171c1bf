"""Sentences of any text: in order, apart, stripped; what lies between them is white space; sections stand alone."""

from hypothesis import given
from hypothesis import strategies as st

from bali.pubmed.sentences import split_sentences
from benchmarks.sentences import read_cases

WORDS = "E. coli The mRNA vs. ( ) [ ]. “ .” ... … ? ! 3 0.5 1. i.v. β. disease.The .[3] .12 . 𝛼 \u0301 \u200b"
PIECES = [*WORDS.split(" "), "\n", "\t", "\x00", "\u2003", "\x85", " "]
PROSE = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
DENSE = st.text(st.sampled_from("aA1.?! ()[]\n…”"), max_size=60)
TEXTS = st.one_of(PROSE, ANY, DENSE)


@given(TEXTS)
def test_spans_are_in_order_and_leave_white_space_only(text: str) -> None:
    position = 0
    for start, end in split_sentences(text, [(0, len(text))]):
        assert position <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert not text[position:start].strip()
        position = end
    assert not text[position:].strip()


@given(st.lists(TEXTS, max_size=4))
def test_a_section_is_split_as_if_it_stood_alone(parts: list[str]) -> None:
    text, sections, expected = "", [], []
    for part in parts:
        begin = len(text)
        text += part
        sections.append((begin, len(text)))
        expected += [(begin + start, begin + end) for start, end in split_sentences(part, [(0, len(part))])]
        text += "\n"
    assert list(split_sentences(text, sections)) == expected


@given(st.sampled_from(read_cases()), st.text(" \n\t\u2003", min_size=1, max_size=4))
def test_the_kind_of_white_space_between_sentences_changes_nothing(case, blank: str) -> None:  # type: ignore[no-untyped-def]
    parts = [part for part in case.text.split(" ") if part]
    plain, other = " ".join(parts), blank.join(parts)
    assert [plain[start:end].split() for start, end in split_sentences(plain, [(0, len(plain))])] == [
        other[start:end].split() for start, end in split_sentences(other, [(0, len(other))])
    ]
