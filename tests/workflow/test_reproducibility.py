"""The same input, configuration and seed give the same bytes, whatever the directory, the hash seed or the faults."""

import os
import signal
import subprocess
import time

from running import command, copy_project, snakemake

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


def test_a_killed_training_comes_back_to_the_same_bytes(finished, tmp_path):
    project = copy_project(tmp_path / "killed")
    target = "results/models/bali_gat"
    result = snakemake(project, "--until", "make_examples", "build_base_model", "sample_subgraphs")
    assert result.returncode == 0, result.stdout
    process = subprocess.Popen(
        command(target), cwd=project, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    checkpoints = project / "results/checkpoints/bali_gat"
    while not list(checkpoints.glob("*/step-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (project / target).exists()
    result = snakemake(project, "--unlock")
    assert result.returncode == 0, result.stdout
    result = snakemake(project, target)
    assert result.returncode == 0, result.stdout
    assert "resum" in (project / "results/logs/pretrain_model/bali_gat.log").read_text().lower()
    expected = digest_file(finished / target / "model.safetensors")
    assert digest_file(project / target / "model.safetensors") == expected
    assert digest_file(project / target / "training_log.parquet") == digest_file(
        finished / target / "training_log.parquet"
    )


def test_after_a_kill_only_the_unfinished_shards_are_linked_again(finished, tmp_path):
    project = copy_project(tmp_path / "killed")
    targets = sorted(f"results/mentions/{path.name}" for path in (finished / "results/mentions").glob("*.parquet"))
    assert len(targets) == 3
    result = snakemake(project, "--until", "split_sentences", "build_linker_index", "ingest_umls")
    assert result.returncode == 0, result.stdout
    process = subprocess.Popen(
        [*command(*targets), "--cores", "1"],
        cwd=project,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not any((project / target).exists() for target in targets) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # the next one has begun
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = {target for target in targets if (project / target).exists()}
    times = {target: (project / target).stat().st_mtime_ns for target in done}
    assert 0 < len(done) < len(targets)
    assert snakemake(project, "--unlock").returncode == 0
    result = snakemake(project, "--rerun-incomplete", *targets)
    assert result.returncode == 0, result.stdout
    assert {target: (project / target).stat().st_mtime_ns for target in done} == times
    assert [digest_file(project / target) for target in targets] == [
        digest_file(finished / target) for target in targets
    ]
