"""Names that are hard on a shell survive the rules; names that cannot are refused in one line before any job."""

import os

import pytest
from odd_names import CANARY, NAMES, oddly_named
from running import copy_project, read_config, snakemake, write_config

from bali.io.parquet import check_artefact, read_provenance
from bali.schemas import ARTEFACTS


@pytest.fixture
def project(tmp_path):
    return copy_project(tmp_path / NAMES["run"])


def test_the_first_rules_of_data_with_odd_names(project):
    config = oddly_named(read_config(project), project)
    write_config(project, config)
    (project / "config.yaml").rename(project / NAMES["config"])
    results = NAMES["results"]
    targets = [
        f"{results}/umls/names.parquet",
        f"{results}/corpus/sentences/{NAMES['shard']}.parquet",
        f"{results}/examples/held_out.parquet",
        f"{results}/evaluation/dictionary.parquet",
    ]
    result = snakemake(project, "--configfile", NAMES["config"], "--", *targets)
    assert result.returncode == 0, result.stdout
    for target in targets:
        path = project / target
        assert check_artefact(path, ARTEFACTS[read_provenance(path)["artefact"]]).metadata.num_rows > 10
    assert list(project.rglob(CANARY)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"results_dir": "results {x}"}, "results_dir: expected a path without '{', which Snakemake replaces"),
        ({"corpus": {"inputs": ["-corpus/*.xml"]}}, "corpus.inputs: expected a path without a leading '-'"),
    ],
)
def test_names_that_rules_cannot_take(project, change, message):
    write_config(project, {**read_config(project), **change})
    os.symlink(project / "resources/demo/pubmed", project / "-corpus")
    before = set(project.iterdir())
    result = snakemake(project, "--dry-run")
    assert result.returncode == 2
    assert len([line for line in result.stdout.splitlines() if line.startswith(message)]) == 1
    assert "Traceback" not in result.stdout
    assert set(project.iterdir()) - before <= {project / ".snakemake"}


def test_braces_and_quotes_in_options_are_text(project):
    config = read_config(project)
    words = ["{shard}", "{{x}}", "$(touch " + CANARY + ")", "'; touch " + CANARY + "; '", "{input.__class__}"]
    config["linking"]["stop_terms"] = words
    config["umls"]["exclude_sources"] = words
    write_config(project, config)
    result = snakemake(
        project, "results/umls/names.parquet", "--config", 'umls={release: "it\'s {a} \\"b\\" $(touch x)"}'
    )
    assert result.returncode == 0, result.stdout
    options = (project / "results/logs/ingest_umls.log").read_text()
    assert all(word in options for word in words)
    assert "it's {a}" in options
    assert not (project / "x").exists()
    assert list(project.rglob(CANARY)) == []


def test_a_template_is_refused(project):
    (project / "config.yaml").write_text("__use_yte__: true\nseed: ?20 + 9\n")
    result = snakemake(project, "--dry-run")
    assert result.returncode == 2
    assert "config.yaml: expected plain YAML, found __use_yte__" in result.stdout


@pytest.mark.parametrize(
    "text",
    [
        "umls: !!python/object/apply:os.system ['touch {canary}']\n",
        "results_dir: !!python/name:os.system\n",
    ],
)
def test_tags_in_a_configuration_make_no_objects(project, text):
    (project / "config.yaml").write_text(text.format(canary=CANARY))
    result = snakemake(project, "--dry-run")
    assert result.returncode != 0
    assert "Traceback" not in result.stdout
    assert list(project.rglob(CANARY)) == []
