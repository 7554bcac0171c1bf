"""What became of each annotation and link, and the commonest errors with their examples."""

import polars as pl

from bali.linking.quality.common_errors import common_errors, with_examples
from bali.linking.quality.outcomes import MEANINGS, Dictionary, count_outcomes, fold, outcomes
from bali.schemas import LINKING_ERRORS, LINKING_OUTCOMES

GOLD = pl.DataFrame(
    [
        ("a", 1, 0, 6, "Asthma", "C0000001", True),
        ("a", 1, 10, 16, "asthma", "C0000001", True),
        ("a", 1, 20, 29, "Dry cough", "C0000002", True),
        ("a", 1, 40, 43, "flu", "D9", False),
        ("a", 2, 0, 4, "iron", "C0000003", True),
        ("a", 2, 10, 15, "dry \u00a0c", "C0000002", True),
        ("b", 3, 0, 9, "dry cough", "C0000002", True),
        ("b", 3, 20, 29, "DRY  cough", "C0000002", True),
    ],
    {
        "shard": pl.String,
        "pmid": pl.Int64,
        "start": pl.Int32,
        "end": pl.Int32,
        "surface": pl.String,
        "cui": pl.String,
        "is_known": pl.Boolean,
    },
    orient="row",
)
PREDICTED = pl.DataFrame(
    [
        ("a", 1, 0, 6, "Asthma", "C0000001"),
        ("a", 1, 10, 16, "asthma", "C0000009"),
        ("a", 1, 24, 29, "cough", "C0000008"),
        ("a", 1, 31, 35, "Lung", "C0000007"),
        ("b", 3, 4, 9, "cough", "C0000008"),
        ("b", 9, 0, 9, "elsewhere", "C0000008"),
    ],
    GOLD.drop("is_known").schema,
    orient="row",
).with_columns(similarity=pl.lit(1.0, pl.Float32))
DICTIONARY = Dictionary(
    names=pl.DataFrame({"cui": ["C0000002", "C0000003"], "folded": ["dry cough", "iron"]}),
    types=pl.DataFrame({"cui": ["C0000001", "C0000002", "C0000003"], "tui": ["T047", "T184", "T121"]}),
    required=[frozenset({"T047", "T184"})],
)


def rows() -> pl.DataFrame:
    return outcomes(GOLD, PREDICTED, DICTIONARY)


def test_each_annotation_and_each_link_has_one_outcome() -> None:
    found = rows().select("side", "pmid", "start", "kind", "gold", "predicted_cui").rows()
    assert found == [
        ("annotation", 1, 0, "correct", "C0000001", "C0000001"),
        ("annotation", 1, 10, "wrong concept", "C0000001", "C0000009"),
        ("annotation", 1, 20, "other bounds", "C0000002", "C0000008"),
        ("annotation", 1, 40, "concept not in the dictionary", "D9", ""),
        ("annotation", 2, 0, "type not looked for", "C0000003", ""),
        ("annotation", 2, 10, "name not in the dictionary", "C0000002", ""),
        ("annotation", 3, 0, "other bounds", "C0000002", "C0000008"),
        ("annotation", 3, 20, "name in the dictionary, not linked", "C0000002", ""),
        ("link", 1, 0, "correct", "C0000001", "C0000001"),
        ("link", 1, 10, "wrong concept", "C0000001", "C0000009"),
        ("link", 1, 24, "other bounds", "C0000002", "C0000008"),
        ("link", 1, 31, "no annotation here", "", "C0000007"),
        ("link", 3, 4, "other bounds", "C0000002", "C0000008"),
    ]
    assert {kind for _, _, _, kind, _, _ in found} == set(MEANINGS)


def test_without_a_required_type_every_concept_is_looked_for() -> None:
    everything = Dictionary(DICTIONARY.names, DICTIONARY.types, [])
    found = outcomes(GOLD, PREDICTED, everything).filter(pl.col("surface") == "iron")
    assert found["kind"].to_list() == ["name in the dictionary, not linked"]
    both = Dictionary(DICTIONARY.names, DICTIONARY.types, [frozenset({"T184", "T121"}), frozenset({"T184"})])
    found = outcomes(GOLD, PREDICTED, both).filter(pl.col("surface") == "iron")
    assert found["kind"].to_list() == ["type not looked for"]


