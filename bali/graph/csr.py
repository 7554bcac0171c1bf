"""Incoming edges of every node as a compressed sparse row matrix in memory-mapped NumPy files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled
from bali.errors import ArtefactError
from bali.io.files import atomic_path
from bali.io.seals import check_folder, seal_folder
from bali.sorting import count_values

_DTYPES: dict[str, np.dtype[Any]] = {
    "indptr": np.dtype(np.int64),
    "source": np.dtype(np.int32),
    "relation": np.dtype(np.int16),
}
_RERUN = "Delete the folder and run build-graph again."


@dataclass(frozen=True)
class InEdges:
    """The edges that point to each node, sorted by source and relation.

    Attributes:
        indptr: (num_nodes + 1,) int64; the edges of node t lie at `indptr[t]:indptr[t + 1]`.
        source: (num_edges,) int32, node_id where the edge starts.
        relation: (num_edges,) int16, relation_id.
    """

    indptr: npt.NDArray[np.int64]
    source: npt.NDArray[np.int32]
    relation: npt.NDArray[np.int16]

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    def has_loops(self) -> bool:
        """Whether an edge joins a node with itself."""
        return bool(_has_loops(self.indptr, self.source))

    @classmethod
    def from_edges(
        cls,
        source: npt.NDArray[Any],
        target: npt.NDArray[Any],
        relation: npt.NDArray[Any],
        num_nodes: int,
    ) -> "InEdges":
        """From integer arrays of edges, sorted by target, source and relation."""
        indptr = np.zeros(num_nodes + 1, np.int64)
        np.cumsum(count_values(target, num_nodes), out=indptr[1:])
        return cls(indptr, source.astype(np.int32), relation.astype(np.int16))

    @classmethod
    def open(cls, folder: Path) -> "InEdges":
        """Map the three files of `folder` into memory.

        Raises:
            ArtefactError: a file is missing, damaged, is not a NumPy array of the expected type, or their lengths do
                not agree.
        """
        arrays = {name: _open_array(folder / f"{name}.npy", dtype) for name, dtype in _DTYPES.items()}
        edges = cls(**arrays)
        expected = int(edges.indptr[-1]) if len(edges.indptr) else -1
        if not expected == len(edges.source) == len(edges.relation):
            raise ArtefactError(
                f"{folder}: expected {expected} edges as indptr.npy says, found {len(edges.source)} in source.npy and"
                f" {len(edges.relation)} in relation.npy. {_RERUN}"
            )
        check_folder(folder, _RERUN)
        return edges

    def save(self, folder: Path) -> None:
        """Write the three files and their digests, atomically: `folder` is replaced as a whole."""
        with atomic_path(folder) as partial:
            partial.mkdir()
            for name, dtype in _DTYPES.items():
                array = getattr(self, name)
                assert array.dtype == dtype, f"{name} must be {dtype}, is {array.dtype}"
                np.save(partial / f"{name}.npy", array, allow_pickle=False)
            seal_folder(partial)


@compiled
def _has_loops(indptr: npt.NDArray[np.int64], source: npt.NDArray[np.int32]) -> bool:
    for node in range(len(indptr) - 1):
        for edge in range(indptr[node], indptr[node + 1]):
            if source[edge] == node:
                return True
    return False


def in_edges_files(folder: Path) -> list[Path]:
    """The files that `InEdges.open` reads."""
    return [folder / f"{name}.npy" for name in _DTYPES]


def _open_array(path: Path, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise ArtefactError(f"{path}: no such file. Run build-graph first.") from None
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ArtefactError(f"{path}: expected a NumPy array, got: {reason}. Run build-graph again.") from error
    if array.dtype != dtype or array.ndim != 1:
        raise ArtefactError(
            f"{path}: expected one dimension of {dtype}, found {array.ndim} of {array.dtype}. Run build-graph again."
        )
    return array
