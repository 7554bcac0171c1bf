"""Versions of what ran, and on which device."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import bali

LIBRARIES = ("torch", "transformers", "torch-geometric", "quickumls", "polars", "pyarrow", "numpy", "snakemake")


def versions() -> list[tuple[str, str]]:
    """(name, version) of bali, Python and the main libraries that are installed."""
    found = [("bali", bali.__version__), ("python", platform.python_version())]
    for name in LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed"))
    return found


def machine() -> Sequence[tuple[str, str]]:
    """The kind of machine that wrote the report; no host name."""
    return [("system", f"{platform.system()} {platform.machine()}")]
