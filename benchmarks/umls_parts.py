"""The parts of `benchmarks.umls` that run in a process of their own; each returns numbers.

Libraries are imported where they are used, so that the memory of one part is not charged with those of another.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bali.graph.csr import InEdges

_PANDAS_ROWS = 100_000  # of each file
_SECONDS = 10.0  # that a reference may take
_ROOTS = 200_000
_SLICE_EDGES = 2_000_000
_SEED = 29
_KIB = 1024


def floor(folder: Path) -> dict[str, float]:
    """Seconds to read the release with pyarrow."""
    from benchmarks.umls_references import floor as read  # noqa: PLC0415

    begin = time.perf_counter()
    rows = read(folder)
    seconds = time.perf_counter() - begin
    counts = {"names": rows["MRCONSO.RRF"], "relations": rows["MRREL.RRF"], "rows": sum(rows.values())}
    return {"seconds": seconds, **counts}


def floor_polars(folder: Path) -> dict[str, float]:
    """Seconds to read the release with polars."""
    from benchmarks.umls_references import floor_polars as read  # noqa: PLC0415

    begin = time.perf_counter()
    rows = read(folder)
    return {"seconds": time.perf_counter() - begin, "rows": sum(rows.values())}


def pandas(folder: Path) -> dict[str, float]:
    """Seconds of the row-wise way on the first rows."""
    from benchmarks.umls_references import pandas_rowwise  # noqa: PLC0415

    begin = time.perf_counter()
    rows = pandas_rowwise(folder, _PANDAS_ROWS)
    return {"seconds": time.perf_counter() - begin, "rows": rows}


def subgraphs(folder: Path) -> dict[str, float]:
    """Roots a second on the whole graph, on one core, and the memory that it takes over the size of the arrays."""
    from bali.graph.csr import InEdges  # noqa: PLC0415
    from bali.graph.folder import read_concepts  # noqa: PLC0415

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _warm_up()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_edges = InEdges.open(folder / "in_edges")
    concepts = read_concepts(folder / "nodes.parquet")
    per_second = _walk(in_edges, concepts, in_edges.num_nodes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    arrays = in_edges.indptr.nbytes + in_edges.source.nbytes + in_edges.relation.nbytes
    ratio = (peak - before) * _KIB / arrays
    return {"per_second": per_second, "memory_ratio": ratio, "edges": len(in_edges.source)}


def sliced(folder: Path) -> dict[str, float]:
    """Roots a second on the slice of the graph that networkx is given, on one core."""
    from bali.graph.folder import read_concepts  # noqa: PLC0415

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _warm_up()
    in_edges, num_roots = _slice(folder)
    concepts = read_concepts(folder / "nodes.parquet")
    return {"per_second": _walk(in_edges, concepts, num_roots), "edges": len(in_edges.source)}


def pyg(folder: Path) -> dict[str, float]:
    """Roots a second of `k_hop_subgraph` on the whole graph."""
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from bali.graph.csr import InEdges  # noqa: PLC0415
    from benchmarks.umls_references import pyg_k_hop, time_roots  # noqa: PLC0415

    torch.set_num_threads(1)
    in_edges = InEdges.open(folder / "in_edges")
    target = np.repeat(np.arange(in_edges.num_nodes), np.diff(in_edges.indptr))
    edge_index = torch.from_numpy(np.stack([in_edges.source.astype(np.int64), target]))
    roots = _roots(in_edges.num_nodes).tolist()
    return {"per_second": time_roots(lambda root: pyg_k_hop(edge_index, root, 2), roots, _SECONDS)}


def networkx(folder: Path) -> dict[str, float]:
    """Roots a second of `ego_graph` on the slice."""
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from benchmarks.umls_references import networkx_ego, time_roots, to_networkx  # noqa: PLC0415

    in_edges, num_roots = _slice(folder)
    target = np.repeat(np.arange(in_edges.num_nodes), np.diff(in_edges.indptr))
    graph = to_networkx(torch.from_numpy(np.stack([in_edges.source.astype(np.int64), target])))
    roots = [root for root in _roots(num_roots).tolist() if root in graph]
    return {"per_second": time_roots(lambda root: networkx_ego(graph, root, 2), roots, _SECONDS)}


PARTS: dict[str, Callable[[Path], dict[str, float]]] = {
    "floor": floor,
    "floor_polars": floor_polars,
    "pandas": pandas,
    "subgraphs": subgraphs,
    "slice": sliced,
    "pyg": pyg,
    "networkx": networkx,
}


def _walk(in_edges: "InEdges", concepts, num_roots: int) -> float:  # type: ignore[no-untyped-def] # noqa: ANN001
    """Roots a second: subgraphs of 2 hops, fan-out [5, 5], of at most `_ROOTS` of the first `num_roots` nodes."""
    from bali.graph.subgraphs import SubgraphOptions, sample_subgraphs  # noqa: PLC0415
    from bali.io.census import Census  # noqa: PLC0415
    from benchmarks.umls import FANOUT  # noqa: PLC0415

    roots = _roots(num_roots)
    begin = time.perf_counter()
    done = sum(
        table.num_rows
        for table in sample_subgraphs(in_edges, concepts, roots, SubgraphOptions(FANOUT, _SEED), Census("benchmark"))
    )
    return done / (time.perf_counter() - begin)


def _warm_up() -> None:
    """Compile everything on a graph of two nodes: once for arrays mapped from files, once for arrays in memory."""
    import numpy as np  # noqa: PLC0415

    from bali.graph.csr import InEdges  # noqa: PLC0415

    tiny = InEdges.from_edges(np.array([1]), np.array([0]), np.array([0]), 2)
    with tempfile.TemporaryDirectory() as folder:
        tiny.save(Path(folder) / "in_edges")
        for in_edges in (tiny, InEdges.open(Path(folder) / "in_edges")):
            _walk(in_edges, np.array([1, 2], np.int32), 2)


def _roots(num_nodes: int):  # type: ignore[no-untyped-def] # noqa: ANN202
    import numpy as np  # noqa: PLC0415

    chosen = np.random.default_rng(_SEED).choice(num_nodes, min(_ROOTS, num_nodes), replace=False)
    return np.sort(chosen).astype(np.int32)


def _slice(folder: Path) -> tuple["InEdges", int]:
    """The edges into the first nodes, about `_SLICE_EDGES`, and how many nodes that are."""
    import numpy as np  # noqa: PLC0415

    from bali.graph.csr import InEdges  # noqa: PLC0415

    whole = InEdges.open(folder / "in_edges")
    num_roots = max(1, int(np.searchsorted(whole.indptr, min(_SLICE_EDGES, whole.indptr[-1]), "right")) - 1)
    end = int(whole.indptr[num_roots])
    indptr = np.minimum(whole.indptr, end)
    return InEdges(indptr, np.array(whole.source[:end]), np.array(whole.relation[:end])), num_roots
