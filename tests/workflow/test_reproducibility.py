"""The same input, configuration and seed give the same bytes, whatever the directory, the hash seed or the faults."""

import os
import shutil
import signal
import subprocess
import time

from running import command, copy_project, planned, snakemake

from bali.io.files import digest_file


def digests(project):
    """Digest of every Parquet, model and array file of a run, by its path below results/."""
    results = project / "results"
    files = [*results.rglob("*.parquet"), *results.rglob("*.npy"), *results.rglob("*.safetensors")]
    for folder in (results / "models", results / "base_model"):
        files += [file for file in folder.rglob("*") if file.is_file() and file.name != ".snakemake_timestamp"]
    return {str(file.relative_to(results)): digest_file(file) for file in sorted(set(files))}


def test_two_runs_give_the_same_bytes(finished, tmp_path):
    other = copy_project(tmp_path / "another directory")
    result = snakemake(other, PYTHONHASHSEED="2")
    assert result.returncode == 0, result.stdout
    expected, found = digests(finished), digests(other)
    assert len(expected) > 40
    assert "models/bali_gat/model.safetensors" in expected
    assert [path for path in expected if found.get(path) != expected[path]] == []
    assert sorted(found) == sorted(expected)


def copy_without(finished, folder, removed):
    """A copy of the finished run, with Snakemake's records, in which some of the results were never made."""
    shutil.copytree(finished, folder)
    for path in removed:
        shutil.rmtree(folder / "results" / path)
    return folder


def run_and_kill(project, is_time, *arguments):
    """Start a run, kill all of its processes once `is_time()`, and unlock the folder."""
    assert not is_time()
    process = subprocess.Popen(
        command(*arguments), cwd=project, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not is_time() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    result = snakemake(project, "--unlock")
    assert result.returncode == 0, result.stdout


def test_a_killed_training_comes_back_to_the_same_bytes(finished, tmp_path):
    target = "results/models/bali_gat"
    removed = ["models/bali_gat", "logs/pretrain_model"]
    project = copy_without(finished, tmp_path / "killed", removed)
    assert planned(project, target) == {"pretrain_model"}
    checkpoints = project / "results/checkpoints/bali_gat"
    run_and_kill(project, lambda: list(checkpoints.glob("step-*")), target)
    assert not (project / target).exists()
    result = snakemake(project, target)
    assert result.returncode == 0, result.stdout
    assert "resum" in (project / "results/logs/pretrain_model/bali_gat.log").read_text().lower()
    expected = digest_file(finished / target / "model.safetensors")
    assert digest_file(project / target / "model.safetensors") == expected
    assert digest_file(project / target / "training_log.parquet") == digest_file(
        finished / target / "training_log.parquet"
    )


def test_after_a_kill_only_the_unfinished_shards_are_linked_again(finished, tmp_path):
    targets = sorted(f"results/mentions/{path.name}" for path in (finished / "results/mentions").glob("*.parquet"))
    assert len(targets) == 3
    project = copy_without(finished, tmp_path / "killed", ["mentions", "logs/link_mentions"])
    assert planned(project, *targets) == {"link_mentions"}
    logs = project / "results/logs/link_mentions"
    # With one core the second log begins once Snakemake has noted that the first shard is done.
    run_and_kill(project, lambda: len(list(logs.glob("*.log"))) > 1, *targets, "--cores", "1")
    done = {target for target in targets if (project / target).exists()}
    times = {target: (project / target).stat().st_mtime_ns for target in done}
    assert 0 < len(done) < len(targets)
    result = snakemake(project, "--rerun-incomplete", *targets)
    assert result.returncode == 0, result.stdout
    assert {target: (project / target).stat().st_mtime_ns for target in done} == times
    assert [digest_file(project / target) for target in targets] == [
        digest_file(finished / target) for target in targets
    ]
