"""The small tables: MRDEF (definitions), MRSAB (sources with licences), MRFILES (columns, rows, bytes), id2cui."""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from bali.io.census import Tally
from bali.metathesaurus.content import Content
from bali.metathesaurus.identifiers import code_of
from bali.metathesaurus.registry import Source
from bali.metathesaurus.resolution import CuiMap
from bali.rrf.layouts import Layout
from bali.rrf.writing import clean_value
from bali.vocabulary import Sab

_DESCRIPTIONS = {
    "MRCONSO.RRF": "Concept names and sources",
    "MRDEF.RRF": "Definitions",
    "MRDOC.RRF": "Inverses of relations",
    "MRFILES.RRF": "Files",
    "MRREL.RRF": "Related concepts",
    "MRSAB.RRF": "Sources and licences",
    "MRSTY.RRF": "Semantic types",
}


def build_definitions(contents: Iterable[Content], cuis: CuiMap, names: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """The rows of MRDEF, sorted; AUI is the atom of the source's preferred name, ATUI is made up."""
    rows = [
        (cuis.best[identifier], content.sab, code_of(identifier), text)
        for content in contents
        for identifier, text in content.definitions
        if identifier in cuis.best
    ]
    tally.rows_in = sum(len(content.definitions) for content in contents)
    tally.drop("identifier without a CUI", tally.rows_in - len(rows))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("CUI", "SAB", "CODE", "DEF"), pl.String), orient="row")
    frame = frame.with_columns(clean_value("DEF")).unique().sort("CUI", "SAB", "CODE", "DEF")
    atoms = names.group_by("CUI", "SAB", "CODE").agg(pl.col("AUI").min())
    frame = frame.join(atoms, on=["CUI", "SAB", "CODE"], how="inner", maintain_order="left").with_row_index("row")
    tally.drop("duplicate, or the term has no name", len(rows) - frame.height)
    tally.rows_out = frame.height
    number = pl.lit("AT8") + (pl.col("row") + 1).cast(pl.String).str.zfill(7)
    return frame.select("CUI", "AUI", "SAB", "DEF", ATUI=number, SUPPRESS=pl.lit("N"))


def build_sources(
    sources: Mapping[Sab, Source], names: pl.DataFrame, relations: pl.DataFrame, types: Mapping[Sab, Sequence[str]]
) -> pl.DataFrame:
    """The rows of MRSAB: name (SON), version (SVER), licence (SLC), citation (SCIT), level 0 of each source.

    Args:
        sources: what was built in.
        names: MRCONSO.
        relations: MRREL.
        types: source -> the term types of its names.
    """
    num_names = dict(names["SAB"].value_counts().iter_rows())
    concepts = dict(names.group_by("SAB").agg(pl.col("CUI").n_unique()).iter_rows())
    known = set(relations["SAB"].unique()) | num_names.keys()
    rows = [
        {
            "VSAB": f"{sab}_{source.version.replace(' ', '_').replace(',', '')}",
            "RSAB": sab,
            "SON": source.name,
            "SF": sab,
            "SVER": source.version,
            "SLC": _licence_text(source),
            "SRL": "0",
            "TFR": str(num_names.get(sab, 0)),
            "CFR": str(concepts.get(sab, 0)),
            "TTYL": ",".join(types.get(sab, [])),
            "LAT": "ENG",
            "CENC": "UTF-8",
            "CURVER": "Y",
            "SABIN": "Y" if sab in known else "N",
            "SSN": source.name,
            "SCIT": source.citation,
        }
        for sab, source in sorted(sources.items())
    ]
    return pl.DataFrame(rows).with_columns(pl.all().str.replace_all("|", "/", literal=True))


def build_files(layouts: Mapping[str, Layout], sizes: Mapping[str, tuple[int, int]]) -> pl.DataFrame:
    """The rows of MRFILES but its own: name, description, columns, rows and bytes (before compression)."""
    rows = [
        (name, _DESCRIPTIONS[name], ",".join(layout.columns), str(len(layout.columns)), *map(str, sizes[name]))
        for name, layout in sorted(layouts.items())
    ]
    return pl.DataFrame(rows, schema=["FIL", "DES", "FMT", "CLS", "RWS", "BTS"], orient="row")


def identifier_rows(cuis: CuiMap, concepts: Iterable[str]) -> list[tuple[str, str, str]]:
    """Identifier, CUI, and `best` or `secondary`, sorted; `best` first for each identifier, named concepts only."""
    named = set(concepts)
    rows = [(i, cui, "best") for i, cui in cuis.best.items()]
    rows += [(i, cui, "secondary") for i, found in cuis.secondary.items() for cui in found]
    return sorted((row for row in rows if row[1] in named), key=lambda row: (row[0], row[2], row[1]))


def _licence_text(source: Source) -> str:
    licence = source.licence
    note = "; share-alike: what is made with it carries the same licence" if licence.is_share_alike else ""
    return f"{licence.name}; {licence.address}{note}"
