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
from bali.compiled import compiled
from bali.errors import InputError
from bali.io.census import Tally
from bali.io.parquet import check_artefact, read_row_group
from bali.pair_keys import PairKeys
from bali.sorting import Keys, is_sorted, sort_keys
from bali.vocabulary import Sab

_THREADS = 2  # row groups read at once; more do not help, for one thread numbers the labels
_LABEL_COLUMNS = ("rel", "rela", "sab")
_COLUMNS = ("head_cui", "tail_cui", *_LABEL_COLUMNS)
_DICTIONARIES = ("head_cui", *_LABEL_COLUMNS)
_STRING_BITS = 20  # of a string's number in a packed label
_MAX_STRINGS = 1 << _STRING_BITS

Label = tuple[str, str, Sab]  # REL, RELA, SAB


@dataclass(frozen=True)
class RelationRows:
    """Relations between nodes.

    Attributes:
        keys: (num_rows,) head, tail and label (position in `labels`), sorted.
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
    found_labels = reader.labels()
    labels = sorted(found_labels)
    positions = {label: position for position, label in enumerate(labels)}
    reader.layout.relabel(keys, np.array([positions[label] for label in found_labels] or [0], np.int64))
    return RelationRows(keys if is_sorted(keys) else sort_keys(keys), reader.layout, labels)  # as ingest wrote them


class _Reader:
    """Turns row groups into keys; labels are numbered as they come."""

    def __init__(self, path: Path, concepts: concept_ids.Numbers, self_loops: bool, tally: Tally) -> None:
        self._path = path
        self._index = concept_ids.index_of(concepts)
        self._self_loops = self_loops
        self._tally = tally
        self._lock = threading.Lock()
        self._strings = [dict[str, int]() for _ in _LABEL_COLUMNS]
        self._labels: dict[int, int] = {}  # the numbers of the label's strings, packed -> its own number
        self.layout = PairKeys.over(len(concepts))

    def labels(self) -> list[Label]:
        """The labels, by number."""
        rels, relas, sabs = (list(strings) for strings in self._strings)
        last = _MAX_STRINGS - 1
        return [
            (rels[code >> 2 * _STRING_BITS], relas[code >> _STRING_BITS & last], sabs[code & last])
            for code in self._labels
        ]

    def read(self, row_group: int) -> Keys:
        """The keys of the rows between nodes."""
        rows = read_row_group(self._path, row_group, _COLUMNS, _DICTIONARIES)
        head, tail = rows["head_cui"], concept_ids.parse(rows["tail_cui"])
        numbers = concept_ids.parse(head.dictionary)
        node_of_head = np.where(numbers >= 0, self._index[numbers], concept_ids.UNKNOWN)
        parts = [rows[column] for column in _LABEL_COLUMNS]
        code, distinct = _encode(parts)
        with self._lock:
            label_of_code = self._number([part.dictionary.to_pylist() for part in parts], distinct)
        heads, tails, labels = (_indices(head), node_of_head), (tail, self._index), (code, label_of_code)
        bits = self.layout.concept_bits, self.layout.label_bits
        keys, num_unknown, num_loops = _pack(heads, tails, labels, bits, self._self_loops)  # type: ignore[no-untyped-call]
        with self._lock:
            self._tally.rows_in += len(rows)
            self._tally.drop("CUI not among the concepts", int(num_unknown))
            self._tally.drop("self loop", int(num_loops))
        found: Keys = keys
        return found

    def _number(self, strings: list[list[str]], distinct: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        """The number of each label of a row group; new ones get the next numbers; the lock is held.

        Args:
            strings: of the row group, for each column of a label.
            distinct: for each column the position of each label's string.
        """
        packed = np.zeros(len(distinct[0]), np.int64)
        for numbers, found, places in zip(self._strings, strings, distinct, strict=True):
            known = np.array([numbers.setdefault(string, len(numbers)) for string in found] or [0], np.int64)
            assert len(numbers) <= _MAX_STRINGS, "more strings than the packed labels hold"
            packed = packed << _STRING_BITS | known[places]
        labels = [self._labels.setdefault(code, len(self._labels)) for code in packed.tolist()]
        if len(self._labels) > self.layout.max_labels:
            raise InputError(
                f"{self._path}: expected at most {self.layout.max_labels:,} labels (REL, RELA, SAB) beside so many"
                f" concepts, got {len(self._labels):,}. Filter the release."
            )
        return np.array(labels, np.int64)


def _encode(parts: Sequence[pa.DictionaryArray]) -> tuple[npt.NDArray[np.int32], Sequence[npt.NDArray[np.int64]]]:
    """The position of each row's label among those of the row group, and for each part its string in each of these."""
    sizes = [len(part.dictionary) for part in parts]
    codes = np.zeros(len(parts[0]), np.int64)
    for part, size in zip(parts, sizes, strict=True):
        codes *= size
        codes += _indices(part)
    encoded = pa.array(codes).dictionary_encode()
    return _indices(encoded), np.unravel_index(encoded.dictionary.to_numpy(), sizes)


def _indices(column: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    return column.indices.to_numpy(zero_copy_only=False)


@compiled
def _pack(heads, tails, labels, bits, self_loops):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The keys of the rows between nodes; how many rows name another concept; how many loops are left out.

    Args:
        heads: (num_rows,) position in the second array: the node of each distinct head, -1 for none.
        tails: (num_rows,) number of the concept (`concept_ids`), -1 for none; the node of each number.
        labels: (num_rows,) position in the second array: the number of each distinct label.
        bits: of a concept and of a label in a key.
        self_loops: keep them.
    """
    (head, node_of_head), (tail, node_of_tail), (code, label_of_code) = heads, tails, labels
    concept_bits, label_bits = bits
    second = np.empty(len(tail), np.int64)
    for row in range(len(tail)):  # far apart in memory: in a loop of their own many are fetched at once
        second[row] = node_of_tail[np.uint64(tail[row])] if tail[row] >= 0 else -1
    keys = np.empty(len(tail), np.int64)
    number, num_unknown, num_loops = 0, 0, 0
    for row in range(len(tail)):
        first = np.int64(node_of_head[np.uint64(head[row])])
        if first < 0 or second[row] < 0:
            num_unknown += 1
        elif first == second[row] and not self_loops:
            num_loops += 1
        else:
            keys[number] = (first << concept_bits | second[row]) << label_bits | label_of_code[np.uint64(code[row])]
            number += 1
    return keys[:number], num_unknown, num_loops
