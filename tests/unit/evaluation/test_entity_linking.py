import gzip
import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import torch

from bali.errors import InputError
from bali.evaluation.dictionary import write_dictionary
from bali.evaluation.dictionary_vectors import write_vectors
from bali.evaluation.encoder import Encoder
from bali.evaluation.entity_linking import run
from bali.evaluation.gold_mentions import read_gold_mentions
from bali.evaluation.identifiers import _read_map
from bali.evaluation.language_model import load_language_model
from bali.evaluation.systems.language_model import LanguageModelSystem
from bali.evaluation.systems.trigrams import Trigrams
from bali.io.parquet import Provenance
from bali.tasks.entity_linking import TASK, EntityLinkingDataset
from tests.unit.evaluation.fixtures import inputs, pubtator, write_model, write_umls

TEST = [
    (1, "Fever and cough", [("Fever", "Disease", "D000001"), ("cough", "Disease", "-1")]),
    (
        2,
        "FEVER, Heart attack, renal failure",
        [("FEVER", "Disease", "MESH:D000001"), ("Heart attack", "Disease", "C0000005")],
    ),
    (
        3,
        "asthma with renal failure",
        [("asthma", "Disease", "D000009"), ("renal failure", "T047,T033", "C0000007|C0000006")],
    ),
    (4, "aspirin and ibuprofen", [("aspirin", "Chemical", "C0000004"), ("ibuprofen", "Chemical", "C7777777")]),
]
TRAIN = [(9, "Heart attack", [("Heart attack", "Other", "C0000005")])]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("linking")
    write_model(root / "model")
    write_umls(root / "umls", codes=[("MSH", "D000001", "C0000001")])
    write_dictionary(root / "umls" / "names.parquet", root / "dictionary.parquet", Provenance("dictionary", "test"))
    (root / "test.txt").write_text(pubtator(TEST))
    with gzip.open(root / "train.txt.gz", "wt") as stream:
        stream.write(pubtator(TRAIN))
    return root


def task(root, **options):
    dataset = {"test": [str(root / "test.txt")], "train": [str(root / "train.txt.gz")], **options}
    return {"entity_linking": {"datasets": {"toy": dataset}}}


@pytest.fixture(scope="module")
def result(root):
    return run(TASK, inputs(root, task(root)))


def values(result, split, metric):
    return {row.example_id: row.value for row in result.predictions if (row.split, row.metric) == (split, metric)}


def test_the_splits_hold_what_they_say(result):
    texts = defaultdict(set)
    for row in result.predictions:
        texts[row.split].add(row.text)
    assert len(values(result, "all", "accuracy@1_mean")) == 7
    assert texts["unique"] == {"fever", "heart attack", "asthma", "renal failure", "aspirin", "ibuprofen"}
    assert len(values(result, "unique", "mrr_cls")) == 6
    assert texts["refined"] == texts["unique"] - {"heart attack"}
    assert texts["in_dictionary"] == {"fever", "heart attack", "renal failure", "aspirin"}
    assert result.counts["toy"]["mentions in files"] == 8
    assert result.counts["toy"]["mentions left out: no identifier"] == 1
    assert result.counts["toy"]["mentions without a concept"] == 1


def test_a_mention_that_is_a_name_is_right(result):
    for pooling in ("cls", "mean"):
        for metric in ("accuracy@1", "accuracy@5", "mrr"):
            found = values(result, "in_dictionary", f"{metric}_{pooling}")
            assert len(found) == 4
            assert set(found.values()) == {1.0}


def test_unmapped_and_absent_concepts_count_as_wrong(result):
    by_text = {row.text: row for row in result.predictions if (row.split, row.metric) == ("all", "mrr_mean")}
    assert by_text["asthma"].value == 0
    assert by_text["asthma"].gold == "MESH:D000009 (no concept)"
    assert by_text["ibuprofen"].value == 0
    assert by_text["ibuprofen"].gold == "C7777777"
    assert by_text["renal failure"].predicted == "C0000006 renal failure"


