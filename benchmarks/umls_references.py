"""What the stages are timed against: the same bytes merely read, and the usual way of research code.

Libraries are imported where they are used, so that the memory of one program is not charged with those of another.
"""

import csv
import itertools
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bali.errors import InputError
from bali.rrf.layouts import MRCONSO, MRREL, MRSTY, Layout

if TYPE_CHECKING:
    import networkx as nx
    import polars as pl
    import pyarrow as pa
    import torch

TIMED = (MRCONSO, MRREL, MRSTY)
_BLOCK_BYTES = 1 << 24
_BATCH_ROWS = 200_000
_END = "_end"  # the empty column after the last pipe


def floor(folder: Path) -> dict[str, int]:
    """Read MRCONSO, MRREL and MRSTY with pyarrow's threaded CSV reader, all columns as strings, and drop them.

    Args:
        folder: holds the three files, not compressed.

    Returns:
        File name -> number of rows, so that a caller can see that all was read.

    Raises:
        InputError: a file is missing.
    """
    return {layout.name: sum(batch.num_rows for batch in arrow_batches(folder, layout)) for layout in TIMED}


def floor_polars(folder: Path) -> dict[str, int]:
    """As `floor`, with polars' streaming CSV reader.

    Raises:
        InputError: a file is missing.
    """
    return {layout.name: sum(batch.height for batch in polars_batches(folder, layout)) for layout in TIMED}


def arrow_batches(folder: Path, layout: Layout) -> Iterator["pa.RecordBatch"]:
    """A file as pyarrow's streaming reader gives it: string columns without nulls, UTF-8 checked."""
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    columns = [*layout.columns, _END]
    with arrow_csv.open_csv(
        _path(folder, layout),
        arrow_csv.ReadOptions(column_names=columns, block_size=_BLOCK_BYTES, use_threads=True),
        arrow_csv.ParseOptions(delimiter="|", quote_char=False, double_quote=False, escape_char=False),
        arrow_csv.ConvertOptions(column_types=dict.fromkeys(columns, "string"), strings_can_be_null=False),
    ) as reader:
        yield from reader


def polars_batches(folder: Path, layout: Layout) -> Iterator["pl.DataFrame"]:
    """A file as polars' streaming engine gives it: every column of every row as strings, an empty one as null.

    `collect_batches` hands over finished frames of all columns: unlike `select(pl.len())`, which polars answers by
    counting line ends, it has to build the strings.
    """
    import polars as pl  # noqa: PLC0415

    columns = [*layout.columns, _END]
    rows = pl.scan_csv(
        _path(folder, layout), separator="|", quote_char=None, has_header=False, new_columns=columns, infer_schema=False
    )
    yield from rows.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=False, engine="streaming")


def pandas_rowwise(folder: Path, num_rows: int) -> int:
    """The first rows of MRCONSO and MRREL by the row loops of research code: pandas, `iterrows`, Python dicts.

    It reads both files into data frames, collects the names of each CUI and the labels of each pair of CUIs row by row,
    numbers the CUIs in the order of the dict and writes an edge list as text. Written from the general description of
    such code, not copied from any.

    Args:
        folder: holds the two files.
        num_rows: rows of each file.

    Returns:
        Number of rows handled, for seconds a row.

    Raises:
        InputError: a file is missing.
    """
    conso, rel = _read_pandas(folder, MRCONSO, num_rows), _read_pandas(folder, MRREL, num_rows)
    names: dict[str, set[str]] = defaultdict(set)
    for _, row in conso.iterrows():
        names[row["CUI"]].add(row["STR"])
    labels: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for _, row in rel.iterrows():
        labels[row["CUI1"], row["CUI2"]].append((row["REL"], row["RELA"]))
    numbers = {cui: number for number, cui in enumerate(names)}
    with tempfile.TemporaryDirectory() as scratch, (Path(scratch) / "edges.txt").open("w", encoding="utf-8") as stream:
        for (first, second), found in labels.items():
            if first in numbers and second in numbers:
                for label, finer in found:
                    stream.write(f"{numbers[first]}\t{numbers[second]}\t{label}\t{finer}\n")
    return len(conso) + len(rel)


def pyg_k_hop(edge_index: "torch.Tensor", root: int, num_hops: int) -> "torch.Tensor":
    """The nodes from which `root` is reached in `num_hops` steps or fewer, by PyTorch Geometric.

    It also cuts out and renumbers the edges among them, as a caller that batches the subgraph has to.

    Args:
        edge_index: shape (2, num_edges), int64, row 0 source, row 1 target.
        root: the node to start from.
        num_hops: steps, 0 or more.

    Returns:
        Node ids ascending, shape (num_nodes,), the root among them.
    """
    from torch_geometric.utils import k_hop_subgraph  # noqa: PLC0415

    nodes: torch.Tensor = k_hop_subgraph(root, num_hops, edge_index, relabel_nodes=True, flow="source_to_target")[0]
    return nodes


def to_networkx(edge_index: "torch.Tensor") -> "nx.DiGraph":
    """The graph with each edge turned round, so that `networkx_ego` walks the way `pyg_k_hop` does; parallels merge.

    Args:
        edge_index: shape (2, num_edges), int64, row 0 source, row 1 target.
    """
    import networkx as nx  # noqa: PLC0415

    graph = nx.DiGraph()
    graph.add_edges_from(edge_index.flip(0).T.tolist())
    return graph


def networkx_ego(graph: "nx.DiGraph", root: int, num_hops: int) -> "nx.DiGraph":
    """The subgraph of the nodes within `num_hops` steps out of `root`, by networkx.

    Args:
        graph: as `to_networkx` makes it.
        root: a node of it.
        num_hops: steps, 0 or more.
    """
    import networkx as nx  # noqa: PLC0415

    return nx.ego_graph(graph, root, radius=num_hops)


def time_roots(function: Callable[[int], object], roots: Sequence[int], seconds: float) -> float:
    """Roots a second of `function`, called on one root after another, round and round.

    Args:
        function: takes one root.
        roots: at least one.
        seconds: after which no further root is begun; at least one is done.
    """
    assert roots, "time_roots: no root"
    begin = time.perf_counter()
    for done, root in enumerate(itertools.cycle(roots), 1):
        function(root)
        elapsed = time.perf_counter() - begin
        if elapsed >= seconds:
            return done / elapsed
    raise AssertionError("itertools.cycle ended")


def _read_pandas(folder: Path, layout: Layout, num_rows: int) -> Any:
    import pandas as pd  # type: ignore[import-untyped]  # noqa: PLC0415

    return pd.read_csv(
        _path(folder, layout),
        sep="|",
        dtype=str,
        quoting=csv.QUOTE_NONE,
        header=None,
        names=[*layout.columns, _END],
        nrows=num_rows,
        keep_default_na=False,
        encoding="utf-8",
    )


def _path(folder: Path, layout: Layout) -> Path:
    path = folder / layout.name
    if not path.is_file():
        raise InputError(f"{path}: no such file. Write it with python -m benchmarks.umls_generator.")
    return path
