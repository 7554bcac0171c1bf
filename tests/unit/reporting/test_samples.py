"""Sample sentences of the linker: right, wrong, ambiguous, or without annotations."""

import pytest
from fake_artefacts import cui
from fake_results import write_annotations, write_results

from bali.reporting.results import Results
from bali.reporting.samples import NUM_SAMPLES, sample_sets

KINDS = ["Right", "Wrong", "Ambiguous"]


@pytest.fixture
def results(tmp_path):
    return Results(write_results(tmp_path))


def mentions_of(sample_set):
    return [piece.mention for sample in sample_set.samples for piece in sample.pieces if piece.mention]


def test_without_annotations_there_is_one_kind(results):
    (only,) = sample_sets(results)
    assert only.title == "Sample"
    assert len(only.samples) == NUM_SAMPLES
    assert {mention["verdict"] for mention in mentions_of(only)} == {""}


def test_annotations_tell_right_from_wrong_and_several_candidates_are_apart(results):
    write_annotations(results.root)
    right, wrong, ambiguous = sample_sets(results)
    assert [s.title.split(":")[0] for s in (right, wrong, ambiguous)] == KINDS
    assert [sample.pmid for sample in right.samples] == [1, 2, 3, 4]
    assert [sample.pmid for sample in wrong.samples] == [5, 6, 7, 8]
    assert [sample.pmid for sample in ambiguous.samples] == [9, 10, 11, 12]
    assert all((m["verdict"], m["gold"]) == ("right", [m["cui"]]) for m in mentions_of(right))
    assert all((m["verdict"], m["gold"]) == ("wrong", [cui(39)]) for m in mentions_of(wrong))
    assert all((m["verdict"], m["gold"], m["num_candidates"]) == ("", [], 3) for m in mentions_of(ambiguous))


def test_a_shard_with_annotations_is_preferred_to_the_first(results):
    write_annotations(results.root)
    for folder in ("mentions", "corpus/sentences"):
        (results.root / folder / "a.parquet").rename(results.root / folder / "c.parquet")
    assert [s.title.split(":")[0] for s in sample_sets(results)] == KINDS
