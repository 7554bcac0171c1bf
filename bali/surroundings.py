"""What a run brings itself where it finds it missing: a folder for compiled code, a name of the user."""

import getpass
import os
from collections.abc import Mapping
from pathlib import Path

CACHE_DIR = "NUMBA_CACHE_DIR"


def own_cache(code: Path, run: Path, environment: Mapping[str, str]) -> Path | None:
    """The folder for compiled code that a run brings itself; None where numba finds one that lasts longer.

    By itself numba writes beside the code, else into the user's cache folder; without either each process compiles
    anew, which takes minutes over a whole run. The files are pickles, so the folder is never one that everybody can
    write to, as that for temporary files may be.

    Args:
        code: folder of the package.
        run: folder of Snakemake's own files, in the run's folder.
        environment: variables of the process.
    """
    if environment.get(CACHE_DIR):
        return None
    user_cache = environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if is_writable(code) or (os.path.isabs(user_cache) and is_writable(Path(user_cache))):
        return None
    return run.absolute() / "numba"


def is_writable(folder: Path) -> bool:
    """Whether a folder can be written, or be made where it is absent."""
    existing = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    return os.access(existing, os.W_OK | os.X_OK)


def missing_user() -> dict[str, str]:
    """The variable that names the user where nothing else does; empty where something does.

    Snakemake and torch ask for the name and fail for a user without an account, as `docker run --user` makes one.
    """
    try:
        getpass.getuser()
    except (KeyError, OSError):  # OSError from Python 3.13 on
        return {"USER": str(os.getuid())}
    return {}
