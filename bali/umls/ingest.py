"""A UMLS release -> names, concepts, relations, semantic types, sources, ..., with their census."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow as pa

from bali import concept_ids, schemas
from bali.io.ahead import ahead
from bali.io.census import Census
from bali.io.files import atomic_files
from bali.io.parquet import Provenance, open_artefact
from bali.rrf.layouts import MRCONSO, MRDEF, MRREL, MRSTY
from bali.rrf.source import RrfSource
from bali.umls.codes import code_slices
from bali.umls.definitions import DefinitionReader
from bali.umls.filters import UmlsFilters
from bali.umls.manifest import Manifest, read_inverses, read_manifest
from bali.umls.name_reader import NameReader
from bali.umls.names import SLICE_ROWS, Names
from bali.umls.relations import RelationReader, Relations
from bali.umls.retired import read_retired_cuis
from bali.umls.semantic_types import NLM, SemanticTypes, read_semantic_types
from bali.umls.sources import UNKNOWN, Source, read_sources, tabulate_sources
from bali.vocabulary import REL_INVERSES, Sab

ARTEFACTS = (
    "names",
    "concepts",
    "relations",
    "semantic_types",
    "sources",
    "codes",
    "retired_cuis",
    "definitions",
    "inverses",
)


def ingest(
    files: Mapping[str, RrfSource],
    filters: UmlsFilters,
    output_dir: Path,
    provenance: Callable[[], Provenance],
    threads: int = 1,
) -> Census:
    """Read a release and write `output_dir`/ARTEFACT.parquet for each of `ARTEFACTS`, and census.json.

    Names and relations are streamed, filtered, then sorted in memory: about 100 bytes a kept name, twice that while
    they are gathered, and 24 a kept relation. The files take their names only after everything was read and checked; an
    error leaves none.

    Args:
        files: as `locate` finds them.
        filters: what to keep.
        output_dir: where the artefacts go.
        provenance: called once, when the names have been read, for the provenance of all artefacts; their name and
            restriction levels are filled in here.
        threads: blocks read at once.

    Raises:
        InputError: a file is damaged, other than MRFILES says, or no name is left.
        OutputError: the artefacts cannot be written.
    """
    census = Census("ingest")
    manifest = read_manifest(files)
    release = _Release(files, manifest, filters, census, threads)
    sources = read_sources(files, manifest, census)
    retired, inverses = read_retired_cuis(files, manifest, census), read_inverses(files, census)
    names, types, levels = release.read_names(sources)
    with atomic_files(output_dir) as folder:
        writer = _Writer(folder, replace(provenance(), restriction_levels=names.levels()))
        definitions = release.read_definitions(names, levels)
        num_names, concepts = names.count_by_source(), names.concepts
        with ThreadPoolExecutor(1) as background:  # the codes are written while the relations are read, ...
            codes_written = background.submit(writer.write, "codes", code_slices(names))
            reader = release.read_relations(concepts, levels, inverses)
            manifest.check_rows(census)
            names_written = background.submit(_write_names, writer, names, types)  # ... the names while they are sorted
            del names, types
            relations = reader.sort()
            writer = writer.with_levels(relations.levels())
            writer.write("relations", relations.slices())
            codes_written.result()
            names_written.result()
        writer.write_frame("sources", tabulate_sources(sources, levels, num_names, relations.count_by_source()))
        for artefact, frame in (("retired_cuis", retired), ("definitions", definitions), ("inverses", inverses)):
            writer.write_frame(artefact, frame)
        for name in sorted(files):
            files[name].account(census)
        _note(census, filters, levels.keys() | relations.sources | sources.keys(), relations)
        census.write(folder / "census.json")
    return census


@dataclass(frozen=True)
class _Release:
    """The files of a release and what all their readers need."""

    files: Mapping[str, RrfSource]
    manifest: Manifest
    filters: UmlsFilters
    census: Census
    threads: int

    def read_names(self, sources: Mapping[Sab, Source]) -> tuple[Names, SemanticTypes, dict[Sab, int]]:
        """The names, the types of their concepts, and the restriction level of each source."""
        tally = self.census.table(MRSTY.name)
        types = read_semantic_types(self.files[MRSTY.name], self.manifest, tally, self.threads)
        typed = None if self.filters.tuis is None else types.having(self.filters.tuis)
        reader = NameReader(self.filters, typed, self.census.table(MRCONSO.name))
        names = reader.read(self.files[MRCONSO.name], self.manifest, self.threads)
        kept = types.keep(names.concepts, sources.get(NLM, UNKNOWN).level, self.filters.max_srl, tally)
        levels = {**reader.source_levels(), **{sab: source.level for sab, source in sources.items()}}
        self.census.notes["concepts"] = len(names.concepts)
        return names, kept, levels

    def read_definitions(self, names: Names, levels: Mapping[Sab, int]) -> pl.DataFrame:
        """The definitions of the kept concepts; none where MRDEF is absent."""
        if MRDEF.name not in self.files:
            return pl.DataFrame(schema=dict.fromkeys(schemas.DEFINITIONS.names, pl.String))
        reader = DefinitionReader(self.filters, names.concepts, levels, self.census.table(MRDEF.name))
        return reader.read(self.files[MRDEF.name], self.manifest, self.threads)

    def read_relations(
        self, concepts: concept_ids.Numbers, levels: Mapping[Sab, int], inverses: pl.DataFrame
    ) -> RelationReader:
        """The relations between the kept concepts, not yet sorted."""
        stated = dict(inverses.select("label", "inverse").iter_rows())
        table = {**REL_INVERSES, **{inverse: label for label, inverse in stated.items()}, **stated}
        reader = RelationReader(self.filters, concepts, levels, table, self.census.table(MRREL.name))
        reader.read(self.files[MRREL.name], self.manifest, self.threads)
        return reader


@dataclass(frozen=True)
class _Writer:
    """Writes artefacts into a folder."""

    folder: Path
    provenance: Provenance

    def with_levels(self, levels: Iterable[int]) -> "_Writer":
        """A writer of what also derives from rows of these restriction levels."""
        levels = sorted({*self.provenance.restriction_levels, *levels})
        return _Writer(self.folder, replace(self.provenance, restriction_levels=levels))

    def write(self, artefact: str, pieces: Iterable[pa.Table]) -> None:
        """Write one artefact from pieces of at most `SLICE_ROWS` rows."""
        provenance = replace(self.provenance, artefact=artefact)
        with open_artefact(self.folder / f"{artefact}.parquet", schemas.ARTEFACTS[artefact], provenance) as writer:
            for piece in ahead(iter(pieces)):
                writer.write(piece)

    def write_frame(self, artefact: str, frame: pl.DataFrame) -> None:
        """Write a small artefact."""
        pieces = frame.iter_slices(SLICE_ROWS)
        self.write(artefact, (piece.to_arrow(compat_level=pl.CompatLevel.oldest()) for piece in pieces))


def _write_names(writer: _Writer, names: Names, types: SemanticTypes) -> None:
    writer.write("names", names.slices())
    writer.write("concepts", _concept_slices(names, types))
    writer.write("semantic_types", types.slices())


def _concept_slices(names: Names, types: SemanticTypes) -> Iterable[pa.Table]:
    """The concepts as `schemas.CONCEPTS`."""
    concepts, preferred, num_names = names.concepts, names.preferred_names(), names.num_names()
    for start in range(0, len(concepts), SLICE_ROWS):
        rows = slice(start, start + SLICE_ROWS)
        yield pa.table(
            {
                "cui": concept_ids.write(concepts[rows]),
                "preferred_name": preferred.slice(rows).to_arrow(),
                "num_names": num_names[rows],
                "tuis": types.tuis_of(concepts[rows]),
            }
        )


def _note(census: Census, filters: UmlsFilters, known: set[Sab], relations: Relations) -> None:
    census.notes["relations of a concept with itself"] = relations.num_loops()
    if unknown := sorted(filters.named_sources - known):
        census.notes["sources in the filters, not in the release"] = ", ".join(unknown)
