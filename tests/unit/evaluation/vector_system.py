"""A system whose vectors a test chooses, and the inputs of a task with it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bali.config import Config
from bali.evaluation.results import TaskInputs
from bali.evaluation.systems.system import POOLINGS
from bali.strict import decode

Vector = Callable[[str], Sequence[float]]


class VectorsOf:
    """The zero-shot answers of a model whose vectors are known, in blocks of `block_rows`.

    Args:
        of_name: name -> vector; [CLS] pooling gives its opposite, which has the same cosines.
        of_mention: surface -> vector, or None where it is cut off.
        block_rows: of `scores`.
    """

    def __init__(self, of_name: Vector, of_mention: Callable[[str], Any] | None = None, block_rows: int = 3) -> None:
        self._of_name, self._of_mention, self._block_rows = of_name, of_mention, block_rows

    def name_vectors(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        vectors = np.array([self._of_name(name) for name in names], np.float64)
        return {"cls": -vectors, "mean": vectors}

    def mention_vectors(self, mentions: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        vectors = [self._of_mention(m.sentence[m.start : m.end]) for m in mentions]
        found = np.array([vector is not None for vector in vectors])
        kept = [vector for vector in vectors if vector is not None]
        return np.array(kept, np.float64) if kept else np.zeros((0, 3)), found

    def scores(self, names: Sequence[str], rows: Sequence[int]) -> Iterator[dict[str, np.ndarray]]:
        vectors = self.name_vectors(names)["mean"]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        for start in range(0, len(rows), self._block_rows):
            block = vectors[list(rows[start : start + self._block_rows])] @ vectors.T
            yield dict.fromkeys(POOLINGS, block)


def task_inputs(root: Path, tasks: dict[str, Any], system: Any) -> TaskInputs:
    """The inputs of a task below `root`: umls, graph, dictionary.parquet, and examples.parquet where it is there."""
    config = decode(Config, {"evaluation": {"tasks": tasks, "num_bootstrap": 200}})
    validation = [path for path in [root / "examples.parquet"] if path.exists()]
    return TaskInputs(config, system, 0, root / "umls", root / "graph", validation, root / "dictionary.parquet")
