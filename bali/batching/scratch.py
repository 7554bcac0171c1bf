"""Arrays that need not fit into memory: written piece by piece to a file without a name, then mapped."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt


class ScratchArray:
    """Numbers of one type, appended and then mapped into memory.

    The file has no name from the start (POSIX), so it needs as much disk as it has bytes and is gone with the process,
    however that ends.

    Args:
        folder: on whose disk the file lies, made where it is absent; None takes the system's folder for temporary
            files, which on some machines is memory.
        dtype: of the numbers.
    """

    def __init__(self, folder: Path | None, dtype: npt.DTypeLike) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._dtype = np.dtype(dtype)
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 - closed when it is mapped

    def append(self, values: npt.NDArray[Any]) -> None:
        """Add numbers at the end; their type must be the array's."""
        assert values.dtype == self._dtype, f"expected {self._dtype}, got {values.dtype}"
        self._file.write(np.ascontiguousarray(values).data)

    def map(self) -> npt.NDArray[Any]:
        """(num_values,) all numbers, read-only; nothing can be appended any more. The map keeps the file alive."""
        with self._file as file:
            file.flush()
            if not file.tell():
                return np.empty(0, self._dtype)
            return np.asarray(np.memmap(file, self._dtype, "r"))
