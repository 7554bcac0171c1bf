"""The section on the linker's quality: sums over shards, order, examples, and what is left out."""

import pytest
from fake_artefacts import write
from fake_results import CONFIG, scores, write_results

from bali.config import Config
from bali.reporting.linking_quality import ALL_SHARDS, CONTEXT, NUM_SHARDS, NUM_TYPES, context, linking_quality
from bali.reporting.page import collect, page
from bali.reporting.results import Results
from bali.strict import decode


@pytest.fixture
def results(tmp_path):
    return Results(write_results(tmp_path))


def html_of(results):
    return page(collect(results, decode(Config, CONFIG), lambda folder: None))


def test_all_shards_come_first_and_levels_in_their_order(results):
    rows = linking_quality(results).levels
    assert [row["shard"] for row in rows] == [ALL_SHARDS] * 4 + ["gold"] * 4 + ["more_gold"] * 4
    labels = ["span and CUI", "span only", "overlapping span, same CUI", "span and CUI, concept in the dictionary"]
    assert [row["label"] for row in rows[:4]] == [row["label"] for row in rows[4:8]] == labels
    assert (rows[0]["num_gold"], rows[0]["num_predicted"], rows[0]["num_correct"]) == (200, 160, 120)
    assert rows[0]["f1"] == pytest.approx(240 / 360)


def test_one_shard_needs_no_sum_and_many_are_not_all_shown(results):
    row = {"level": "span", **scores(10, 10, 5)}
    write(results.root, "linking/quality.parquet", "linking_quality", [{"shard": "only", **row}])
    found = linking_quality(results)
    assert ([row["shard"] for row in found.levels], found.num_hidden_shards) == (["only"], 0)
    many = [{"shard": f"s{i:02d}", **row, "num_gold": 10 + i} for i in range(NUM_SHARDS + 3)]
    write(results.root, "linking/quality.parquet", "linking_quality", many)
    found = linking_quality(results)
    shown = [f"s{i:02d}" for i in range(3, NUM_SHARDS + 3)]
    assert ([row["shard"] for row in found.levels], found.num_hidden_shards) == ([ALL_SHARDS, *shown], 3)
    assert "3 more shards with annotations" in html_of(results)


def test_annotated_types_by_falling_count_and_linked_ones_apart(results):
    found = linking_quality(results)
    assert [(row["tui"], row["num_gold"]) for row in found.types] == [("T047", 70), ("T121", 30), ("", 3)]
    assert found.unannotated == [("Body Part", 9)]
    rows = [{"shard": "a", "tui": f"T{i:03d}", "sty": f"type {i}", **scores(9, 9, 3)} for i in range(NUM_TYPES + 2)]
    write(results.root, "linking/by_type.parquet", "linking_by_type", rows)
    found = linking_quality(results)
    assert (len(found.types), found.num_hidden_types) == (NUM_TYPES, 2)


def test_outcomes_are_shares_of_their_side(results):
    found = linking_quality(results)
    assert [(o.kind, o.num, o.share) for o in found.annotations] == [
        ("correct", 60, 0.6),
        ("wrong concept", 30, 0.3),
        ("name not in the dictionary", 10, 0.1),
    ]
    assert [o.share for o in found.links] == [0.75, 15 / 80, 5 / 80]
    assert [(kind, num) for kind, _, num, _ in found.errors] == [("wrong concept", 30), ("no annotation here", 5)]


def test_curve_tells_its_best_threshold(results):
    both, span = linking_quality(results).curves
    assert (both.title, span.title) == ("Span and CUI", "Span only")
    assert both.best_threshold == 0.95
    assert both.best_f1 == pytest.approx(80 / 160)
    assert both.figure.count("<polyline") == 3
    assert both.figure.count("<circle") == 9


def test_page_marks_the_mention_in_its_escaped_sentence(results):
    html = html_of(results)
    assert "A &lt;b&gt;sentence&lt;/b&gt; that tells of <mark>dry cough</mark> &amp; fever." in html
    assert "&lt;Dry&gt; cough" in html
    for text in ("How good is the linking?", "Highest F1 50.0 at 0.95", "name not in the dictionary", "Body Part (9)"):
        assert text in html, text


@pytest.mark.parametrize("absent", ["by_type", "threshold_curve", "outcomes", "errors"])
def test_a_table_that_is_absent_leaves_out_its_part(results, absent):
    (results.root / f"linking/{absent}.parquet").unlink()
    assert "overlapping span, same CUI" in html_of(results)


def test_without_annotations_the_section_is_one_line(results):
    for name, kind in [("quality", "linking_quality"), ("errors", "linking_errors")]:
        write(results.root, f"linking/{name}.parquet", kind, [])
    assert linking_quality(results) is None
    html = html_of(results)
    assert "No annotations came with this corpus, so the links cannot be scored." in html
    assert "The commonest errors" not in html


def test_context_cuts_at_words_and_keeps_the_mention():
    sentence = "word " * 60 + "dry cough" + " tail" * 60
    start = sentence.index("dry")
    pieces = context(sentence, start, start + 9)
    assert [piece.text for piece in pieces if piece.mention] == ["dry cough"]
    assert (pieces[0].text, pieces[-1].text) == ("…", "…")
    text = "".join(piece.text for piece in pieces)
    assert text.strip("…") in sentence
    assert text.startswith("…word ")
    assert text.endswith(" tail…")
    assert len(text) <= 2 * CONTEXT + 11
    assert [piece.text for piece in context("dry cough.", 0, 9)] == ["dry cough", "."]
    assert context("", 0, 0) == []
    long_mention = "x" * 400
    assert "".join(piece.text for piece in context(f"a {long_mention} b", 2, 402)) == f"a {long_mention} b"
