"""The lines beside the scores: overlaps with the training, and right answers in the dictionary."""

import shutil

import pytest
from fake_results import write_results

from bali.reporting.honesty import honesty_lines
from bali.reporting.results import Results

IN_DICTIONARY = "distinct mentions with a right answer in the dictionary: 240 of 300 (80.0 %)"


@pytest.fixture
def results(tmp_path):
    return Results(write_results(tmp_path))


def test_overlaps_of_all_shards_and_the_dictionary_are_one_line(results):
    parts = [
        "PMIDs trained on: 0 of 100",
        "near-duplicate text trained on: 1 of 100 (1.0 %)",
        "gold pairs that are edges: 2 of 4 (50.0 %), by CTD 50.0 %, MSH 25.0 %; 1 could not be checked",
        IN_DICTIONARY,
    ]
    assert honesty_lines(results) == {("entity_linking", "ncbi_disease"): " · ".join(parts)}


def test_what_was_not_checked_is_not_mentioned(results):
    shutil.rmtree(results.root / "evaluation/overlaps")
    (results.root / "evaluation/pair_overlaps.parquet").unlink()
    assert list(honesty_lines(results).values()) == [IN_DICTIONARY]
    (results.root / "evaluation/base/entity_linking/0.json").unlink()
    assert honesty_lines(results) == {}
