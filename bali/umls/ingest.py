"""A UMLS release -> names, concepts, relations, semantic types, sources, codes and retired CUIs, with their census."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import polars as pl

from bali import schemas
from bali.io.census import Census, Tally
from bali.io.parquet import Provenance, open_artefact
from bali.umls.filters import UmlsFilters
from bali.umls.locate import RrfFile
from bali.umls.names import SLICE_ROWS, Names, read_names
from bali.umls.relations import Relations, read_relations
from bali.umls.sources import (
    check_row_counts,
    keep_semantic_types,
    read_retired_cuis,
    read_row_counts,
    read_semantic_types,
    read_sources,
    tabulate_sources,
)
from bali.vocabulary import Sab

ARTEFACTS = ("names", "concepts", "relations", "semantic_types", "sources", "codes", "retired_cuis")


def ingest(files: Mapping[str, RrfFile], filters: UmlsFilters, output_dir: Path, provenance: Provenance) -> Census:
    """Read a release and write `output_dir`/ARTEFACT.parquet for each of `ARTEFACTS`.

    Names and relations are streamed, filtered, then sorted in memory: about 100 bytes a kept name, 17 a kept relation.
    The files take their names only after everything was read and checked; an error leaves none.

    Args:
        files: as `locate` finds them.
        filters: what to keep.
        output_dir: where the artefacts go.
        provenance: of all artefacts; their name and restriction levels are filled in here.

    Raises:
        InputError: a file is damaged, other than MRFILES says, or no name is left.
    """
    census = Census("ingest")
    tallies = {name: census.table(name) if name in files else Tally() for name in ("MRSAB.RRF", "MRCUI.RRF")}
    sources = read_sources(files.get("MRSAB.RRF"), tallies["MRSAB.RRF"])
    retired = read_retired_cuis(files.get("MRCUI.RRF"), tallies["MRCUI.RRF"])
    types = read_semantic_types(files["MRSTY.RRF"], census.table("MRSTY.RRF"))
    names = read_names(files["MRCONSO.RRF"], filters, types, census.table("MRCONSO.RRF"))
    concepts = names.concepts()
    types = keep_semantic_types(types, concepts, census.table("MRSTY.RRF"))
    levels = {**names.source_levels, **{sab: source.level for sab, source in sources.items()}}
    num_names = names.count_by_source()
    with ExitStack() as stack:  # every artefact is renamed when the stack unwinds, none after an exception
        writer = _Writer(stack, output_dir, replace(provenance, restriction_levels=names.levels()))
        _write_names(writer, names, concepts, types)
        known = set(names.source_levels)
        del names  # before the relations come
        relations = read_relations(files["MRREL.RRF"], filters, concepts["cui"], levels, census.table("MRREL.RRF"))
        check_row_counts(read_row_counts(files.get("MRFILES.RRF")), census)
        writer.add_levels(relations.levels())
        writer.write("relations", relations.slices())
        writer.write("sources", [tabulate_sources(sources, levels, num_names, relations.count_by_source())])
        writer.write("retired_cuis", [retired])
    _note(census, filters, known | relations.sources | sources.keys(), concepts, relations)
    return census


class _Writer:
    """Writes artefacts that are all renamed when `stack` unwinds."""

    def __init__(self, stack: ExitStack, output_dir: Path, provenance: Provenance) -> None:
        self._stack, self._output_dir, self._provenance = stack, output_dir, provenance

    def add_levels(self, levels: Iterable[int]) -> None:
        """What is written from now on also derives from rows of these restriction levels."""
        levels = sorted({*self._provenance.restriction_levels, *levels})
        self._provenance = replace(self._provenance, restriction_levels=levels)

    def write(self, artefact: str, frames: Iterable[pl.DataFrame]) -> None:
        """Write one artefact, in pieces of `SLICE_ROWS` rows."""
        schema = schemas.ARTEFACTS[artefact]
        provenance = replace(self._provenance, artefact=artefact)
        path = self._output_dir / f"{artefact}.parquet"
        writer = self._stack.enter_context(open_artefact(path, schema, provenance))
        for frame in frames:
            for rows in frame.iter_slices(SLICE_ROWS):
                writer.write(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _write_names(writer: _Writer, names: Names, concepts: pl.DataFrame, types: pl.DataFrame) -> None:
    tuis = types.group_by("cui", maintain_order=True).agg(tuis=pl.col("tui"))
    with_tuis = concepts.join(tuis, on="cui", how="left", maintain_order="left")
    writer.write("names", names.slices())
    writer.write("codes", [names.codes()])
    writer.write("concepts", [with_tuis.with_columns(pl.col("tuis").fill_null([]))])
    writer.write("semantic_types", [types])


def _note(census: Census, filters: UmlsFilters, known: set[Sab], concepts: pl.DataFrame, relations: Relations) -> None:
    census.notes["concepts"] = concepts.height
    census.notes["relations of a concept with itself"] = int((relations.frame["head"] == relations.frame["tail"]).sum())
    if unknown := sorted(filters.named_sources - known):
        census.notes["sources in the filters, not in the release"] = ", ".join(unknown)
