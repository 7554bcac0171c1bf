"""Hard sentence boundaries of biomedical English; "|" marks where a sentence starts.

The greater part of the cases stands in `boundaries.txt`, which `python -m benchmarks.sentences` reads too.
"""

import time
from itertools import groupby

import pytest

from bali.pubmed.sentences import split_sentences
from benchmarks.sentences import BOUNDARY, Case, by_punkt, by_regular_expression, ours, read_cases, score

CASES = """
The drug works. |It is safe.
Rats were fed for 3 weeks. |Controls were not.
We used aspirin (e.g. 100 mg) daily. |No effect was seen.
Some, e.g. aspirin, are old. |Others, i.e. statins, are new.
As shown by Smith et al. in 1999, it failed.
As shown by Smith et al. (1999), it failed.
This was shown by Smith et al. |The effect was small.
Treatment vs. placebo was compared. |Placebo won.
Drug A vs. B was tested.
See Fig. 3 for details. |Table 2 lists them.
See Figs. 3 and 4.
Approx. 50 % improved. |The rest did not.
S. aureus was isolated. |E. coli was not.
Growth of E. coli, S. aureus and P. aeruginosa was slow.
Infection with S. aureus is common. |We studied it.
Dr. Miller treated her. |She recovered.
Compound No. 5 was best.
Prof. Braun and Mr. Smith agreed.
The dose was 0.5 mg/kg. |It was safe.
The mean was 2.5 +/- 0.3. |P was 0.01.
The ratio (1.5 vs. 2.3, p < 0.05) differed. |We conclude that it matters.
The difference was significant (P < 0.001). |The other was not.
Was it safe? |Yes, it was.
It works! |This is new.
Patients lacked vitamin K. |The dose was raised.
Hepatitis B. virus was found.
Samples were kept at 37 degrees C. |After 2 h they were read.
Samples were kept at 37 degrees C. |Cells were counted.
Doses were given i.v. and i.p. twice. |They were safe.
The drug was given i.v. |The animals survived.
Candida spp. were found. |Other fungi were not.
Several Candida spp. |In contrast, Aspergillus was absent.
Salmonella enterica subsp. enterica was grown.
Reagents came from Sigma Chemical Co. (St. Louis, MO). |They were pure.
It came from Merck Inc. and Bayer Ltd. in 1990.
The study ran in the U.S. and in the U.K. for years.
The trial ended in the U.S. |We report its results.
Values rose, cf. Table 1, and fell again.
Sections (approx. 5 microns) were cut. |They were stained.
Group 1 (no. 12) and group 2 (nos. 13-15) differed.
One patient (J. R. Smith) died. |The others lived.
W. H. Myers described it. |He was right.
The pH was 7.4. |The temperature was 37.
IC50 was 3.2 nM. |IL-2 was low.
IL-2 and TNF-alpha rose. |p53 did not.
mRNA levels rose. |mRNA decay did not.
The gene (chr. 11p15.5) is imprinted.
The strain ATCC 25923 was used. |Its growth was slow.
Mutations c.35G>A and p.Gly12Asp were found. |None was new.
The "gold standard." |It is old.
He said "it works." |We doubt it.
BACKGROUND: Fever is common. |METHODS: We measured it.
Results were as follows: a) one; b) two. |They agree.
Blood was taken at 8 a.m. and 4 p.m. daily.
There were 12 men, 14 women, etc. in each group.
It was given b.i.d. for 10 days. |Then it was stopped.
Eq. 3 holds. |Ref. 4 shows why.
Data from Jan. 2001 to Dec. 2005 were used. |They are public.
The rate (ca. 3 per year) was low. |It fell.
Bacillus sp. strain 5 and var. niger were used.
The yield was 12.5%. |Purity was 99.9%.
""".strip().splitlines()


@pytest.mark.parametrize("case", CASES)
def test_boundary(case: str) -> None:
    expected = [sentence.strip() for sentence in case.split("|")]
    text = case.replace("|", "")
    spans = list(split_sentences(text, [(0, len(text))]))
    assert [text[start:end] for start, end in spans] == expected


