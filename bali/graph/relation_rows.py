"""The relation rows of a release as integer keys."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali import concept_ids, schemas
from bali.errors import InputError
from bali.io.census import Tally
from bali.io.parquet import check_artefact, read_row_group
from bali.pair_keys import PairKeys
from bali.sorting import Keys
from bali.vocabulary import Sab

_THREADS = 2  # row groups read at once; more do not help, for one thread numbers the labels
_LABEL_COLUMNS = ("rel", "rela", "sab")
_COLUMNS = ("head_cui", "tail_cui", *_LABEL_COLUMNS)
_DICTIONARIES = ("head_cui", *_LABEL_COLUMNS)

Label = tuple[str, str, Sab]  # REL, RELA, SAB


@dataclass(frozen=True)
class RelationRows:
    """Relations between nodes.

    Attributes:
        keys: (num_rows,) tail, head and label (position in `labels`), in the order of the artefact.
        layout: of the keys.
        labels: sorted.
    """

    keys: Keys
    layout: PairKeys
    labels: list[Label]


def read_relation_rows(path: Path, concepts: concept_ids.Numbers, self_loops: bool, tally: Tally) -> RelationRows:
    """Read the artefact of the relations.

    Drop reasons: CUI not among the concepts, self loop.

    Args:
        path: relations.parquet.
        concepts: (num_nodes,) the concepts (`concept_ids`) in order: the position is the node id.
        self_loops: keep relations of a concept with itself.
        tally: the census of the table; rows out are counted by the caller.

    Raises:
        ArtefactError: the artefact is missing or damaged.
        InputError: it has more labels than the keys hold.
    """
    file = check_artefact(path, schemas.RELATIONS)
    reader = _Reader(path, concepts, self_loops, tally)
    keys = np.empty(file.metadata.num_rows, np.int64)
    num_rows = 0
    with ThreadPoolExecutor(_THREADS) as pool:
        for found in pool.map(reader.read, range(file.num_row_groups)):
            keys[num_rows : num_rows + len(found)] = found
            num_rows += len(found)
    keys = keys[:num_rows]
    labels = sorted(reader.labels)
    positions = {label: position for position, label in enumerate(labels)}
    reader.layout.relabel(keys, np.array([positions[label] for label in reader.labels] or [0], np.int64))
    return RelationRows(keys, reader.layout, labels)


class _Reader:
    """Turns row groups into keys; labels are numbered as they come."""

    def __init__(self, path: Path, concepts: concept_ids.Numbers, self_loops: bool, tally: Tally) -> None:
        self._path = path
        self._index = concept_ids.index_of(concepts)
        self._self_loops = self_loops
        self._tally = tally
        self._lock = threading.Lock()
        self.layout = PairKeys.over(len(concepts))
        self.labels: dict[Label, int] = {}

    def read(self, row_group: int) -> Keys:
        """The keys of the rows between nodes."""
        rows = read_row_group(self._path, row_group, _COLUMNS, _DICTIONARIES)
        head = self._nodes(rows["head_cui"].dictionary)[_indices(rows["head_cui"])]
        tail = self._nodes(rows["tail_cui"])
        known = (head >= 0) & (tail >= 0)
        kept = known if self._self_loops else known & (head != tail)
        code, strings = _encode(rows)
        with self._lock:
            label = self._number(strings)[code]
            self._tally.rows_in += len(rows)
            self._tally.drop("CUI not among the concepts", len(rows) - int(known.sum()))
            self._tally.drop("self loop", int(known.sum()) - int(kept.sum()))
        return self.layout.pack(tail[kept], head[kept], label[kept])

    def _nodes(self, cuis: pa.Array) -> npt.NDArray[np.int32]:
        numbers = concept_ids.parse(cuis)
        return np.where(numbers >= 0, self._index[numbers], concept_ids.UNKNOWN)

    def _number(self, labels: Sequence[Label]) -> npt.NDArray[np.int64]:
        """The number of each label; new ones get the next numbers; the lock is held."""
        numbers = [self.labels.setdefault(label, len(self.labels)) for label in labels]
        if len(self.labels) > self.layout.max_labels:
            raise InputError(
                f"{self._path}: expected at most {self.layout.max_labels:,} labels (REL, RELA, SAB) beside so many"
                f" concepts, got {len(self.labels):,}. Filter the release."
            )
        return np.array(numbers, np.int64)


def _encode(rows: pa.RecordBatch) -> tuple[npt.NDArray[np.int32], list[Label]]:
    """The position of each row's label among those of the row group, and these."""
    parts = [rows[column] for column in _LABEL_COLUMNS]
    sizes = [len(part.dictionary) for part in parts]
    codes = pa.array(np.ravel_multi_index([_indices(part) for part in parts], sizes)).dictionary_encode()
    distinct = np.unravel_index(codes.dictionary.to_numpy(), sizes)
    strings = [part.dictionary.take(pa.array(place)).to_pylist() for part, place in zip(parts, distinct, strict=True)]
    return _indices(codes), list(zip(*strings, strict=True))


def _indices(column: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    return column.indices.to_numpy(zero_copy_only=False)
