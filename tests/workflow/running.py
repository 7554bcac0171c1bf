"""Runs of the workflow in a copy of the project, as a user would start them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
COPIED = ["bali", "workflow", "resources", "envs", "config.yaml"]
# Of __pycache__ only what numba compiled comes along, found by the content of its source: a minute per cold project.
# A file that another process is writing has a name of its own until it is whole.
NOT_COPIED = shutil.ignore_patterns("*.pyc*", "*.tmp.*", ".*")
SMALL = {  # the demo's configuration, cut down to what a test can wait for
    "base_model": {"num_steps": 30, "vocabulary_size": 1000},
    "pretraining": {"num_steps": 48, "checkpoint_every": 5, "log_every": 8, "validate_every": 24},
    "experiments": {"bali_gat": {}, "mlm_only": {"graph_encoder": "none"}},
    "evaluation": {"models": ["base", "mlm_only", "bali_gat"], "seeds": [0], "num_bootstrap": 100},
}
FINE_TUNED = ("pubmedqa", "chemprot", "ner")  # one epoch of each


def copy_project(folder: Path) -> Path:
    """Copy what a run needs into `folder`, with the small configuration."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=NOT_COPIED)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    change_config(folder, **SMALL)
    config = read_config(folder)
    for task in FINE_TUNED:
        config["evaluation"]["tasks"][task]["num_epochs"] = 1
    write_config(folder, config)
    return folder


def read_config(project: Path) -> dict:
    return yaml.safe_load((project / "config.yaml").read_text())


def write_config(project: Path, config: dict) -> None:
    (project / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def change_config(project: Path, **sections) -> None:
    """Change keys of sections; `experiments` is replaced as a whole."""
    config = read_config(project)
    for name, values in sections.items():
        if isinstance(config.get(name), dict) and name != "experiments":
            config[name] = {**config[name], **values}
        else:
            config[name] = values
    write_config(project, config)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]


def snakemake(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake at the project's root; stdout and stderr come as one text in `stdout`."""
    return subprocess.run(
        command(*arguments),
        cwd=project,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1800,
    )


def planned(project: Path, *arguments: str) -> set[str]:
    """The rules that a run would start, without `all`; an empty set where there is nothing to do."""
    result = snakemake(project, "--dry-run", *arguments)
    assert result.returncode == 0, result.stdout
    if "Nothing to be done" in result.stdout:
        return set()
    table = result.stdout.split("Job stats:")[1]
    rules = set(re.findall(r"^([a-z_]+) +\d+$", table, re.MULTILINE))
    assert "total" in rules, result.stdout
    return rules - {"total", "all", "job"}
