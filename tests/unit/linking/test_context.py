"""What stands for a concept, what is compared, and which concept the vectors choose."""

import numpy as np
import polars as pl
import pytest

from bali.linking.context import MAX_TEXTS, choose_by_context, concept_texts, pair, replace_concepts
from bali.schemas import CANDIDATES, MENTIONS
from tests.unit.linking.linking_tables import rows_of

# two mentions with two concepts each, one with one concept, one annotation, one whose concepts are not equally similar
MENTION_ROWS = [
    (1, 0, 0, 4, "cold", "C0000001", "cold", 1.0, ["T046"], 2, "quickumls"),
    (1, 0, 9, 14, "fever", "C0000003", "fever", 1.0, ["T184"], 1, "quickumls"),
    (1, 2, 0, 4, "cold", "C0000001", "cold", 1.0, ["T046"], 2, "pubtator"),
    (1, 2, 0, 4, "cold", "C0000001", "cold", 1.0, ["T046"], 2, "quickumls"),
    (2, 0, 0, 5, "colds", "C0000002", "colds", 1.0, ["T047"], 2, "quickumls"),
]
CANDIDATE_ROWS = [
    (1, 0, 0, 4, 0, "C0000001", "cold", 1.0, ["T046"], True, 0),
    (1, 0, 0, 4, 1, "C0000002", "cold", 1.0, ["T047"], False, 0),
    (1, 0, 0, 4, 2, "C0000002", "colds", 0.75, ["T047"], False, 0),
    (1, 0, 9, 14, 0, "C0000003", "fever", 1.0, ["T184"], True, 0),
    (1, 2, 0, 4, 0, "C0000001", "cold", 1.0, ["T046"], True, 0),
    (1, 2, 0, 4, 1, "C0000002", "cold", 1.0, ["T047"], False, 0),
    (2, 0, 0, 5, 0, "C0000002", "colds", 1.0, ["T047"], False, 0),
    (2, 0, 0, 5, 1, "C0000001", "cold", 0.75, ["T046"], True, 0),
]
NAMES = pl.DataFrame(
    [
        ("C0000001", "Cold temperature", True),
        ("C0000002", "Common Cold", True),
        ("C0000002", "common cold", False),
        ("C0000002", "Acute coryza", False),
        ("C0000002", "Coryza", False),
        ("C0000002", "CORYZA", False),
    ],
    ["cui", "name", "is_preferred"],
    orient="row",
)
TYPES = pl.DataFrame(
    [
        ("C0000002", "T047", "Disease or Syndrome"),
        ("C0000002", "T184", "Sign or Symptom"),
        ("C0000001", "T070", "Heat"),
    ],
    ["cui", "tui", "sty"],
    orient="row",
)
DISEASE = " (disease or syndrome, sign or symptom)"


def test_texts_of_concepts() -> None:
    texts, suffixes = concept_texts(NAMES, TYPES)
    assert texts.rows() == [
        ("C0000001", "cold temperature (heat)"),
        ("C0000002", "common cold" + DISEASE),  # preferred
        ("C0000002", "coryza" + DISEASE),  # two atoms
        ("C0000002", "acute coryza" + DISEASE),
    ]
    assert suffixes.rows() == [("C0000001", " (heat)"), ("C0000002", DISEASE)]


def test_the_texts_of_a_concept_are_capped_and_need_no_type() -> None:
    names = pl.DataFrame({"cui": "C1", "name": [f"n{i}" for i in range(20)], "is_preferred": False})
    texts, _ = concept_texts(names, TYPES)
    assert texts["text"].to_list() == sorted(names["name"])[: MAX_TEXTS - 1]
    assert concept_texts(names.clear(), TYPES.clear())[0].is_empty()


def tables() -> tuple[pl.DataFrame, pl.DataFrame]:
    return pl.DataFrame(rows_of(MENTIONS, MENTION_ROWS)), pl.DataFrame(rows_of(CANDIDATES, CANDIDATE_ROWS))


def test_only_the_linkers_mentions_with_several_most_similar_concepts_are_compared() -> None:
    pairs = pair(*tables(), *concept_texts(NAMES, TYPES))
    assert pairs.mentions["row"].to_list() == [0, 3]
    assert pairs.concepts.select("mention", "cui", "rank").rows() == [
        (0, "C0000001", 0),
        (0, "C0000002", 1),
        (1, "C0000001", 0),
        (1, "C0000002", 1),
    ]
    assert pairs.texts.to_list() == sorted(
        [
            "cold (heat)",
            "cold temperature (heat)",
            *(n + DISEASE for n in ("cold", "common cold", "coryza", "acute coryza")),
        ]
    )
    of_second = pairs.comparisons.filter(pl.col("concept") == 1)["text"]
    assert pairs.texts.gather(of_second).str.ends_with(DISEASE).all()
    assert of_second.len() == 4


def chosen(vectors: dict[str, list[float]], mention_vectors: list[list[float]], found: list[bool]) -> list[str]:
    """The concepts of all mentions, when texts have the given vectors and all others (-1, -1)."""
    mentions, candidates = tables()
    pairs = pair(mentions, candidates, *concept_texts(NAMES, TYPES))
    text_vectors = np.array([vectors.get(text, [-1.0, -1.0]) for text in pairs.texts], np.float32)
    rows = choose_by_context(pairs, np.array(found), np.array(mention_vectors, np.float32).reshape(-1, 2), text_vectors)
    replaced = replace_concepts(mentions, pairs, rows)
    assert replaced.schema == mentions.schema
    kept = ["pmid", "sentence_id", "start", "end", "surface", "num_candidates", "source"]
    assert replaced.select(kept).equals(mentions.select(kept))
    assert replaced["cui"][4] == "C0000002"
    return replaced["cui"].to_list()[:4]


def test_the_nearest_text_chooses_whatever_its_length() -> None:
    vectors = {"cold (heat)": [9.0, 0.0], "coryza" + DISEASE: [0.0, 0.1]}
    found = [True, True]
    expected = ["C0000002", "C0000003", "C0000001", "C0000001"]
    assert chosen(vectors, [[1.0, 2.0], [2.0, 1.0]], found) == expected
    assert chosen(vectors, [[2.0, 1.0], [1.0, 2.0]], found) == ["C0000001", "C0000003", "C0000001", "C0000002"]


def test_ties_keep_the_order() -> None:
    near = {"cold (heat)": [1.0, 0.0], "coryza" + DISEASE: [1.0, 1e-6]}
    assert chosen(near, [[0.0, 1.0], [1.0, 1.0]], [True, True]) == ["C0000001", "C0000003", "C0000001", "C0000001"]
    assert chosen({}, [[0.0, 0.0], [1.0, 1.0]], [True, True])[0] == "C0000001"


@pytest.mark.parametrize("found", [[True, False], [False, True], [False, False]])
def test_a_mention_without_vector_keeps_its_concept(found: list[bool]) -> None:
    vectors = {"coryza" + DISEASE: [1.0, 1.0]}
    result = chosen(vectors, [[1.0, 1.0]] * sum(found), found)
    expected = ["C0000002" if is_found else "C0000001" for is_found in found]
    assert [result[0], result[3]] == expected


def test_the_fields_of_the_first_candidate_of_the_concept_are_taken() -> None:
    mentions, candidates = tables()
    pairs = pair(mentions, candidates, *concept_texts(NAMES, TYPES))
    replaced = replace_concepts(mentions, pairs, pairs.concepts.filter(pl.col("concept") == 1))
    assert replaced.row(0)[5:10] == ("C0000002", "cold", 1.0, ["T047"], 2)
    assert replaced.slice(1).equals(mentions.slice(1))
