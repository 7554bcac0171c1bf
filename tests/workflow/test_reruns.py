"""What a run does again after a change: exactly what the change concerns."""

import os
import re
import shutil
import time
from contextlib import contextmanager

import pytest
from running import ROOT, change_config, planned

EVALUATION = {"evaluate_model", "evaluate_baselines", "summarise_metrics", "write_report"}
TRAINING_AND_BELOW = {"pretrain_model", "encode_dictionary", *EVALUATION} - {"evaluate_baselines"}
EXAMPLES_AND_BELOW = TRAINING_AND_BELOW | EVALUATION | {"make_examples", "find_overlaps"}
SUBGRAPHS_AND_BELOW = EXAMPLES_AND_BELOW | {"sample_subgraphs"}
LINKING_AND_BELOW = SUBGRAPHS_AND_BELOW | {"link_mentions", "score_linking"}
CORPUS_AND_BELOW = LINKING_AND_BELOW | {"parse_corpus", "select_versions", "split_sentences", "build_base_model"}


@contextmanager
def changed(path):
    """Put a file back, with its times, after the block."""
    kept = path.with_name(path.name + ".kept")
    shutil.copy2(path, kept)
    try:
        yield path
    finally:
        os.replace(kept, path)


def test_a_second_run_does_nothing(finished):
    assert planned(finished) == set()


@pytest.mark.parametrize(
    ("sections", "rules"),
    [
        ({"subgraphs": {"fanout": [2]}}, SUBGRAPHS_AND_BELOW),
        ({"pretraining": {"temperature": 0.1}}, TRAINING_AND_BELOW),
        ({"linking": {"threshold": 0.9}}, LINKING_AND_BELOW | {"write_report"}),
        ({"evaluation": {"num_bootstrap": 200}}, EVALUATION),
        ({"evaluation": {"other_models": {"again": "results/base_model"}}}, TRAINING_AND_BELOW - {"pretrain_model"}),
        ({"report": {"show_text": False}}, {"write_report"}),
    ],
)
def test_a_changed_key_runs_its_stage_and_below(finished, sections, rules):
    with changed(finished / "config.yaml"):
        change_config(finished, **sections)
        assert planned(finished) == rules


@pytest.mark.parametrize("job", ["pretrain_model:experiment=bali_gat", "write_report:"])
def test_a_job_of_a_cluster_plans_its_own_rule_alone(finished, job):
    """A job that drew another rule in would run that one again, while others read what it writes."""
    rule = job.partition(":")[0]
    arguments = ("--target-jobs", job, "--allowed-rules", rule, "--force", "--nolock", "--mode", "remote")
    assert planned(finished, *arguments) == {rule}


def test_rules_name_the_outputs_of_others_as_paths():
    text = "".join(path.read_text() for path in sorted((ROOT / "workflow").rglob("*.smk")))
    assert text.count("paths(rules.") > 20
    assert re.findall(r"(?<!paths\()\brules\.\w+\.\w+", text) == []


@pytest.mark.parametrize(
    "sections",
    [
        {"compute": {"cpu_threads": 2}},
        {"pretraining": {"log_every": 7, "checkpoint_every": 3}},
    ],
)
def test_threads_and_logs_run_nothing(finished, sections):
    with changed(finished / "config.yaml"):
        change_config(finished, **sections)
        assert planned(finished) == set()
        assert planned(finished, "--set-threads", "pretrain_model=4") == set()


def test_a_changed_input_runs_what_depends_on_it(finished):
    path = min((finished / "resources/demo/pubmed").glob("*.xml"))
    with changed(path):
        path.write_text(path.read_text(encoding="utf-8").replace("patients", "persons"), encoding="utf-8")
        os.utime(path, (time.time() + 5, time.time() + 5))
        assert planned(finished) == CORPUS_AND_BELOW


@pytest.mark.parametrize(
    ("file", "absent", "present"),
    [
        ("bali/graph/subgraphs.py", {"ingest_umls", "link_mentions", "parse_corpus"}, SUBGRAPHS_AND_BELOW),
        ("bali/stages/evaluate.py", {"pretrain_model", "build_graph"}, {"evaluate_model", "write_report"}),
        ("bali/stages/report.py", {"evaluate_model", "summarise_metrics"}, {"write_report"}),
    ],
)
def test_changed_code_runs_its_stage_and_below(finished, file, absent, present):
    with changed(finished / file) as path:
        path.write_text(path.read_text() + "\n# a comment changes nothing\n")
        assert planned(finished) == set()
        path.write_text(path.read_text() + "\nADDED = 1\n")
        rules = planned(finished)
    assert present <= rules
    assert not absent & rules
