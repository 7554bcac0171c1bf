"""The names, and definitions, of the concepts in the subgraphs, by node id."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bali import concept_ids
from bali.batching.ragged import IntArray, positions
from bali.batching.randomness import Draws, Purpose
from bali.errors import InputError
from bali.io.parquet import iterate_artefact
from bali.schemas import DEFINITIONS, NAMES, NODES

_BATCH_ROWS = 1 << 18


class NameTable:
    """Texts of nodes: names, or names and definitions; distinct without regard to case, sorted, at least one a node.

    Args:
        node_ids: (num_nodes,) node ids in order.
        indptr: (num_nodes + 1,) boundaries of each node's texts.
        names: all texts, node after node.
        keys: (num_texts,) numbers that are equal where texts differ in case only; None where they are not needed.
    """

    def __init__(
        self, node_ids: IntArray, indptr: IntArray, names: pa.Array, keys: npt.NDArray[np.uint32] | None = None
    ) -> None:
        self._node_ids = node_ids
        self._indptr = indptr
        self._names = names
        self._keys = keys
        assert len(indptr) == len(node_ids) + 1, "one boundary more than nodes"
        assert np.all(np.diff(indptr) > 0), "every node has a name"

    @classmethod
    def read(
        cls,
        names_path: Path,
        nodes_path: Path,
        node_ids: IntArray,
        definitions_path: Path | None = None,
        with_keys: bool = False,
    ) -> "NameTable":
        """Read the texts of some nodes from the artefacts of `ingest` and `build-graph`.

        A node has its names, its preferred name and, with `definitions_path`, its definitions. Of texts that differ in
        case only, the first in the order of code points is kept. Only texts of the nodes asked for are held.

        Args:
            names_path: names.parquet.
            nodes_path: nodes.parquet.
            node_ids: (num_nodes,) distinct, in order.
            definitions_path: definitions.parquet; None leaves definitions out.
            with_keys: texts are numbered too, for `sharing`.

        Raises:
            ArtefactError: an artefact is missing, damaged or has other columns.
            InputError: definitions are asked for and none of the nodes has one.
        """
        index, texts = _read_nodes(nodes_path, node_ids)
        texts += _texts(names_path, NAMES, "name", index)
        if definitions_path is not None:
            definitions = _texts(definitions_path, DEFINITIONS, "definition", index)
            if not definitions:
                raise InputError(
                    f"{definitions_path}: expected definitions of the {len(node_ids):,} concepts in the subgraphs,"
                    " found none: the release has no MRDEF, or the filters of umls drop its rows. Set"
                    " pretraining.node_text to names."
                )
            texts += definitions
        table = (
            pl.concat(texts)
            .with_columns(pl.col("text").str.to_lowercase().alias("folded"))
            .sort("node_id", "folded", "text")
            .unique(["node_id", "folded"], keep="first", maintain_order=True)
        )
        counts = table.group_by("node_id", maintain_order=True).len()["len"].to_numpy().astype(np.int64)
        indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        keys = table["folded"].rank("dense").to_numpy() if with_keys else None
        return cls(node_ids, indptr, table["text"].to_arrow(), keys)

    def draw(self, node_ids: IntArray, draws: Draws) -> list[str]:
        """One text of each node, each of its texts with the same chance; it depends on the batch and the node alone."""
        rows = self._rows(node_ids)
        starts = self._indptr[rows]
        counts = self._indptr[rows + 1] - starts
        chosen: npt.NDArray[np.int64] = starts + (draws.uniform(Purpose.NAME, node_ids) * counts).astype(np.int64)
        return self._names.take(pa.array(chosen)).to_pylist()

    def sharing(self, node_ids: IntArray) -> IntArray:
        """Which nodes have a text in common: (2, num_pairs) positions in `node_ids` (distinct), in both directions."""
        assert self._keys is not None, "the table was read with keys"
        texts, num_texts = positions(self._indptr, self._rows(node_ids))
        keys, node = self._keys[texts], np.repeat(np.arange(len(node_ids)), num_texts)
        order = np.lexsort((node, keys))
        keys, node = keys[order], node[order]
        pairs = [np.empty((2, 0), np.int64)]
        distance = 1
        while np.any(is_equal := keys[distance:] == keys[:-distance]):
            pairs.append(np.stack([node[:-distance][is_equal], node[distance:][is_equal]]))
            distance += 1
        found = np.concatenate(pairs, axis=1)
        return np.unique(np.concatenate([found, found[::-1]], axis=1), axis=1)

    def _rows(self, node_ids: IntArray) -> IntArray:
        rows: IntArray = np.searchsorted(self._node_ids, node_ids)
        assert np.array_equal(self._node_ids[rows], node_ids), "every node of a subgraph is in the name table"
        return rows


def _read_nodes(path: Path, node_ids: IntArray) -> tuple[npt.NDArray[np.int32], list[pl.DataFrame]]:
    """Number of each concept -> node id (`UNKNOWN` for all that were not asked for), and the preferred names."""
    index = np.full(concept_ids.MAX_NUMBERS, concept_ids.UNKNOWN, np.int32)
    found = [np.empty(0, np.int32)]
    texts = []
    for batch in iterate_artefact(path, NODES, ["node_id", "cui", "preferred_name"], _BATCH_ROWS):
        wanted = np.isin(batch["node_id"].to_numpy(), node_ids)
        rows = batch.filter(pa.array(wanted))
        found.append(rows["node_id"].to_numpy())
        index[concept_ids.parse(rows["cui"])] = found[-1]
        texts.append(_frame(found[-1], rows["preferred_name"]))
    assert np.array_equal(np.concatenate(found), node_ids), f"{path}: the nodes wanted are there, in order"
    return index, texts


def _texts(path: Path, schema: pa.Schema, column: str, index: npt.NDArray[np.int32]) -> list[pl.DataFrame]:
    """(node_id, text) of the rows of an artefact whose concept was asked for; no empty frames."""
    found = []
    for batch in iterate_artefact(path, schema, ["cui", column], _BATCH_ROWS):
        numbers = concept_ids.parse(batch["cui"])
        nodes = np.where(numbers >= 0, index[numbers], concept_ids.UNKNOWN)
        is_known = nodes >= 0
        if is_known.any():
            found.append(_frame(nodes[is_known], batch[column].filter(pa.array(is_known))))
    return found


def _frame(nodes: npt.NDArray[np.int32], texts: pa.Array) -> pl.DataFrame:
    return pl.DataFrame({"node_id": nodes, "text": pl.Series(texts, dtype=pl.String)})
