"""Small graphs: relations as tuples, built into artefacts; a plain breadth-first search to compare with."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from bali import concept_ids, schemas
from bali.graph.build import Graph, GraphOptions, build_graph
from bali.graph.csr import InEdges
from bali.graph.subgraphs import SubgraphOptions, sample_subgraphs
from bali.io.census import Census
from bali.io.parquet import Provenance, open_artefact

Relation = tuple[str, str, str, str, str]  # head, rel, rela, tail, sab


def write_umls(
    folder: Path,
    cuis: Sequence[str],
    relations: Sequence[Relation],
    inverses: Mapping[str, Mapping[str, str]] | None = None,
    group_rows: int = 1 << 18,
) -> tuple[Path, Path]:
    """concepts.parquet, relations.parquet and inverses.parquet, as ingest writes them.

    Args:
        folder: where they go.
        cuis: in any order.
        relations: in any order.
        inverses: NLM's table: `rel` and `rela`, each label -> inverse.
        group_rows: relations of a row group.
    """
    concepts = [
        {"cui": cui, "preferred_name": f"name of {cui}", "num_names": 1, "tuis": ["T047"]} for cui in sorted(cuis)
    ]
    columns = ("head_cui", "tail_cui", "rel", "rela", "sab")
    ordered = sorted((head, tail, rel, rela, sab) for head, rel, rela, tail, sab in relations)
    rows = [{**dict(zip(columns, row, strict=True)), "srl": 0} for row in ordered]
    table = [
        {"column": column, "label": label, "inverse": inverse}
        for column, labels in sorted((inverses or {}).items())
        for label, inverse in sorted(labels.items())
    ]
    for name, values in (("concepts", concepts), ("relations", rows), ("inverses", table)):
        write_rows(folder / f"{name}.parquet", values, group_rows)
    return folder / "concepts.parquet", folder / "relations.parquet"


def write_rows(path: Path, rows: Sequence[Mapping[str, object]], group_rows: int = 1 << 18) -> None:
    """An artefact named as its file, in row groups of `group_rows`."""
    schema = schemas.ARTEFACTS[path.stem]
    with open_artefact(path, schema, Provenance(path.stem, "tiny", restriction_levels=[0])) as writer:
        for start in range(0, len(rows), group_rows):
            writer.write(pa.Table.from_pylist(list(rows[start : start + group_rows]), schema=schema))


def build(
    folder: Path,
    cuis: Sequence[str],
    relations: Sequence[Relation],
    inverses: Mapping[str, Mapping[str, str]] | None = None,
    group_rows: int = 1 << 18,
    **options,
) -> tuple[Graph, Census]:
    """The graph of these relations."""
    census = Census("build_graph")
    write_umls(folder, cuis, relations, inverses, group_rows)
    graph = build_graph(folder, GraphOptions(**options), census)
    for name, tally in census.tables.items():
        tally.check(name)
    return graph, census


def edges_of(graph: Graph) -> list[tuple[str, str, str, str, str]]:
    """(source CUI, rel, rela, target CUI, sab) of each edge, in order."""
    cuis = graph.concepts["cui"].to_pylist()
    rows = [row for table in graph.edge_slices() for row in table.to_pylist()]
    return [(cuis[r["source"]], r["rel"], r["rela"], cuis[r["target"]], r["sab"]) for r in rows]


def random_edges(seed: int, num_nodes: int, num_edges: int) -> tuple[InEdges, pa.ChunkedArray]:
    """A random multigraph with loops and parallel edges, and its CUIs."""
    generator = np.random.default_rng(seed)
    ends = generator.integers(0, num_nodes, (num_edges, 2))
    rows = np.unique(np.column_stack([ends, generator.integers(0, 3, num_edges)]), axis=0)  # target, source, relation
    return InEdges.from_edges(rows[:, 1], rows[:, 0], rows[:, 2], num_nodes), cui_array(num_nodes)


def cui_array(num_nodes: int, step: int = 1) -> pa.ChunkedArray:
    """Sorted CUIs."""
    return pa.chunked_array([pa.array([f"C{step * number:07d}" for number in range(num_nodes)])])


def sample(in_edges: InEdges, cuis: pa.ChunkedArray, roots: Sequence[int], fanout: Sequence[int], seed: int = 7):
    """Rows of subgraphs as dictionaries."""
    options = SubgraphOptions(fanout, seed)
    tables = sample_subgraphs(
        in_edges, concept_ids.parse(cuis), np.array(roots, np.int32), options, Census("sample_subgraphs")
    )
    return [row for table in tables for row in table.cast(schemas.SUBGRAPHS).to_pylist()]


def breadth_first(in_edges: InEdges, root: int, num_hops: int) -> dict[int, int]:
    """Node -> hops from the root, against the direction of the edges."""
    hops, frontier = {root: 0}, [root]
    for hop in range(1, num_hops + 1):
        found = []
        for node in frontier:
            for source in in_edges.source[in_edges.indptr[node] : in_edges.indptr[node + 1]].tolist():
                if source not in hops:
                    hops[source] = hop
                    found.append(source)
        frontier = found
    return hops
