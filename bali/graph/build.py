"""Relations of a release -> the edges of a directed multigraph over its concepts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from bali import schemas
from bali.errors import InputError
from bali.graph.csr import InEdges
from bali.graph.degrees import cap_degrees
from bali.graph.inverses import RelationPair, learn_inverses, mirror, missing_mirrors, named_inverse, redundant_mirrors
from bali.graph.keys import MAX_NODES, MAX_RELATIONS, Ints, Keys, changes, distinct, pack, unpack
from bali.graph.numbering import Numbering
from bali.io.census import Census
from bali.io.parquet import iterate_artefact, read_artefact

SLICE_ROWS = 1 << 20
_BUFFER_ROWS = 1 << 22  # relations whose CUIs are looked up at once


@dataclass(frozen=True)
class GraphOptions:
    """How relations become edges.

    Attributes:
        inverse_edges: give every edge its mirror where the release does not state it; else keep one of the two.
        self_loops: keep relations of a concept with itself.
        max_degree: incoming edges kept per node; None keeps all.
        seed: of the choice of the kept edges.
    """

    inverse_edges: bool = True
    self_loops: bool = False
    max_degree: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Graph:
    """A directed multigraph; edges are distinct and sorted by target, source, relation.

    Attributes:
        concepts: `schemas.CONCEPTS`; the row is the node id.
        keys: (num_edges,) int64 (`keys.pack`), relations numbered by `pairs`.
        pairs: relation_id -> (REL, RELA), sorted.
        source_sets: (num_edges,) int64, position in `source_names`.
        source_names: the SABs that assert an edge, sorted, joined by "|".
    """

    concepts: pa.Table
    keys: Keys
    pairs: list[RelationPair]
    source_sets: Ints
    source_names: list[str]

    def in_edges(self) -> InEdges:
        """The edges by target."""
        ends = unpack(self.keys)
        return InEdges.from_edges(ends.source, ends.target, ends.relation, self.concepts.num_rows)

    def nodes(self) -> pa.Table:
        """The nodes as `schemas.NODES`."""
        degree = np.bincount(unpack(self.keys).target, minlength=self.concepts.num_rows)
        columns = {name: self.concepts[name] for name in ("cui", "preferred_name", "tuis")}
        node_id = np.arange(self.concepts.num_rows, dtype=np.int32)
        return pa.table({"node_id": node_id, **columns, "degree": degree.astype(np.int32)})

    def edge_slices(self) -> Iterator[pa.Table]:
        """The edges as `schemas.EDGES`, in pieces of `SLICE_ROWS`."""
        rels, relas = (pa.array([pair[part] for pair in self.pairs], pa.string()) for part in (0, 1))
        sources = pa.array(self.source_names, pa.string())
        for start in range(0, len(self.keys), SLICE_ROWS):
            ends = unpack(self.keys[start : start + SLICE_ROWS])
            yield pa.table(
                {
                    "source": ends.source.astype(np.int32),
                    "target": ends.target.astype(np.int32),
                    "relation_id": ends.relation.astype(np.int16),
                    "rel": rels.take(pa.array(ends.relation)),
                    "rela": relas.take(pa.array(ends.relation)),
                    "sab": sources.take(pa.array(self.source_sets[start : start + SLICE_ROWS])),
                }
            )


def build_graph(concepts_path: Path, relations_path: Path, options: GraphOptions, census: Census) -> Graph:
    """Build the graph: nodes are all concepts, numbered in order of their CUIs; an edge runs from head to tail.

    Drop reasons of relation rows: CUI not among the concepts, self loop, mirror of a kept edge, same edge from another
    source; of edges: over max_degree.

    Raises:
        ArtefactError: an input is missing or damaged.
        InputError: the release has more concepts or relations than the keys hold.
    """
    concepts = read_artefact(concepts_path, schemas.CONCEPTS)
    if concepts.num_rows >= MAX_NODES:
        raise InputError(f"{concepts_path}: expected fewer than {MAX_NODES:,} concepts, got {concepts.num_rows:,}.")
    keys, sabs, pairs, sab_names = _read_relations(relations_path, concepts["cui"], census)
    tally = census.table("relations")
    if not options.self_loops:
        ends = unpack(keys)
        proper = ends.source != ends.target
        tally.drop("self loop", len(keys) - int(proper.sum()))
        keys, sabs = keys[proper], sabs[proper]
    keys, sabs, num_asserted = _apply_inverses(keys, sabs, pairs, options.inverse_edges, census)
    keys, source_sets, source_names = _join_sources(keys, sabs, sab_names)
    edges = census.table("edges")
    edges.rows_in = len(keys)
    tally.rows_out = num_asserted
    if options.max_degree is not None:
        kept = cap_degrees(keys, concepts["cui"], pairs, options.max_degree, options.seed)
        edges.drop("over max_degree", len(keys) - len(kept))
        keys, source_sets = keys[kept], source_sets[kept]
    edges.rows_out = len(keys)
    keys, used = _number_used(keys)
    return Graph(concepts, keys, [pairs[number] for number in used], source_sets, source_names)


def _read_relations(
    path: Path, cuis: pa.ChunkedArray, census: Census
) -> tuple[Keys, Ints, list[RelationPair], list[str]]:
    """Relation rows as keys and source numbers; relations are numbered by all pairs and named inverses, sorted."""
    index = pl.DataFrame({"cui": pl.Series(cuis), "id": np.arange(len(cuis))})
    relations, sources = Numbering(["rel", "rela"]), Numbering(["sab"])
    columns: tuple[list[Ints], ...] = ([], [], [], [])
    tally = census.table("relations")
    for rows in _pieces(path):
        tally.rows_in += rows.height
        ids = [
            rows.select(f"{end}_cui")
            .join(index, left_on=f"{end}_cui", right_on="cui", how="left", maintain_order="left")["id"]
            .fill_null(-1)
            .to_numpy()
            for end in ("head", "tail")
        ]
        known = (ids[0] >= 0) & (ids[1] >= 0)
        tally.drop("CUI not among the concepts", rows.height - int(known.sum()))
        for column, values in zip(columns, (*ids, relations.encode(rows), sources.encode(rows)), strict=True):
            column.append(values[known])
    head, tail, relation, sab = (np.concatenate([np.empty(0, np.int64), *column]) for column in columns)
    found = [(rel, rela) for rel, rela in relations.items()]
    pairs = sorted({*found, *map(named_inverse, found)})
    if len(pairs) > MAX_RELATIONS:
        raise InputError(f"{path}: expected at most {MAX_RELATIONS:,} relations with inverses, got {len(pairs):,}.")
    names = sources.items()
    keys = pack(head, tail, relations.renumber(relation, pairs))
    return keys, sources.renumber(sab, names), pairs, [name for (name,) in names]


def _pieces(path: Path) -> Iterator[pl.DataFrame]:
    """The relations in pieces of at least `_BUFFER_ROWS` rows, but the last."""
    buffer: list[pa.RecordBatch] = []
    for batch in iterate_artefact(path, schemas.RELATIONS, ["head_cui", "rel", "rela", "tail_cui", "sab"]):
        buffer.append(batch)
        if sum(map(len, buffer)) >= _BUFFER_ROWS:
            yield pl.DataFrame(pl.from_arrow(pa.Table.from_batches(buffer)))
            buffer = []
    if buffer:
        yield pl.DataFrame(pl.from_arrow(pa.Table.from_batches(buffer)))


def _apply_inverses(
    keys: Keys, sabs: Ints, pairs: list[RelationPair], inverse_edges: bool, census: Census
) -> tuple[Keys, Ints, int]:
    """Add the mirrors that are missing, or drop those that repeat an edge; also the number of distinct edges before."""
    edges = distinct(keys)
    inverses = learn_inverses(edges, pairs)
    tally = census.table("relations")
    if inverse_edges:
        missing = missing_mirrors(keys, edges, inverses)
        mirrors = mirror(keys[missing], inverses)
        tally.drop("same edge from another source", len(keys) - len(edges))
        census.notes["inverse edges added"] = len(distinct(mirrors))
        return np.concatenate([keys, mirrors]), np.concatenate([sabs, sabs[missing]]), len(edges)
    redundant = redundant_mirrors(keys, edges, inverses)
    tally.drop("mirror of a kept edge", len(redundant))
    keys, sabs = np.delete(keys, redundant), np.delete(sabs, redundant)
    num_edges = len(distinct(keys))
    tally.drop("same edge from another source", len(keys) - num_edges)
    return keys, sabs, num_edges


def _join_sources(keys: Keys, sabs: Ints, names: list[str]) -> tuple[Keys, Ints, list[str]]:
    """Distinct edges, sorted, each with the sources that assert it; sets of sources grow by one source a round."""
    order = np.lexsort((sabs, keys))
    keys, sabs = keys[order], sabs[order]
    new = changes(keys) | changes(sabs)
    keys, sabs = keys[new], sabs[new]
    starts = np.flatnonzero(changes(keys))
    counts = np.diff(starts, append=len(keys))
    sets, joined = sabs[starts].copy(), list(names)
    active, depth = np.flatnonzero(counts > 1), 1
    while len(active):
        grown, positions = np.unique(sets[active] * len(names) + sabs[starts[active] + depth], return_inverse=True)
        sets[active] = len(joined) + positions
        joined += [f"{joined[code // len(names)]}|{names[code % len(names)]}" for code in grown.tolist()]
        depth += 1
        active = active[counts[active] > depth]
    return keys[starts], sets, joined


def _number_used(keys: Keys) -> tuple[Keys, list[int]]:
    """Number the relations that have edges without gaps, in the same order."""
    ends = unpack(keys)
    used = np.flatnonzero(np.bincount(ends.relation))
    return pack(ends.source, ends.target, np.searchsorted(used, ends.relation)), used.tolist()
