"""The parts of a set from its files: each example once, none forgotten, what became no example counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bali.errors import InputError
from bali.tasks.examples import E, Splits
from bali.tasks.options import SplitFiles

Reader = Callable[[Path, Counter[str]], Iterable[E]]


def read_parts(dataset: SplitFiles, read: Reader[E]) -> Splits[E]:
    """Read train, dev and test in the order of their files.

    Args:
        dataset: names the files.
        read: (file or folder, counter of what is left out by reason) -> its examples.

    Raises:
        InputError: the files of a part hold no example, or two examples of a part have one id.
    """
    left_out: Counter[str] = Counter()
    train, dev, test = (_read_part(paths, read, left_out) for paths in (dataset.train, dataset.dev, dataset.test))
    return Splits(train, dev, test, dict(sorted(left_out.items())))


def name_of(path: Path) -> str:
    """The name of a file in ids of examples: the same whether it is gzipped, and wherever it lies."""
    return path.name.removesuffix(".gz")


def _read_part(paths: Sequence[str], read: Reader[E], left_out: Counter[str]) -> list[E]:
    examples: list[E] = []
    seen: set[str] = set()
    for path in paths:
        for example in read(Path(path), left_out):
            if example.example_id in seen:
                raise InputError(
                    f"{path}: expected distinct examples within a part, got {example.example_id} twice."
                    " Is a file named twice, or are two files of one name? Rename one."
                )
            seen.add(example.example_id)
            examples.append(example)
    if paths and not examples:
        raise InputError(f"{', '.join(paths)}: expected at least one example, found none. Is it the right file?")
    return examples
