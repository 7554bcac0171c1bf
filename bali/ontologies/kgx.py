"""A KGX graph (nodes.tsv, edges.tsv) or a plain table of concepts and relations as a UMLS release.

KGX (github.com/biolink/kgx, specification/kgx-format.md): tab-separated or JSON lines, the columns named by the Biolink
model, several values of a column joined by `|`. A node is the UMLS concept of its id (`UMLS:C0011849`) or else the
lowest one among its xref, same_as and equivalent_identifiers; others are counted and left out. A plain table names its
columns cui, name and head_cui, relation, tail_cui. An edge reads "subject predicate object", so the subject is CUI2.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from bali.ontologies.columns import Wanted
from bali.ontologies.common_rows import inverse_relations, restricted_sources
from bali.ontologies.cross_references import to_sab
from bali.ontologies.data_tables import read_data_table
from bali.ontologies.foreign_tables import LIST_SEPARATOR, read_table
from bali.ontologies.kgx_nodes import TRUE, concept_of_id, concepts_of_nodes, make_definitions, make_names, make_types
from bali.ontologies.transcript import ForeignTally, TranscribedFile
from bali.rrf.layouts import MRCONSO, MRDEF, MRDOC, MRREL, MRSAB, MRSTY
from bali.rrf.source import RrfFile, RrfSource
from bali.rrf.writing import clean_value

Parts = Sequence[RrfFile]

_KNOWLEDGE_SOURCES = ("sab", "primary_knowledge_source", "knowledge_source", "provided_by", "source")
_NO_SOURCE = "KGX"
EDGES = Wanted(
    required=("subject", "predicate", "object"),
    optional=("rel", "negated", *_KNOWLEDGE_SOURCES),
    aliases={
        **{"head_cui": "subject", "head": "subject", "tail_cui": "object", "tail": "object"},
        **{"edge_label": "predicate", "relation": "predicate", "rela": "predicate"},
    },
)


def transcribe_kgx(nodes: Parts, edges: Parts) -> dict[str, RrfSource]:
    """The RRF files of a KGX graph.

    Args:
        nodes: the files of its nodes, at least one.
        edges: the files of its edges, at least one.

    Returns:
        MRCONSO, MRREL, MRSTY, MRDEF, MRSAB, MRDOC.
    """
    node_paths = [path for part in nodes for path in part.paths()]
    edge_paths = [path for part in edges for path in part.paths()]
    made = [
        TranscribedFile(MRCONSO, node_paths, lambda tally: make_names(nodes, tally)),
        TranscribedFile(MRREL, node_paths + edge_paths, lambda tally: _relations(nodes, edges, tally)),
        TranscribedFile(MRSTY, node_paths, lambda tally: make_types(nodes, tally)),
        TranscribedFile(MRDEF, node_paths, lambda tally: make_definitions(nodes, tally)),
        TranscribedFile(MRSAB, node_paths, restricted_sources),
        TranscribedFile(MRDOC, edge_paths, inverse_relations),
    ]
    return {file.name: file for file in made}


def _relations(nodes: Parts, edges: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    concepts = concepts_of_nodes(nodes)
    predicates = read_data_table("biolink_predicates").select(pl.col("predicate"), known_rel="rel", RELA="rela")
    for part in edges:
        for block in read_table(part, EDGES):
            rows = block.rows.with_columns(
                pl.col("predicate").str.replace(r"^.*:", "").str.strip_chars().str.replace_all(r"[\s|]+", "_"),
                SAB=_source(block.rows),
            )
            rows = rows.join(predicates, on="predicate", how="left", maintain_order="left")
            rows = rows.with_columns(CUI1=_concept(rows["object"], concepts), CUI2=_concept(rows["subject"], concepts))
            yield _keep_edges(rows, tally).select(
                "CUI1",
                "CUI2",
                "SAB",
                pl.when(pl.col("rel") == "")
                .then(pl.col("known_rel").fill_null("RO"))
                .otherwise(clean_value("rel"))
                .alias("REL"),
                pl.col("RELA").fill_null(pl.col("predicate")),
                SL=pl.col("SAB"),
                SUPPRESS=pl.lit("N"),
            )


def _keep_edges(rows: pl.DataFrame, tally: ForeignTally) -> pl.DataFrame:
    tally.rows_in += rows.height
    for reason, keeps in (
        ("negated", ~pl.col("negated").is_in(TRUE)),
        ("no predicate", pl.col("predicate") != ""),
        ("an end is a node without a UMLS identifier", (pl.col("CUI1") != "") & (pl.col("CUI2") != "")),
        ("both ends are one concept", pl.col("CUI1") != pl.col("CUI2")),
    ):
        kept = rows.filter(keeps)
        tally.drop(reason, rows.height - kept.height)
        rows = kept
    tally.rows_out += rows.height
    return rows


def _concept(ends: pl.Series, concepts: pl.DataFrame) -> pl.Series:
    """The concept of each end: of its node, or of the id itself; "" where it is none."""
    ids = ends.unique().to_frame("id")
    found = ids.join(concepts, on="id", how="left")
    own = pl.Series([concept_of_id(identifier) for identifier in found["id"]], dtype=pl.String)
    return ends.replace_strict(found["id"], found["CUI"].fill_null(own))


def _source(rows: pl.DataFrame) -> pl.Series:
    """The first knowledge source that an edge names, as a SAB: `infores:ctd` is CTD."""
    named = pl.coalesce(pl.when(pl.col(column) != "").then(pl.col(column)) for column in _KNOWLEDGE_SOURCES)
    sources = rows.select(SAB=named.fill_null("")).to_series()
    sabs = {
        source: to_sab(source.split(LIST_SEPARATOR)[0].rpartition(":")[2]) or _NO_SOURCE for source in sources.unique()
    }
    return sources.replace_strict(sabs, return_dtype=pl.String)
