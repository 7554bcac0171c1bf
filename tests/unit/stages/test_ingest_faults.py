"""What can go wrong outside the program: exit code 2, one line that says what to do, no half of a result."""

import gc
import json
import os
import random
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from bali.cli import EXIT_BAD_INPUT, main
from tests.unit.rrf.rrf_fixtures import encode, mrconso, mrfiles, mrrel, release, write_release, write_zip

PAGE = 4096  # bytes: tmpfs counts whole pages
ROOT = Path(__file__).parents[3]


def arguments(command, source, output_dir):
    flag = {"ingest": "--input", "build-graph": "--umls-dir"}[command]
    return [command, flag, str(source), "--output-dir", str(output_dir), "--options", json.dumps({})]


@pytest.fixture
def refused(capsys):
    """Run a command that must fail; returns its line."""

    def run(command, source, output_dir):
        capsys.readouterr()
        assert main(arguments(command, source, output_dir)) == EXIT_BAD_INPUT
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        assert lines[0].startswith(f"bali {command}: ")
        return lines[0]

    return run


def no_meta(folder):
    return write_zip(folder / "a.zip", {"README.txt": ["x"]})


def lost_piece(folder):
    write_release(folder, {name: rows for name, rows in release().items() if name != "MRREL.RRF"})
    for suffix, rows in (("aa", release()["MRREL.RRF"][:3]), ("ac", release()["MRREL.RRF"][3:])):
        (folder / f"MRREL.RRF.{suffix}").write_bytes(encode(rows))
    return folder


def changed(**tables):
    def write(folder):
        write_release(folder, {**release(), **tables})
        return folder

    return write


