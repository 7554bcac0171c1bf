"""The vectors of a dictionary's names, encoded once for a model and read by memory map.

| File | Content |
|---|---|
| `cls.npy`, `mean.npy` | (num_names, hidden) float16, C order: vectors of unit length, rounded; row r is name r |
| `vectors.json` | `Manifest`; written last, so a folder without it holds no whole vectors |

Two poolings of 17 million names take 26 GB of disk at 384 dimensions, 52 GB at 768.
"""

import logging
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import torch

from bali.errors import ArtefactError, InputError
from bali.evaluation.encoder import Encoder, TokenIds, Vectors, rounded
from bali.io.ahead import ahead
from bali.io.files import atomic_files, digest_file, read_json
from bali.io.parquet import check_artefact, iterate_artefact
from bali.io.seals import write_record
from bali.schemas import DICTIONARY

logger = logging.getLogger(__name__)

MANIFEST = "vectors.json"
MAX_NAME_LENGTH = 64  # tokens; longer names are cut (fewer than 1 in 1,000 of the open ontologies' names)
BLOCK_ROWS = 1 << 15  # names sorted by length, encoded and written at once
_CHECKED_ROWS = 1 << 15  # vectors with a checksum of their own
_FORMAT_VERSION = 2  # raised when the files change
_RERUN = "Run `bali encode-dictionary` again."
_MODEL_FILES = (  # what a vector depends on
    *("config.json", "*.safetensors", "pytorch_model*.bin", "tokenizer.json", "tokenizer_config.json"),
    *("special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "*.model"),
)
_LOG_EVERY = 8  # blocks
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Manifest:
    """What the vectors are of.

    Attributes:
        format_version: of the files.
        num_names: rows.
        hidden_size: columns.
        max_length: tokens that a name is cut to.
        precision: of the matrix products they were computed with: float32 or bfloat16.
        dictionary: SHA-256 of the dictionary.
        model: file name -> SHA-256 of the model's configuration, weights and tokenizer.
        checksums: pooling -> CRC-32 of each `_CHECKED_ROWS` vectors, compared when the first of them is read.
    """

    format_version: int
    num_names: int
    hidden_size: int
    max_length: int
    precision: str
    dictionary: str
    model: dict[str, str]
    checksums: Mapping[str, list[int]]


class DictionaryVectors:
    """Stored vectors of a dictionary; opened by `open_vectors`, which checks them.

    Args:
        folder: with the vectors.
        manifest: of the folder.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self.manifest = manifest
        self._checked: set[int] = set()

    def __len__(self) -> int:
        return self.manifest.num_names

    def blocks(self, rows: Rows | None = None) -> Iterator[Vectors]:
        """Vectors of some rows, or of all, in order: float16 on the CPU, at most `BLOCK_ROWS` at once.

        The files are mapped anew for each block, so that what was read does not stay in the process's memory.

        Args:
            rows: increasing row numbers.

        Raises:
            ArtefactError: the vectors are damaged.
        """
        for start in range(0, len(self) if rows is None else len(rows), BLOCK_ROWS):
            stop = min(start + BLOCK_ROWS, len(self) if rows is None else len(rows))
            chosen = slice(start, stop) if rows is None else _slice_if_whole(rows[start:stop])
            self._check(np.arange(start, stop) if rows is None else rows[start:stop])
            yield Vectors(*(torch.from_numpy(np.array(_map(self._folder, name)[chosen])) for name in Vectors._fields))

    def _check(self, rows: Rows) -> None:
        """Compare the blocks that hold these rows with their checksums, once."""
        for block in sorted(set(np.unique(rows // _CHECKED_ROWS).tolist()) - self._checked):
            for name in Vectors._fields:
                array = _map(self._folder, name)[block * _CHECKED_ROWS : (block + 1) * _CHECKED_ROWS]
                if zlib.crc32(np.ascontiguousarray(array).data) != self.manifest.checksums[name][block]:
                    raise ArtefactError(
                        f"{self._folder / name}.npy: expected the vectors that {MANIFEST} names, found others in block"
                        f" {block}. The file was damaged since it was written. {_RERUN}"
                    )
            self._checked.add(block)


class _Checksums:
    """CRC-32 of each `_CHECKED_ROWS` rows of what is added, whatever the pieces; `values` holds them, the last too."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self._num_missing = 0  # rows of the last block

    def add(self, rows: npt.NDArray[np.float16]) -> None:
        """Add the next rows of the file."""
        while len(rows):
            if not self._num_missing:
                self.values.append(0)
                self._num_missing = _CHECKED_ROWS
            piece, rows = rows[: self._num_missing], rows[self._num_missing :]
            self.values[-1] = zlib.crc32(piece.data, self.values[-1])
            self._num_missing -= len(piece)


def write_vectors(folder: Path, encoder: Encoder, dictionary: Path, model_dir: Path) -> Manifest:
    """Encode the names of a dictionary and write `cls.npy`, `mean.npy` and `vectors.json`, all or none.

    Memory holds the vectors of one block of names; the next block is tokenised meanwhile.

    Args:
        folder: to write to.
        encoder: of the model, cutting texts at `MAX_NAME_LENGTH`.
        dictionary: artefact DICTIONARY.
        model_dir: folder that the encoder was loaded from.

    Raises:
        ArtefactError: the dictionary is missing or damaged.
        InputError: the model's vectors are not finite.
        OutputError: the files cannot be written.
    """
    num_names = check_artefact(dictionary, DICTIONARY).metadata.num_rows
    model = digest_model(model_dir)
    shape = (num_names, encoder.hidden_size)
    checksums = {name: _Checksums() for name in Vectors._fields}
    manifest = Manifest(
        format_version=_FORMAT_VERSION,
        num_names=num_names,
        hidden_size=encoder.hidden_size,
        max_length=MAX_NAME_LENGTH,
        precision=encoder.precision,
        dictionary=digest_file(dictionary),
        model=model,
        checksums={name: sums.values for name, sums in checksums.items()},
    )
    with atomic_files(folder) as partial:
        (folder / MANIFEST).unlink(missing_ok=True)  # vectors without it are never opened
        with (partial / "cls.npy").open("wb") as cls, (partial / "mean.npy").open("wb") as mean:
            for file in (cls, mean):
                _write_header(file, shape)
            for vectors in _encode_blocks(encoder, dictionary, model_dir):
                for file, (name, pooled) in zip((cls, mean), vectors._asdict().items(), strict=True):
                    array = np.ascontiguousarray(pooled.cpu().numpy())
                    checksums[name].add(array)
                    file.write(array.data)
        write_record(partial / MANIFEST, asdict(manifest))
    return manifest


def open_vectors(folder: Path, dictionary: Path, model_dir: Path) -> DictionaryVectors:
    """Open the stored vectors of a dictionary.

    Args:
        folder: with the vectors.
        dictionary: that they must be of.
        model_dir: folder of the model that they must come from.

    Raises:
        ArtefactError: the vectors are missing, damaged, or of another dictionary or model.
        InputError: the dictionary or the model cannot be read.
    """
    manifest = _read_manifest(folder)
    for what, path, expected, found in (
        ("dictionary", dictionary, digest_file(dictionary), manifest.dictionary),
        ("model", model_dir, digest_model(model_dir), manifest.model),
    ):
        if found != expected:
            raise ArtefactError(f"{folder}: expected vectors of the {what} {path}, found those of another. {_RERUN}")
    num_names = check_artefact(dictionary, DICTIONARY).metadata.num_rows
    expected_shape = (num_names, manifest.hidden_size)
    for name in Vectors._fields:
        array = _map(folder, name)
        if array.shape != expected_shape or array.dtype != np.float16 or not array.flags.c_contiguous:
            raise ArtefactError(
                f"{folder / name}.npy: expected {expected_shape} float16 in C order, found {array.shape}"
                f" {array.dtype}. {_RERUN}"
            )
    return DictionaryVectors(folder, manifest)


def digest_model(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of configuration, weights and tokenizer of a model folder, by name.

    Raises:
        InputError: a file cannot be read.
    """
    files = {path.name: path for pattern in _MODEL_FILES for path in folder.glob(pattern)}
    return {name: digest_file(files[name]) for name in sorted(files)}


def _encode_blocks(encoder: Encoder, dictionary: Path, model_dir: Path) -> Iterator[Vectors]:
    """Rounded vectors of the names, block by block."""
    num_done = 0
    for number, tokens in enumerate(ahead(_tokens(encoder, dictionary)), start=1):
        vectors = rounded(encoder.encode_tokens(tokens))
        if not all(bool(pooled.isfinite().all()) for pooled in vectors):
            raise InputError(f"{model_dir}: expected finite vectors, found others. The training of the model diverged.")
        num_done += len(vectors.cls)
        if number % _LOG_EVERY == 0:
            logger.info("%s names encoded", f"{num_done:,}")
        yield vectors


def _tokens(encoder: Encoder, dictionary: Path) -> Iterator[TokenIds]:
    for batch in iterate_artefact(dictionary, DICTIONARY, ["name"], batch_rows=BLOCK_ROWS):
        yield encoder.tokenize(batch["name"].to_pylist())


def _write_header(file: BinaryIO, shape: tuple[int, int]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float16)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtefactError(f"{path}: no such file. Run `bali encode-dictionary` for the model first.")
    value = read_json(path)
    version = value.get("format_version") if isinstance(value, dict) else None
    if version != _FORMAT_VERSION or set(value) != set(Manifest.__annotations__):
        raise ArtefactError(f"{path}: expected format version {_FORMAT_VERSION}, found {version}. {_RERUN}")
    return Manifest(**value)


def _map(folder: Path, name: str) -> npt.NDArray[np.float16]:
    path = folder / f"{name}.npy"
    try:
        array: npt.NDArray[np.float16] = np.load(path, mmap_mode="r")
    except (EOFError, OSError, ValueError) as error:  # EOFError: an empty file
        reason = " ".join(str(error).split())
        raise ArtefactError(f"{path}: expected an array of vectors, got: {reason}. {_RERUN}") from None
    return array


def _slice_if_whole(rows: Rows) -> Rows | slice:
    """The rows as a slice where none is left out: that reads the file in order."""
    is_whole = len(rows) > 0 and int(rows[-1]) - int(rows[0]) == len(rows) - 1
    return slice(int(rows[0]), int(rows[-1]) + 1) if is_whole else rows
