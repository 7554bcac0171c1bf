"""Rows that several formats need and none has: inverse relations, names of semantic types, restricted sources."""

from collections.abc import Iterator

import polars as pl

from bali.ontologies.data_tables import read_data_table
from bali.ontologies.transcript import ForeignTally


def inverse_relations(tally: ForeignTally) -> Iterator[pl.DataFrame]:
    """MRDOC: the inverses of the relations that OBO and KGX files commonly have."""
    table = read_data_table("biolink_predicates")
    pairs = pl.concat([table.select(VALUE="rela", EXPL="inverse"), table.select(VALUE="inverse", EXPL="rela")])
    pairs = pairs.unique().sort("VALUE", "EXPL")
    tally.rows_in = tally.rows_out = pairs.height
    yield pairs.with_columns(DOCKEY=pl.lit("RELA"), TYPE=pl.lit("rela_inverse"))


def restricted_sources(tally: ForeignTally) -> Iterator[pl.DataFrame]:
    """MRSAB: the sources of our table of restriction levels, so that relations have their levels, too."""
    table = read_data_table("restriction_levels")
    tally.rows_in = tally.rows_out = table.height
    yield table.select(RSAB="sab", SON="name", SRL="srl", CURVER=pl.lit("Y"))


def semantic_type_names() -> pl.DataFrame:
    """TUI and STY of the UMLS Semantic Network."""
    return read_data_table("semantic_types").select(TUI="tui", STY="sty")