FAULTS = {
    "a zip without a release": (no_meta, r"MRCONSO.RRF, MRREL.RRF, MRSTY.RRF: not found"),
    "a lost piece": (lost_piece, r"MRREL.RRF: expected the piece MRREL.RRF.ab before .*MRREL.RRF.ac, found none"),
    "a cut file": (
        changed(**{"MRFILES.RRF": [mrfiles("MRREL.RRF", 12)]}),
        r"MRREL.RRF: expected 12 rows as MRFILES.RRF says, got 11",
    ),
    "shifted columns": (
        changed(**{"MRREL.RRF": ["|" + mrrel("C9000001", "RO", "C9000002")[:-1]]}),
        r"MRREL.RRF line 1: expected CUI[12] to be a concept identifier, .*, got '.*'\. The columns may be shifted",
    ),
    "names of nothing": (
        changed(**{"MRCONSO.RRF": [mrconso("D003924", "A1", "x")]}),
        r"MRCONSO.RRF line 1: expected CUI to be a concept identifier, .*, got 'D003924'",
    ),
    "nothing there": (lambda folder: folder / "nowhere", r"nowhere: no such file or directory"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_release_is_one_line_and_leaves_nothing(tmp_path, refused, fault):
    write, message = FAULTS[fault]
    (tmp_path / "release").mkdir()
    assert re.search(message, refused("ingest", write(tmp_path / "release"), tmp_path / "out"))
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_release_that_fails_late_keeps_the_earlier_result(tmp_path, refused):
    """The row count is compared after all names were read and while they are written."""
    source, out = tmp_path / "release", tmp_path / "out"
    write_release(source, release())
    assert main(arguments("ingest", source, out)) == 0
    before = contents(out)
    assert len(before) > 9
    write_release(source, {"MRFILES.RRF": [mrfiles("MRREL.RRF", 12)]})
    refused("ingest", source, out)
    assert contents(out) == before


@pytest.mark.parametrize("command", ["ingest", "build-graph"])
@pytest.mark.parametrize("place", ["file", "below a file"])
def test_an_output_folder_that_cannot_be_is_one_line(tmp_path, refused, command, place):
    write_release(tmp_path / "release", release())
    assert main(arguments("ingest", tmp_path / "release", tmp_path / "umls")) == 0
    (tmp_path / "taken").write_text("mine")
    output_dir = tmp_path / "taken" if place == "file" else tmp_path / "taken" / "out"
    source = tmp_path / ("release" if command == "ingest" else "umls")
    assert re.search(r"taken.*: cannot be written: .*", refused(command, source, output_dir))
    assert (tmp_path / "taken").read_text() == "mine"


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def num_pages(folder):
    return sum(-(-len(data) // PAGE) for data in contents(folder).values())


@contextmanager
def small_disk(folder, pages):
    """A file system of so many pages at `folder`."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={pages * PAGE}", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        gc.collect()  # a file of which closing failed is open until it is collected
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def sources(tmp_path):
    """Command -> its input, and command -> what it writes on a disk that is large enough: files of some pages."""
    chance = random.Random(29)
    tables = release()
    tables["MRCONSO.RRF"] += [mrconso(f"C8{n:06d}", f"A{n}", f"{chance.getrandbits(99)}") for n in range(700)]
    tables["MRREL.RRF"] += [mrrel(f"C8{n:06d}", "RO", f"C8{chance.randrange(700):06d}", "x") for n in range(700)]
    write_release(tmp_path / "release", tables)
    inputs = {"ingest": tmp_path / "release", "build-graph": tmp_path / "out-ingest"}
    for command, source in inputs.items():
        assert main(arguments(command, source, tmp_path / f"out-{command}")) == 0
    return inputs, {command: tmp_path / f"out-{command}" for command in inputs}


@pytest.mark.parametrize("command", ["ingest", "build-graph"])
def test_wherever_the_disk_is_full_nothing_is_left(tmp_path, refused, sources, command):
    """Page by page: the disk fills in the data of each file, in its footer, in the census."""
    inputs, outputs = sources
    enough = num_pages(outputs[command])
    assert enough > 12
    for pages in {*range(1, enough, 5), *range(enough - 4, enough)}:
        with small_disk(tmp_path / "small", pages) as disk:
            assert "cannot be written" in refused(command, inputs[command], disk / "out")
            assert not list(disk.rglob("*.parquet"))
            assert not contents(disk)
    with small_disk(tmp_path / "small", enough) as disk:
        assert main(arguments(command, inputs[command], disk / "out")) == 0
        assert contents(disk / "out") == contents(outputs[command])


@pytest.mark.parametrize("command", ["ingest", "build-graph"])
def test_a_full_disk_keeps_the_earlier_result(tmp_path, refused, sources, command):
    inputs, outputs = sources
    with small_disk(tmp_path / "small", num_pages(outputs[command]) + 3) as disk:
        assert main(arguments(command, inputs[command], disk / "out")) == 0
        before = contents(disk)
        assert "cannot be written" in refused(command, inputs[command], disk / "out")
        assert contents(disk) == before
        assert before


def test_the_command_itself_shows_its_log_and_one_line(tmp_path, sources):
    inputs, _ = sources
    with small_disk(tmp_path / "small", 3) as disk:
        call = [sys.executable, "-m", "bali", *arguments("ingest", inputs["ingest"], disk / "out")]
        result = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == EXIT_BAD_INPUT
    log = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ (INFO|WARNING) ")
    others = [line for line in result.stderr.splitlines() if not log.match(line)]
    assert len(others) == 1
    assert others[0].startswith("bali ingest: ")
    assert "No space left on device" in others[0]
    assert result.stdout == ""


@pytest.mark.parametrize("threads", ["0", "-1", "two", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused(tmp_path, capsys, threads):
    with pytest.raises(SystemExit) as stop:
        main(["ingest", "--input", str(tmp_path), "--output-dir", str(tmp_path / "out"), "--threads", threads])
    assert stop.value.code == 2
    assert f"expected a whole number of at least 1, got '{threads}'" in capsys.readouterr().err
