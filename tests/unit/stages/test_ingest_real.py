"""The open Metathesaurus: the same artefacts from every form of the release; each filter costs what it should."""

import gzip
import os
import zipfile
from pathlib import Path

import polars as pl
import pytest

from bali.cli import main
from bali.io.census import Census
from bali.rrf.layouts import MRCONSO, MRREL, MRSTY
from bali.rrf.locate import locate
from bali.umls.filters import UmlsFilters
from bali.umls.ingest import ARTEFACTS, ingest
from bali.vocabulary import REL_INVERSES
from tests.unit.rrf.rrf_fixtures import PROVENANCE

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("BALI_DEVELOPMENT_DATA" not in os.environ, reason="BALI_DEVELOPMENT_DATA names no folder"),
]

LAYOUTS = (MRCONSO, MRREL, MRSTY)
EXCLUDED = ["CTD_CHEMDISGENE", "MEDQUAD"]


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(os.environ["BALI_DEVELOPMENT_DATA"]) / "open_meta"


@pytest.fixture(scope="module")
def raw(folder) -> dict[str, pl.DataFrame]:
    """The files as polars reads them: no quoting, strings only."""
    return {
        layout.name: pl.read_csv(
            folder / f"{layout.name}.gz",
            separator="|",
            quote_char=None,
            has_header=False,
            infer_schema=False,
            new_columns=[*layout.columns, "END"],
        ).fill_null("")
        for layout in LAYOUTS
    }


def artefacts_of(source: Path, output_dir: Path):
    call = ["ingest", "--input", str(source), "--output-dir", str(output_dir), "--options", "{}"]
    assert main(call) == 0
    tables = {name: pl.read_parquet(output_dir / f"{name}.parquet") for name in ARTEFACTS}
    return tables, Census.read(output_dir / "census.json")


def test_every_form_of_the_release_gives_the_same_artefacts(tmp_path, folder):
    plain = tmp_path / "plain" / "META"
    plain.mkdir(parents=True)
    for layout in LAYOUTS:
        (plain / layout.name).write_bytes(gzip.decompress((folder / f"{layout.name}.gz").read_bytes()))
    with zipfile.ZipFile(tmp_path / "release.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in plain.iterdir():
            archive.write(path, f"2026AA/META/{path.name}")
    tables, census = artefacts_of(folder, tmp_path / "a")
    assert tables["names"].height > 100_000
    assert tables["relations"].height > 200_000
    for number, source in enumerate([tmp_path / "plain", tmp_path / "release.zip"]):
        found, again = artefacts_of(source, tmp_path / f"{number}")
        assert again == census
        for name in ARTEFACTS:
            assert found[name].equals(tables[name]), name


def source_is(sab: pl.Expr, filters: UmlsFilters) -> pl.Expr:
    kept = ~sab.is_in(sorted(filters.exclude_sources))
    return kept if filters.sources is None else kept & sab.is_in(sorted(filters.sources))


def expected_counts(raw: dict[str, pl.DataFrame], filters: UmlsFilters) -> dict[str, dict[str, int]]:
    """The rows that each filter drops, file by file, counted by polars."""
    counts: dict[str, dict[str, int]] = {name: {} for name in raw}

    def keep(file: str, rows: pl.DataFrame, reason: str, kept: pl.Expr) -> pl.DataFrame:
        left = rows.filter(kept)
        if left.height < rows.height:
            counts[file][reason] = rows.height - left.height
        return left

    def wanted(column: str, values: frozenset[str] | None) -> pl.Expr:
        return pl.lit(True) if values is None else pl.col(column).is_in(sorted(values))

    names = keep(MRCONSO.name, raw[MRCONSO.name], "suppress", wanted("SUPPRESS", filters.suppress))
    names = keep(MRCONSO.name, names, "source", source_is(pl.col("SAB"), filters))
    names = keep(MRCONSO.name, names, "term type", wanted("TTY", filters.term_types))
    types = raw[MRSTY.name]
    if filters.tuis is not None:
        typed = types.filter(wanted("TUI", filters.tuis))["CUI"].unique()
        names = keep(MRCONSO.name, names, "semantic type", pl.col("CUI").is_in(typed.implode()))
    names = keep(MRCONSO.name, names, "duplicate row", pl.struct("CUI", "AUI").is_first_distinct())
    names = keep(MRCONSO.name, names, "few names", pl.len().over("CUI") >= filters.min_names)
    cuis = names["CUI"].unique().implode()
    relations = keep(MRREL.name, raw[MRREL.name], "suppress", wanted("SUPPRESS", filters.suppress))
    relations = keep(MRREL.name, relations, "source", source_is(pl.col("SAB"), filters))
    labels = filters.relations  # the files have no MRDOC: only the RELs have known inverses
    if labels is not None:
        labels = labels | {REL_INVERSES[label] for label in labels & REL_INVERSES.keys()}
    is_wanted = wanted("REL", labels) | wanted("RELA", filters.relations)
    relations = keep(MRREL.name, relations, "relation", is_wanted)
    known = pl.col("CUI1").is_in(cuis) & pl.col("CUI2").is_in(cuis)
    relations = keep(MRREL.name, relations, "CUI without a kept name", known)
    key = pl.struct("CUI1", "CUI2", "REL", "RELA", "SAB")
    keep(MRREL.name, relations, "duplicate row", key.is_first_distinct())
    types = keep(MRSTY.name, types, "CUI without a kept name", pl.col("CUI").is_in(cuis))
    keep(MRSTY.name, types, "duplicate row", pl.struct("CUI", "TUI").is_first_distinct())
    return counts


FILTERS = {
    "none": UmlsFilters(),
    "suppress": UmlsFilters(suppress=frozenset({"N"})),
    "sources": UmlsFilters(sources=frozenset({"MSH", "NCIT"})),
    "exclude_sources": UmlsFilters(exclude_sources=frozenset(EXCLUDED)),
    "term_types": UmlsFilters(term_types=frozenset({"PT"})),
    "tuis": UmlsFilters(tuis=frozenset({"T047", "T121"})),
    "relations": UmlsFilters(relations=frozenset({"CHD", "RQ"})),
    "rela": UmlsFilters(relations=frozenset({"isa"})),
    "min_names": UmlsFilters(min_names=3),
    "all": UmlsFilters(
        languages=frozenset({"ENG"}),
        suppress=frozenset({"N"}),
        exclude_sources=frozenset(EXCLUDED),
        term_types=frozenset({"PT", "MH", "SY"}),
        tuis=frozenset({"T047", "T121"}),
        relations=frozenset({"CHD", "RO"}),
        max_srl=0,
        min_names=2,
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_costs_the_rows_that_polars_counts(tmp_path, folder, raw, name):
    filters = FILTERS[name]
    census = ingest(locate([folder]), filters, tmp_path, lambda: PROVENANCE, 2)
    expected = expected_counts(raw, filters)
    assert set(census.tables) == set(expected)
    for file, tally in census.tables.items():
        tally.check(file)
        assert tally.rows_in == raw[file].height
        assert dict(tally.dropped) == expected[file]
        assert tally.rows_out > 0
    assert name == "none" or any(expected.values())
    rows = {artefact: pl.scan_parquet(tmp_path / f"{artefact}.parquet").select(pl.len()).collect().item()
            for artefact in ("names", "relations", "semantic_types")}  # fmt: skip
    assert list(rows.values()) == [census.tables[layout.name].rows_out for layout in LAYOUTS]
