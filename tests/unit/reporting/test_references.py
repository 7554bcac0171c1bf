"""Published numbers stand below the measures they belong to, and nowhere else."""

import re

import pytest

from bali.reporting.metric_names import MetricKey
from bali.reporting.references import read_references, references
from bali.tasks import TASKS

QA = ("PubMedBERT", "BioLinkBERT-base", "BioLinkBERT-large")


def quoted(key, release="2025AB"):
    return {model: value for model, value, _ in references([key], release).of_measure.get(key, [])}


def test_every_line_is_a_percentage_of_a_known_task_with_a_source():
    lines = read_references()
    assert len(lines) > 20
    for line in lines:
        assert line.task in TASKS
        assert 0 < float(line.value) < 100
        assert re.search(r"20\d\d", line.source)
        re.compile(line.dataset)


def test_a_dataset_is_found_whatever_its_spelling():
    names = ["bc5cdr_disease", "BC5CDR-disease", "BC5_Disease", "bc5cdr-d"]
    found = [quoted(MetricKey("entity_linking", name, "refined", "accuracy@1_mean")) for name in names]
    assert found == [{"SapBERT": "73.7"}] * 4


@pytest.mark.parametrize(
    ("task", "dataset", "metric", "numbers"),
    [
        ("pubmedqa", "pqal", "accuracy", dict(zip(QA, ("55.8", "70.2", "72.2"), strict=True))),
        ("bioasq", "task7b", "accuracy", dict(zip(QA, ("87.5", "91.4", "94.8"), strict=True))),
        ("bioasq", "bioasq_without_snippets", "accuracy", {}),
        ("ner", "BC5CDR-chem", "span_f1", {"PubMedBERT": "93.33", "BioLinkBERT-base": "93.75"}),
        ("ner", "bc5cdr", "span_f1", {}),
        ("chemprot", "scibert", "micro_f1", {}),
        ("chemprot", "blurb", "micro_f1", {"PubMedBERT": "77.24", "BioLinkBERT-base": "77.57"}),
        ("gad", "gad", "accuracy", {}),
        ("pubmedqa", "my_questions", "accuracy", {}),
    ],
)
def test_only_the_measure_of_the_same_protocol_is_quoted(task, dataset, metric, numbers):
    assert quoted(MetricKey(task, dataset, "test", metric)) == numbers


def test_sources_are_numbered_as_they_come_and_the_demo_has_none():
    keys = [
        MetricKey("entity_linking", "ncbi_disease", "refined", "accuracy@1_mean"),
        MetricKey("pubmedqa", "pqal", "test", "accuracy"),
        MetricKey("medqa", "medqa", "test", "accuracy"),
    ]
    found = references(keys, "2025AB")
    assert [{number for _, _, number in found.of_measure[key]} for key in keys] == [{1}, {2}, {2}]
    assert len(found.sources) == 2
    assert references(keys, "demo").of_measure == {}
