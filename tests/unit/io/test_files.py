import pytest

from bali.errors import ArtefactError
from bali.io.files import atomic_path, digest_file, read_json, write_json


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