def test_there_are_about_sixty_cases() -> None:
    assert len(CASES) >= 60
    assert sum(case.count("|") for case in CASES) >= 40


def test_sentences_never_cross_a_section() -> None:
    text = "A title without stop\nfirst part, no stop\nSecond part. Third."
    sections = [(0, 20), (21, 40), (41, 60)]
    spans = list(split_sentences(text, sections))
    assert [text[start:end] for start, end in spans] == [
        "A title without stop",
        "first part, no stop",
        "Second part.",
        "Third.",
    ]


def test_white_space_is_outside_and_empty_sections_give_nothing() -> None:
    text = "   One.  \n \n  Two. "
    spans = list(split_sentences(text, [(0, 9), (10, 11), (11, 11), (12, len(text))]))
    assert [text[start:end] for start, end in spans] == ["One.", "Two."]


def test_what_came_before_changes_nothing() -> None:
    text = "Growth of S. aureus was slow. The end."
    before = list(split_sentences(text, [(0, len(text))]))
    list(split_sentences("Aureus. Slow. aureus The." * 50, [(0, 1250)]))
    assert list(split_sentences(text, [(0, len(text))])) == before
    assert len(before) == 2


BOUNDARY_CASES = read_cases()
KINDS = {kind: list(cases) for kind, cases in groupby(BOUNDARY_CASES, key=lambda case: case.kind)}


def test_the_file_of_boundaries_is_read_as_written() -> None:
    assert len(BOUNDARY_CASES) >= 300
    assert sum(len(case.starts) for case in BOUNDARY_CASES) >= 250
    assert 1 / 4 < sum(case.held_out for case in BOUNDARY_CASES) / len(BOUNDARY_CASES) <= 1 / 3
    assert len(KINDS) == len({case.kind for case in BOUNDARY_CASES}) >= 25
    assert all(case.kind and BOUNDARY not in case.text for case in BOUNDARY_CASES)
    assert all(
        case.text[start - 1].isspace() or case.kind == "glued" for case in BOUNDARY_CASES for start in case.starts
    )
    newlines = [case.text for case in KINDS["newlines"]]
    assert sum("\n" in text for text in newlines) >= 4


@pytest.mark.parametrize("kind", KINDS)
def test_every_boundary_of_a_kind_is_found_and_no_other(kind: str) -> None:
    wrong = [case.text for case in KINDS[kind] if set(ours(case.text)) != case.starts]
    assert wrong == []


def test_the_baselines_fail_on_these_cases() -> None:
    assert score(ours, BOUNDARY_CASES).f1 == 1
    assert 0.7 < score(by_regular_expression, BOUNDARY_CASES).f1 < 0.85
    assert 0.6 < score(by_punkt, BOUNDARY_CASES).f1 < 0.85


def test_scores_count_boundaries() -> None:
    case = Case("kind", "A b. C d. E f.", frozenset({5, 10}), held_out=False)
    found = score(lambda _: [5, 7, 8], [case])
    assert (found.right, found.wrong, found.missed) == (1, 2, 1)
    assert (found.precision, found.recall, found.f1) == (pytest.approx(1 / 3), 0.5, pytest.approx(0.4))


@pytest.mark.parametrize(
    "piece", ["a", ".", ". ", "A. ", "(a. B ", ".)", "1,", "aa.A", "x.\n", "\0. ", "... ", "[1] ", "vs. ", ".[1,"]
)
def test_time_grows_with_the_length_only(piece: str) -> None:
    def seconds(num_characters: int) -> float:
        text = piece * (num_characters // len(piece))
        start = time.process_time()
        assert all(first < last for first, last in split_sentences(text, [(0, len(text))]))
        return time.process_time() - start

    seconds(1000)  # reads the word lists
    short = max(seconds(30_000), 0.002)
    assert seconds(300_000) < 40 * short  # 10 where it is linear, 100 where it is quadratic
