"""How much disk each folder of the results takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from bali.reporting.results import Results

# In the order of the pipeline; other folders follow by name. The page's own folder counts its tables only.
FOLDERS = (
    "umls",
    "graph",
    "linker",
    "corpus",
    "mentions",
    "subgraphs",
    "examples",
    "base_model",
    "checkpoints",
    "models",
    "evaluation",
    "linking",
    "report",
)
NOT_COUNTED = ("logs", "benchmarks", "report/index.html", "report/model_cards")  # what the page itself would change


@dataclass(frozen=True)
class FolderSize:
    """One folder; `percent` is its share of the largest."""

    folder: str
    num_files: int
    num_bytes: int
    percent: float


def folder_sizes(results: Results) -> list[FolderSize]:
    """The folders of a results directory with their files, links not followed; empty ones are left out."""
    sizes: dict[str, list[int]] = {}
    for path in sorted(results.root.rglob("*")):
        name = path.relative_to(results.root).as_posix()
        folder, _, below = name.partition("/")
        is_counted = not any(name == left_out or name.startswith(f"{left_out}/") for left_out in NOT_COUNTED)
        if below and is_counted and not folder.startswith(".") and path.is_file() and not path.is_symlink():
            sizes.setdefault(folder, []).append(path.stat().st_size)
    largest = max((sum(found) for found in sizes.values()), default=0) or 1
    return [
        FolderSize(folder, len(sizes[folder]), sum(sizes[folder]), round(100 * sum(sizes[folder]) / largest, 2))
        for folder in _ordered(sizes)
    ]


def _ordered(folders: Sequence[str] | dict[str, list[int]]) -> list[str]:
    return [*(folder for folder in FOLDERS if folder in folders), *sorted(set(folders) - set(FOLDERS))]
