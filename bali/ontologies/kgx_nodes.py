"""The nodes of a KGX graph: which concept each is, its names, types and definition."""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from bali.errors import InputError
from bali.ontologies.atoms import number_atoms
from bali.ontologies.columns import Wanted
from bali.ontologies.common_rows import semantic_type_names
from bali.ontologies.cross_references import source_of, umls_cuis
from bali.ontologies.data_tables import read_mapping, restriction_levels
from bali.ontologies.foreign_tables import LIST_SEPARATOR, read_table
from bali.ontologies.transcript import ForeignTally
from bali.rrf.source import RrfFile
from bali.rrf.writing import clean_value
from bali.vocabulary import Cui

Parts = Sequence[RrfFile]

NO_CONCEPT = "node without a UMLS identifier"
_IDENTIFIERS = ("id", "xref", "same_as", "equivalent_identifiers")
_EXACT = ("synonym", "synonyms", "exact_synonym")
_LOOSE = ("related_synonym", "broad_synonym", "narrow_synonym")
_OF_NODE = ("CUI", "SAB", "id", "srl", "deprecated")  # what a name has of its node
_TYPES = ("tui", "sty", "category")
NODES = Wanted(
    required=("id", "name"),
    optional=(*_IDENTIFIERS[1:], *_EXACT, *_LOOSE, *_TYPES, "description", "deprecated", "sab", "srl"),
    aliases={"cui": "id", "definition": "description"},
)
_CONCEPT = re.compile(r"C[0-9]{7}|CN[0-9]{6}|R[0-9]{7}")  # a plain table gives the concept itself
_LEVEL = r"^[0-9]?$"
TRUE = ("true", "True", "TRUE", "1")
_NAME_KEY = ("CUI", "SAB", "TTY", "CODE", "STR")


def read_nodes(parts: Parts) -> Iterator[pl.DataFrame]:
    """The nodes in blocks: the columns of `NODES`, CUI ("": none), SAB, num_cuis.

    Raises:
        InputError: as `read_table`, or a value of the column `srl` is no restriction level.
    """
    for part in parts:
        for block in read_table(part, NODES):
            wrong = (~block.rows["srl"].str.contains(_LEVEL)).arg_true()
            if len(wrong):
                raise InputError(
                    f"{part} line {block.first_line + wrong[0]}: expected srl to be a restriction level 0-9 or nothing,"
                    f" got {block.rows['srl'][wrong[0]]!r}. Correct the line."
                )
            yield _identify(block.rows)


def concept_of_id(identifier: str) -> Cui:
    """The concept that an id names by itself; "" where it names none."""
    if _CONCEPT.fullmatch(identifier):
        return identifier
    return (umls_cuis([identifier]) or [""])[0]


def concepts_of_nodes(parts: Parts) -> pl.DataFrame:
    """id, CUI of the nodes that are concepts; of an id that is there twice the lowest concept."""
    pieces = [pl.DataFrame(schema={"id": pl.String, "CUI": pl.String})]
    pieces += [rows.filter(pl.col("CUI") != "").select("id", "CUI") for rows in read_nodes(parts)]
    return pl.concat(pieces).sort("id", "CUI").unique("id", keep="first")