def test_types_filter(root):
    chemicals = run(TASK, inputs(root, task(root, types=["Chemical"])))
    assert {row.text for row in chemicals.predictions} == {"aspirin", "ibuprofen"}
    one_of_two = run(TASK, inputs(root, task(root, types=["T033"])))
    assert {row.text for row in one_of_two.predictions} == {"renal failure"}
    with pytest.raises(InputError, match="found none of its types"):
        run(TASK, inputs(root, task(root, types=["Gene"])))


def test_identifier_map(root):
    (root / "map.tsv").write_text("MESH:D000009\tC0000003\n")
    tasks = task(root)
    tasks["entity_linking"]["identifier_map"] = str(root / "map.tsv")
    mapped = run(TASK, inputs(root, tasks))
    assert mapped.counts["toy"]["mentions without a concept"] == 0
    assert root / "map.tsv" in mapped.inputs


def test_seed_and_dictionary_order_change_nothing(root, result, tmp_path):
    assert run(TASK, inputs(root, task(root), seed=5)).predictions == result.predictions


def test_stored_vectors_give_the_same_answers(root, result, tmp_path):
    given = inputs(root, task(root))
    encoder = Encoder(load_language_model(root / "model", torch.device("cpu")), 4, 64)
    write_vectors(tmp_path / "vectors", encoder, root / "dictionary.parquet", root / "model")
    system = LanguageModelSystem(root / "model", given.config.compute, 4, tmp_path / "vectors")
    stored = run(TASK, inputs(root, task(root), system=system))
    assert len(stored.predictions) > 50
    assert stored.predictions == result.predictions


def test_a_baseline_answers_too(root):
    answered = run(TASK, inputs(root, task(root), system=Trigrams()))
    assert set(values(answered, "in_dictionary", "accuracy@1_cls").values()) == {1.0}
    assert root / "dictionary.parquet" in answered.inputs


@pytest.mark.parametrize("key", ["test", "train"])
def test_absent_files_are_skipped_in_one_line(root, key):
    skipped = run(TASK, inputs(root, task(root, **{key: ["nowhere/gold.txt"]})))
    assert skipped.predictions == []
    (line,) = skipped.skipped
    assert f"evaluation.tasks.entity_linking.datasets.toy.{key}" in line
    assert "nowhere/gold.txt" in line
    assert "\n" not in line


def test_an_absent_map_skips(root):
    tasks = task(root)
    tasks["entity_linking"]["identifier_map"] = "nowhere/map.tsv"
    (line,) = run(TASK, inputs(root, tasks)).skipped
    assert "evaluation.tasks.entity_linking.identifier_map" in line


def test_a_broken_file_is_an_error(root, tmp_path):
    (tmp_path / "broken.txt").write_text("1|t|Fever\n1\t0\tfive\tFever\tDisease\tD000001\n")
    with pytest.raises(InputError, match=r"broken\.txt line 2"):
        run(TASK, inputs(root, task(root, test=[str(tmp_path / "broken.txt")])))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("test", "types", "least"),
    [
        ("el_bc5cdr/CDR_TestSet.PubTator.txt.gz", ["Disease"], 4000),
        ("el_bc5cdr/CDR_TestSet.PubTator.txt.gz", ["Chemical"], 5000),
        ("el_ncbi_disease/NCBItestset_corpus.txt.gz", [], 950),
    ],
)
def test_published_sets(test, types, least):
    folder = os.environ.get("BALI_DEVELOPMENT_DATA")
    if not folder:
        pytest.skip("BALI_DEVELOPMENT_DATA is not set")
    gold = read_gold_mentions(EntityLinkingDataset(test=[str(Path(folder) / test)], types=types))
    known = Counter(identifier for identifier, _ in _read_map(Path(folder) / "open_meta/id2cui.tsv.gz"))
    mapped = [m for m in gold.test if any(i in known for i in m.identifiers)]
    assert len(gold.test) >= least
    assert len(mapped) > 0.6 * len(gold.test)
