"""Which gold pairs of concepts are edges of the graph that was trained on, and whose."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from bali.io.census import Census
from bali.io.parquet import check_artefact
from bali.overlap.table import PAIR, account
from bali.schemas import EDGES, NAMES, NODES, OVERLAPS
from bali.vocabulary import Cui

NO_CONCEPT = "a side has no concept"
ONE_CONCEPT = "both sides are one concept"


class GoldPair(NamedTuple):
    """Two things that a dataset holds to be related.

    Attributes:
        task: of the dataset.
        dataset: its name.
        example_id: of the pair, distinct in the dataset.
        first: concepts that its first side may be.
        second: concepts that its second side may be.
    """

    task: str
    dataset: str
    example_id: str
    first: frozenset[Cui]
    second: frozenset[Cui]


def pair_overlaps(pairs: Iterable[GoldPair], graph_dir: Path, census: Census) -> pl.DataFrame:
    """Rows of the check `pair`: a row for each pair and source that an edge joins, in either direction.

    A pair whose sides are several concepts is joined if any two of them are. Only a pair with two different concepts
    is checked; the census says how many of each dataset are, and why the others are not.

    Args:
        pairs: of all datasets.
        graph_dir: folder of the graph; the edges that it holds out are not searched.
        census: of the stage.

    Returns:
        Columns of OVERLAPS, in no order.

    Raises:
        ArtefactError: nodes or edges are missing or damaged.
    """
    checked = []
    for pair in pairs:
        tally = census.table(account(PAIR, pair.task, pair.dataset))
        tally.rows_in += 1
        if not pair.first or not pair.second:
            tally.drop(NO_CONCEPT, 1)
        elif not _combinations(pair):
            tally.drop(ONE_CONCEPT, 1)
        else:
            tally.rows_out += 1
            checked.append(pair)
    keys = ["task", "dataset", "example_id"]
    rows = [(number, *pair[:3]) for number, pair in enumerate(checked)]
    table = pl.DataFrame(rows, {"pair": pl.Int64, **dict.fromkeys(keys, pl.String)}, orient="row")
    joined = table.join(_sources(checked, graph_dir), on="pair")
    constants = {"check": pl.lit(PAIR), "share": pl.lit(1.0), "pmid": pl.lit(None, pl.Int64)}
    return joined.with_columns(**constants).select(OVERLAPS.names)


def concepts_of_terms(terms: Iterable[str], umls_dir: Path) -> dict[str, frozenset[Cui]]:
    """Term -> its concept, where the term is, but for case, a name of exactly one; other terms are absent.

    Raises:
        ArtefactError: names.parquet is missing or damaged.
    """
    path = umls_dir / "names.parquet"
    check_artefact(path, NAMES)
    wanted = pl.DataFrame({"term": pl.Series(sorted(set(terms)), dtype=pl.String)})
    wanted = wanted.with_columns(key=pl.col("term").str.strip_chars().str.to_lowercase())
    names = pl.scan_parquet(path).select("cui", key=pl.col("name").str.to_lowercase())
    found = names.join(wanted.lazy(), on="key").select("term", "cui").unique().collect(engine="streaming")
    single = found.filter(pl.len().over("term") == 1)
    return {term: frozenset([cui]) for term, cui in single.iter_rows()}


def _combinations(pair: GoldPair) -> list[tuple[Cui, Cui]]:
    return [(first, second) for first in sorted(pair.first) for second in sorted(pair.second) if first != second]


def _sources(pairs: Sequence[GoldPair], graph_dir: Path) -> pl.DataFrame:
    """Columns pair (position in `pairs`), source (a SAB); distinct."""
    nodes, edges = graph_dir / "nodes.parquet", graph_dir / "edges.parquet"
    check_artefact(nodes, NODES)
    check_artefact(edges, EDGES)
    rows = [(number, *cuis) for number, pair in enumerate(pairs) for cuis in _combinations(pair)]
    rows += [(number, second, first) for number, first, second in rows]
    wanted = pl.DataFrame(rows, {"pair": pl.Int64, "head": pl.String, "tail": pl.String}, orient="row")
    cuis = pl.concat([wanted["head"], wanted["tail"]]).unique().sort()
    ids = pl.scan_parquet(nodes).select("cui", "node_id").filter(pl.col("cui").is_in(cuis.implode())).collect()
    wanted = wanted.join(ids.rename({"node_id": "source"}), left_on="head", right_on="cui")
    wanted = wanted.join(ids.rename({"node_id": "target"}), left_on="tail", right_on="cui")
    found = pl.scan_parquet(edges).join(wanted.lazy(), on=["source", "target"]).select("pair", "sab").unique()
    split = found.collect(engine="streaming").with_columns(pl.col("sab").str.split("|")).explode("sab")
    return split.select("pair", source="sab").unique()
