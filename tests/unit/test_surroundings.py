import getpass
import pwd
from pathlib import Path

import pytest

from bali import surroundings
from bali.surroundings import missing_user, own_cache


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Code and cache of the user, with those that cannot be written; a superuser may write everywhere."""
    closed = set()
    monkeypatch.setattr(surroundings.os, "access", lambda path, _: Path(path) not in closed)
    for name in ("code", "cache"):
        (tmp_path / name).mkdir()
    return tmp_path, closed


def found(folder, **environment):
    return own_cache(folder / "code", folder / "run", {"XDG_CACHE_HOME": str(folder / "cache"), **environment})


def test_numba_is_left_alone_where_it_finds_a_folder(folders):
    folder, closed = folders
    assert found(folder) is None
    closed.add(folder / "code")
    assert found(folder) is None
    closed.add(folder / "cache")
    assert found(folder, NUMBA_CACHE_DIR="elsewhere") is None


def test_a_run_keeps_compiled_code_where_neither_code_nor_home_can_be_written(folders):
    folder, closed = folders
    closed |= {folder / "code", folder / "cache"}
    assert found(folder) == folder / "run/numba"


def test_a_cache_folder_that_is_not_there_yet_can_be_made(folders):
    folder, closed = folders
    closed.add(folder / "code")
    assert found(folder, XDG_CACHE_HOME=str(folder / "new/cache")) is None
    closed.add(folder)
    assert found(folder, XDG_CACHE_HOME=str(folder / "new/cache")) == folder / "run/numba"


def test_a_home_that_is_not_known_is_no_folder_of_the_run(folders, monkeypatch):
    folder, closed = folders
    closed.add(folder / "code")
    monkeypatch.setattr(surroundings.os.path, "expanduser", lambda path: path)
    assert found(folder, XDG_CACHE_HOME="") == folder / "run/numba"


def test_a_user_without_an_account_is_named_by_a_number(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: {}[uid])
    monkeypatch.setattr(surroundings.os, "getuid", lambda: 4321)
    assert missing_user() == {"USER": "4321"}
    monkeypatch.setenv("USER", missing_user()["USER"])
    assert getpass.getuser() == "4321"
    assert missing_user() == {}