def make_names(parts: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    """MRCONSO: the name and the synonyms of each node.

    Related, broad and narrow synonyms are SUPPRESS Y, all names of deprecated nodes E.
    """
    for nodes in read_nodes(parts):
        names = pl.concat(
            [
                nodes.select(*_OF_NODE, STR="name", TTY=pl.lit("PT"), SUPPRESS=pl.lit("N")),
                *(_listed(nodes, column, "N") for column in _EXACT),
                *(_listed(nodes, column, "Y") for column in _LOOSE),
            ]
        ).with_columns(
            clean_value("STR"),
            pl.when(pl.col("deprecated").is_in(TRUE)).then(pl.lit("E")).otherwise("SUPPRESS").alias("SUPPRESS"),
        )
        tally.notes["nodes with a UMLS identifier"] += int((nodes["CUI"] != "").sum())
        tally.notes["nodes without a UMLS identifier"] += int((nodes["CUI"] == "").sum())
        tally.notes["nodes with several UMLS identifiers, lowest taken"] += int((nodes["num_cuis"] > 1).sum())
        kept = _keep(names, pl.col("CUI") != "", NO_CONCEPT, tally)
        named = kept.filter(pl.col("STR") != "")
        tally.drop("no name", kept.height - named.height)
        yield _finish_names(named, tally)


def make_types(parts: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    """MRSTY: the types that the columns `tui` or else `sty` name, else the one of the first known category."""
    names = semantic_type_names()
    for nodes in read_nodes(parts):
        given = _keep(nodes, pl.col("CUI") != "", NO_CONCEPT, tally).select(
            "CUI", TUI=pl.struct(_TYPES).map_elements(_types_of, return_dtype=pl.List(pl.String))
        )
        typed = given.filter(pl.col("TUI").list.len() > 0)
        tally.drop("no known semantic type", given.height - typed.height)
        rows = typed.explode("TUI")
        tally.rows_in += rows.height - typed.height  # a node of several types is a row for each
        distinct = rows.unique(maintain_order=True)
        tally.drop("duplicate row", rows.height - distinct.height)
        tally.rows_out += distinct.height
        yield distinct.join(names, on="TUI", how="left", maintain_order="left")


def make_definitions(parts: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    """MRDEF: the descriptions."""
    for nodes in read_nodes(parts):
        described = nodes.with_columns(clean_value("description")).filter(pl.col("description") != "")
        rows = _keep(described, pl.col("CUI") != "", NO_CONCEPT, tally)
        tally.rows_out += rows.height
        yield rows.select("CUI", "SAB", DEF="description", SUPPRESS=pl.lit("N"))


def _keep(rows: pl.DataFrame, keeps: pl.Expr, reason: str, tally: ForeignTally) -> pl.DataFrame:
    kept = rows.filter(keeps)
    tally.rows_in += rows.height
    tally.drop(reason, rows.height - kept.height)
    return kept


def _identify(nodes: pl.DataFrame) -> pl.DataFrame:
    found = [_concept_of(*row) for row in nodes.select(_IDENTIFIERS).iter_rows()]
    sources = pl.Series([source_of(identifier) for identifier in nodes["id"]], dtype=pl.String)
    return nodes.with_columns(
        pl.when(pl.col("sab") == "").then(sources).otherwise(clean_value("sab")).alias("SAB"),
        pl.Series("CUI", [cui for cui, _ in found], pl.String),
        pl.Series("num_cuis", [count for _, count in found], pl.Int32),
    )


def _concept_of(identifier: str, *others: str) -> tuple[Cui, int]:
    """The concept of a node and how many it could be: its own id goes before its cross-references."""
    if own := concept_of_id(identifier):
        return own, 1
    found = umls_cuis(one for text in others if "umls" in text.lower() for one in text.split(LIST_SEPARATOR))
    return (found[0], len(found)) if found else ("", 0)


def _listed(nodes: pl.DataFrame, column: str, suppress: str) -> pl.DataFrame:
    rows = nodes.filter(pl.col(column) != "").with_columns(STR=pl.col(column).str.split(LIST_SEPARATOR)).explode("STR")
    rows = rows.filter(pl.col("STR") != "")
    return rows.select(*_OF_NODE, "STR", TTY=pl.lit("SY"), SUPPRESS=pl.lit(suppress))


def _finish_names(names: pl.DataFrame, tally: ForeignTally) -> pl.DataFrame:
    is_name = pl.col("TTY") == "PT"
    has_code = pl.col("id").str.contains(":") & ~pl.col("id").str.contains(r"(?i)^umls")
    rows = names.with_columns(
        pl.when(has_code).then(clean_value("id")).otherwise(pl.lit("NOCODE")).alias("CODE"),
        pl.when(pl.col("srl") == "").then(restriction_levels("0")).otherwise(pl.col("srl")).alias("SRL"),
        *(
            pl.when(is_name).then(pl.lit(preferred)).otherwise(pl.lit(other)).alias(column)
            for column, preferred, other in (("TS", "P", "S"), ("STT", "PF", "VO"), ("ISPREF", "Y", "N"))
        ),
        pl.lit("ENG").alias("LAT"),
    ).drop("id", "srl", "deprecated")
    distinct = rows.unique(_NAME_KEY, keep="first", maintain_order=True)
    tally.drop("duplicate row", rows.height - distinct.height)
    tally.rows_out += distinct.height
    return distinct.with_columns(number_atoms(distinct, _NAME_KEY))


def _types_of(node: dict[str, str]) -> list[str]:
    known = read_mapping("semantic_types", "tui", "sty")
    tuis = [tui for tui in node["tui"].split(LIST_SEPARATOR) if tui in known]
    if not tuis:
        by_name = read_mapping("semantic_types", "sty", "tui")
        tuis = [by_name[name] for name in node["sty"].split(LIST_SEPARATOR) if name in by_name]
    if not tuis:
        categories = read_mapping("biolink_categories", "category", "tui")
        names = (name.rpartition(":")[2].replace("_", "") for name in node["category"].split(LIST_SEPARATOR))
        tuis = [categories[name] for name in names if name in categories][:1]
    return sorted(set(tuis))