def test_counts_add_up_to_the_annotations_and_links() -> None:
    counts = count_outcomes(rows())
    assert counts.select(LINKING_OUTCOMES.names).to_arrow().cast(LINKING_OUTCOMES).num_rows == counts.height
    sums = counts.group_by("shard", "side").agg(pl.col("num").sum()).sort("shard", "side").rows()
    assert sums == [("a", "annotation", 6), ("a", "link", 4), ("b", "annotation", 2), ("b", "link", 1)]
    assert counts.filter(pl.col("shard") == "a", pl.col("side") == "link")["kind"].to_list() == [
        "correct",
        "wrong concept",
        "other bounds",
        "no annotation here",
    ]


def test_no_annotation_gives_no_outcome() -> None:
    nothing = outcomes(GOLD.clear(), PREDICTED, DICTIONARY)
    assert nothing.is_empty()
    assert count_outcomes(nothing).is_empty()
    assert common_errors(nothing, 3).is_empty()


def test_equal_errors_are_counted_together_with_their_first_example() -> None:
    errors = common_errors(rows(), 5)
    first, *_ = errors.filter(pl.col("kind") == "other bounds").to_dicts()
    assert (first["surface"], first["predicted_surface"], first["num"]) == ("dry cough", "cough", 2)
    assert (first["shard"], first["pmid"], first["start"], first["end"]) == ("a", 1, 20, 29)
    assert errors["kind"].to_list() == [kind for kind in MEANINGS if kind != "correct"]
    assert errors.filter(pl.col("kind") == "no annotation here").select("surface", "gold", "predicted_cui").rows() == [
        ("lung", "", "C0000007")
    ]


def test_the_order_of_the_input_changes_nothing_and_the_commonest_stay() -> None:
    more = pl.concat(
        [GOLD, GOLD.filter(pl.col("pmid") == 2).with_columns(pmid=pl.lit(7, pl.Int64), surface=pl.lit("b"))]
    )
    expected = common_errors(outcomes(more, PREDICTED, DICTIONARY), 1)
    assert expected.height == len(MEANINGS) - 1
    turned = common_errors(outcomes(more.reverse(), PREDICTED.reverse(), DICTIONARY), 1)
    assert turned.equals(expected)
    missing = expected.filter(pl.col("kind") == "name not in the dictionary")
    assert missing.select("surface", "num").rows() == [("b", 1)]  # ties by text


def test_examples_stand_in_their_sentence() -> None:
    texts = ["Asthma or asthma is", "dry cough, lung pain or flu-like", "iron"]
    sentences = pl.DataFrame(
        [("a", 1, 0, 19, texts[0]), ("a", 1, 20, 52, texts[1]), ("a", 2, 0, 2, texts[2][:2])],
        ["shard", "pmid", "start", "end", "text"],
        orient="row",
    ).cast({"start": pl.Int32, "end": pl.Int32})
    preferred = pl.DataFrame({"cui": ["C0000002", "C0000008"], "preferred_name": ["Dry cough", "Cough"]})
    table = with_examples(common_errors(rows(), 5), sentences, preferred).select(LINKING_ERRORS.names).to_arrow()
    found = {row["kind"]: row for row in table.cast(LINKING_ERRORS).to_pylist()}
    bounds = found["other bounds"]
    assert (bounds["gold_name"], bounds["predicted_name"]) == ("Dry cough", "Cough")
    assert bounds["sentence"][bounds["start"] : bounds["end"]] == "dry cough"
    assert found["wrong concept"]["sentence"] == texts[0]
    assert found["wrong concept"]["gold_name"] == ""
    cut = found["type not looked for"]  # the annotation goes beyond its sentence
    assert (cut["sentence"], cut["start"], cut["end"]) == ("ir", 0, 2)
    lost = found["name in the dictionary, not linked"]  # no sentence of its document is there
    assert (lost["sentence"], lost["start"], lost["end"]) == ("", 0, 0)


def test_folding_ignores_case_and_white_space() -> None:
    frame = pl.DataFrame({"text": [" Dry\u00a0\n Cough ", "İ", ""]})
    assert frame.select(fold(pl.col("text")))["text"].to_list() == ["dry cough", "i̇", ""]
