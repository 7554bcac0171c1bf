"""The fast back end over generated dictionaries and texts: every row is the package's, in its order."""

import tempfile
from dataclasses import asdict
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bali.io.parquet import Provenance, write_artefact
from bali.linking.candidates import MatcherOptions, accepted_types, open_finder
from bali.linking.terms import TermOptions
from bali.schemas import NAMES, SEMANTIC_TYPES
from tests.unit.linking.finders import build_indexes, rows_of_finder
from tests.unit.linking.linking_tables import rows_of
from tests.unit.linking.packages_own import package_matcher, package_rows

TUIS = ["T047", "T121", "T007"]  # the last one is not in the package's list
WORDS = [
    *[
        "a",
        "of",
        "the",
        "i",
        "ii",
        "ab",
        "x",
        "heart",
        "failure",
        "Heart",
        "FAILURE",
        "acute",
        "renal",
        "kidney",
        "diabetes",
        "type",
        "2",
        "10",
        "12-lead",
        "in",
        "situ",
    ],
    *[
        "aaa",
        "aaaaaaa",
        "abab",
        "ababab",
        "(NOS)",
        "<1>",
        "-",
        ",",
        ".",
        "%",
        "Alzheimer's",
        "don't",
        "e.g.",
        "i.e.",
        "a.m.",
        ":)",
        "no",
        "not",
        "time",
        "NA",
        "null",
    ],
    *["β-catenin", "Ménière", "İstanbul", "ΑΣ", "ΑΣ.Β", "ﬁbrin", "½", "①", "Å", "糖尿病"],
    *["e\u0301", "\u00ad", "\u2009", "\u00a0", "\u200b", "\U0001f9ec", "\x00", "\x01", "\x1f"],
]
WORD = st.one_of(st.sampled_from(WORDS), st.text("ab\u03b2 -.\x00\x01", min_size=1, max_size=4))
TEXT = st.one_of(
    st.lists(WORD, max_size=12).map(" ".join),
    st.lists(WORD, max_size=12).map("".join),
    st.lists(WORD, max_size=8).map("  ".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
NAME = st.one_of(
    st.lists(WORD, min_size=1, max_size=4).map(" ".join), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
)
DICTIONARY = st.lists(st.tuples(st.integers(0, 6), NAME, st.booleans()), min_size=1, max_size=30)
OPTIONS = st.builds(
    MatcherOptions,
    threshold=st.sampled_from([0.3, 0.5, 0.7, 0.75, 0.9, 1.0]),
    similarity=st.sampled_from(["jaccard", "dice", "cosine", "overlap"]),
    window=st.sampled_from([1, 2, 5, 8]),
    min_match_length=st.sampled_from([1, 2, 3, 6]),
    overlapping=st.sampled_from(["score", "length"]),
    semantic_types=st.sampled_from(["quickumls", "all", ("T047",)]),
    best_match=st.booleans(),
    ignore_syntax=st.booleans(),
)
TERM_OPTIONS = st.builds(TermOptions, lowercase=st.booleans(), normalize_unicode=st.booleans())


def write_dictionary(folder: Path, dictionary: list[tuple[int, str, bool]]) -> Path:
    """The artefacts of a release with these names; concept 6 has no type, concept 5 two."""
    names = [
        (f"C{concept:07}", f"A{number}", name, "MSH", "PT", preferred, 0, "N")
        for number, (concept, name, preferred) in enumerate(dictionary)
    ]
    types = [(f"C{concept:07}", TUIS[concept % 3], "some type") for concept in range(6)]
    types.append(("C0000005", "T047", "some type"))
    write_artefact(folder / "names.parquet", rows_of(NAMES, names), NAMES, Provenance("names"))
    schema = SEMANTIC_TYPES
    write_artefact(folder / "semantic_types.parquet", rows_of(schema, types), schema, Provenance("semantic_types"))
    return folder


@settings(deadline=None)
@given(DICTIONARY, st.lists(TEXT, max_size=6), OPTIONS, TERM_OPTIONS, st.booleans())
@example([(1, "ab\x01", True), (2, "ab", False)], ["ab ab\x00c ab\x01"], MatcherOptions(), TermOptions(), False)
@example([(1, "ΑΣ.Β", True), (2, "ΑΣ", True)], ["ΑΣ.Β ας.β ΑΣ ας"], MatcherOptions(0.3), TermOptions(), False)
@example([(1, "aaaa", True)], ["aaaaaaaaaaaaaaaaaaa"], MatcherOptions(similarity="dice"), TermOptions(), False)
def test_rows_are_the_packages(
    dictionary: list[tuple[int, str, bool]],
    texts: list[str],
    options: MatcherOptions,
    terms: TermOptions,
    upper: bool,
) -> None:
    options = MatcherOptions(**{**asdict(options), "keep_uppercase": upper and not terms.lowercase})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        indexes = build_indexes(write_dictionary(folder, dictionary), folder, terms)
        with package_matcher(
            indexes["quickumls"] / "database",
            folder,
            overlapping_criteria=options.overlapping,
            threshold=options.threshold,
            window=options.window,
            similarity_name=options.similarity,
            min_match_length=options.min_match_length,
            accepted_semtypes=accepted_types(options.semantic_types),
            keep_uppercase=options.keep_uppercase,
        ) as matcher:
            expected = package_rows(matcher, texts, best_match=options.best_match, ignore_syntax=options.ignore_syntax)
        for backend, index_dir in indexes.items():
            finder = open_finder(backend, index_dir, options)
            assert rows_of_finder(finder, texts) == expected, backend
            assert rows_of_finder(finder, texts) == expected, f"{backend}, from memory"
