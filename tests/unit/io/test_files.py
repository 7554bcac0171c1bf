import os
import subprocess
import sys

import pytest

from bali.errors import ArtefactError, OutputError
from bali.io.files import atomic_files, atomic_path, digest_file, read_json, write_json


def test_a_file_is_whole_or_absent(tmp_path):
    target = tmp_path / "a" / "file.txt"
    with pytest.raises(RuntimeError), atomic_path(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert list(target.parent.iterdir()) == []
    with atomic_path(target) as partial:
        partial.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"


def test_an_exception_keeps_the_old_file(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as partial:
        partial.write_text("new")
        raise RuntimeError
    assert target.read_text() == "old"


def test_a_directory_replaces_a_directory(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").write_text("")
    with atomic_path(target) as partial:
        partial.mkdir()
        (partial / "new").write_text("")
    assert [path.name for path in target.iterdir()] == ["new"]


def test_digest_follows_the_content(tmp_path):
    path = tmp_path / "a"
    path.write_text("x")
    first = digest_file(path)
    assert first == digest_file(path)
    path.write_text("y")
    assert digest_file(path) != first


def test_json_round_trip_and_errors(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "β"})
    assert read_json(tmp_path / "a.json") == {"a": "β", "b": 1}
    with pytest.raises(ArtefactError, match="no such file"):
        read_json(tmp_path / "absent.json")
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ArtefactError, match="expected JSON"):
        read_json(tmp_path / "a.json")


def test_many_files_take_their_names_together(tmp_path):
    folder = tmp_path / "a" / "out"
    with atomic_files(folder) as partial:
        for name in ("one", "two"):
            (partial / name).write_text("new")
        (partial / "folder").mkdir()
        (partial / "folder" / "three").write_text("new")
        assert [path.name for path in folder.iterdir()] == [partial.name]
    assert sorted(path.name for path in folder.iterdir()) == ["folder", "one", "two"]
    assert (folder / "folder" / "three").read_text() == "new"


def test_an_exception_keeps_all_old_files(tmp_path):
    (tmp_path / "one").write_text("old")
    (tmp_path / "other").write_text("mine")
    for fails in (True, False):
        try:
            with atomic_files(tmp_path) as partial:
                (partial / "one").write_text("new")
                (partial / "two").write_text("new")
                if fails:
                    raise RuntimeError
        except RuntimeError:
            assert fails
        found = {path.name: path.read_text() for path in tmp_path.iterdir()}
        new = {"one": "old"} if fails else {"one": "new", "two": "new"}
        assert found == {"other": "mine", **new}


@pytest.mark.parametrize("atomic", [atomic_path, atomic_files])
def test_what_the_system_refuses_is_one_line(tmp_path, atomic):
    (tmp_path / "taken").write_text("mine")
    below = r"taken/out: cannot be written: .*directory.*\. Free space on the disk"
    with pytest.raises(OutputError, match=below), atomic(tmp_path / "taken" / "out"):
        pass
    full = r"x: cannot be written: 20005 requested and 496 written\. Free"  # as NumPy says it, but on two lines
    with pytest.raises(OutputError, match=full), atomic(tmp_path / "x"):
        raise OSError("20005 requested\nand 496 written")
    assert [path.name for path in tmp_path.rglob("*") if path.name != "x"] == ["taken"]


@pytest.mark.parametrize("atomic", ["atomic_path", "atomic_files"])
def test_what_a_killed_process_left_goes_with_the_next_one(tmp_path, atomic):
    script = f"""
import os, pathlib, sys
from bali.io.files import {atomic}
with {atomic}(pathlib.Path(sys.argv[1])) as partial:
    partial.is_dir() or partial.mkdir()
    (partial / "half").write_text("half")
    os.kill(os.getpid(), 9)
"""
    target = tmp_path / "target"
    subprocess.run([sys.executable, "-c", script, target], check=False)
    assert len(list(tmp_path.rglob("half"))) == 1
    with {"atomic_path": atomic_path, "atomic_files": atomic_files}[atomic](target) as partial:
        partial.is_dir() or partial.mkdir()
        (partial / "whole").write_text("whole")
        assert not list(tmp_path.rglob("half"))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["whole"]


def test_what_a_living_process_writes_stays(tmp_path):
    living = tmp_path / f".a.txt.{atomic_name(tmp_path / 'other', os.getppid())}"
    foreign = tmp_path / ".a.txt.elsewhere-1.partial"
    for path in (living, foreign):
        path.write_text("not mine")
    with atomic_path(tmp_path / "a.txt") as partial:
        partial.write_text("mine")
    assert sorted(path.name for path in tmp_path.glob("*a.txt*")) == sorted([living.name, foreign.name, "a.txt"])


def atomic_name(folder, pid):
    """How the process would call its file."""
    with atomic_path(folder / "x") as partial:
        partial.touch()
        return partial.name.removeprefix(".x.").replace(str(os.getpid()), str(pid))
