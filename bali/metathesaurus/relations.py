"""MRREL and the inverse names of MRDOC: each relation in both directions, a row reading "CUI2 RELA CUI1"."""

import re
from collections.abc import Collection, Iterator, Mapping

import polars as pl

from bali.io.census import Census
from bali.metathesaurus.bridging import bridge, hierarchy
from bali.metathesaurus.content import IS_A, Content
from bali.metathesaurus.registry import DATA
from bali.metathesaurus.resolution import CuiMap
from bali.ontologies.tables import read_table
from bali.vocabulary import Cui, Sab

_SAME = "possibly_equivalent_to"
_MAPPED = "mapped_to"
_UNSAFE = re.compile(r"[^a-z0-9_:]+")
Row = tuple[Sab, str, Cui, str, Cui, bool]  # source, REL, head, RELA, tail, bridged


def build_relations(
    contents: Mapping[Sab, Content], cuis: CuiMap, concepts: Collection[Cui], census: Census
) -> pl.DataFrame:
    """The rows of MRREL, sorted, with columns as in the layout; the census counts relations in one direction.

    `isa` is CHD (its inverse PAR), a pair that a source takes for one concept RQ, everything else RO. DIR is Y for the
    direction of the source. RUI is made up, numbered after sorting.

    Args:
        contents: what the sources say.
        cuis: identifier -> CUIs, and conflicts.
        concepts: the CUIs that have a name; relations of others are dropped.
        census: gets a table a source and counts.
    """
    found = set(_one_direction(contents, cuis, census))
    rows = sorted(row for row in found if row[2] in concepts and row[4] in concepts)
    census.notes["relations left out: a CUI without a name"] = len(found) - len(rows)
    _note(rows, census)
    inverses = read_inverses()
    both = [
        (sab, direction, rel, head, rela, tail)
        for sab, rel, head_cui, rela_name, tail_cui, _ in rows
        for direction, rel, head, rela, tail in _directions(rel, head_cui, rela_name, tail_cui, inverses)
    ]
    schema = ("SAB", "DIR", "REL", "CUI2", "RELA", "CUI1")
    frame = pl.DataFrame(both, schema=dict.fromkeys(schema, pl.String), orient="row").unique()
    frame = frame.sort("CUI1", "CUI2", "SAB", "REL", "RELA", "DIR").unique(
        ["CUI1", "CUI2", "SAB", "REL", "RELA"], keep="last", maintain_order=True
    )
    census.notes["relations in one direction"] = frame.height // 2  # each row comes with its inverse
    return frame.with_row_index("row").select(
        "CUI1", "REL", "CUI2", "RELA", "SAB", "DIR",
        STYPE1=pl.lit("CUI"), STYPE2=pl.lit("CUI"), SL=pl.col("SAB"), SUPPRESS=pl.lit("N"),
        RUI=pl.lit("R9") + (pl.col("row") + 1).cast(pl.String).str.zfill(8),
    )  # fmt: skip


def read_inverses() -> dict[str, str]:
    """Relation -> its inverse, both ways, of the table in `data/`."""
    pairs = [(rela, inverse) for rela, inverse in read_table(DATA / "inverse_relations.tsv", ("rela", "inverse"))]
    return dict(pairs) | {inverse: rela for rela, inverse in pairs}


def inverse_of(rela: str, inverses: Mapping[str, str]) -> str:
    """The inverse by the table; of any other relation `inverse_RELA`."""
    return inverses.get(rela, f"inverse_{rela}")


def document_inverses(relations: pl.DataFrame) -> pl.DataFrame:
    """The rows of MRDOC that give the inverse of each RELA and REL that occurs."""
    inverses = read_inverses()
    pairs = set()
    for rela in relations["RELA"].unique().to_list():
        inverse = rela.removeprefix("inverse_") if rela not in inverses else inverses[rela]
        pairs |= {("RELA", rela, "rela_inverse", inverse if inverse != rela else inverse_of(rela, inverses))}
    pairs |= {("REL", *pair) for pair in (("CHD", "rel_inverse", "PAR"), ("PAR", "rel_inverse", "CHD"))}
    pairs |= {("REL", rel, "rel_inverse", rel) for rel in ("RO", "RQ")}
    return pl.DataFrame(sorted(pairs), schema=["DOCKEY", "VALUE", "TYPE", "EXPL"], orient="row")


def _one_direction(contents: Mapping[Sab, Content], cuis: CuiMap, census: Census) -> Iterator[Row]:
    paths = hierarchy(contents.values())
    for sab, content in sorted(contents.items()):
        for head, rela, tail, is_bridged in bridge(content, cuis.best, paths, census.table(f"{sab}: statements")):
            rela_name = _UNSAFE.sub("_", rela.lower()).strip("_")
            yield sab, "CHD" if rela == IS_A else "RO", head, rela_name, tail, is_bridged
    for head, tail, sab, is_direct in cuis.conflicts:
        if is_direct:
            yield sab, "RQ", min(head, tail), _SAME, max(head, tail), False
        else:
            yield sab, "RQ", head, _MAPPED, tail, False


def _directions(
    rel: str, head: Cui, rela: str, tail: Cui, inverses: Mapping[str, str]
) -> tuple[tuple[str, str, Cui, str, Cui], tuple[str, str, Cui, str, Cui]]:
    inverse_rel = {"CHD": "PAR"}.get(rel, rel)
    return ("Y", rel, head, rela, tail), ("N", inverse_rel, tail, inverse_of(rela, inverses), head)


def _note(rows: Collection[Row], census: Census) -> None:
    census.notes["relations bridged over classes without a CUI"] = sum(row[5] for row in rows)
    census.notes["relations: pairs that a source takes for one concept"] = sum(row[1] == "RQ" for row in rows)
    census.notes["relations: distinct pairs of concepts"] = len({frozenset((row[2], row[4])) for row in rows})
    for sab in sorted({row[0] for row in rows}):
        census.notes[f"relations of {sab}"] = sum(row[0] == sab for row in rows)
