"""The open Metathesaurus from the files of the sources."""

import gzip
from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from bali.errors import InputError
from bali.io.census import Census
from bali.io.files import atomic_path
from bali.metathesaurus.content import Content
from bali.metathesaurus.families import Families
from bali.metathesaurus.names import build_names
from bali.metathesaurus.registry import Source, choose_sources
from bali.metathesaurus.relations import build_relations, document_inverses
from bali.metathesaurus.resolution import CuiMap, resolve
from bali.metathesaurus.semantic_types import build_semantic_types
from bali.metathesaurus.tables import build_definitions, build_files, build_sources, identifier_rows
from bali.rrf import layouts
from bali.rrf.writing import write_rrf
from bali.vocabulary import Sab

LAYOUTS = {
    layout.name: layout
    for layout in (layouts.MRCONSO, layouts.MRDEF, layouts.MRDOC, layouts.MRREL, layouts.MRSAB, layouts.MRSTY)
}
IDENTIFIER_MAP = "id2cui.tsv"
CENSUS = "census.json"


def build(paths: Mapping[str, Path], exclude: Collection[Sab], output_dir: Path, compress: bool) -> Census:
    """Read the sources and write the RRF files, `id2cui.tsv` and `census.json`; a folder is whole or absent.

    Args:
        paths: file name of the registry -> where the file lies.
        exclude: sources to leave out.
        output_dir: the folder to write; it must be new, empty or an earlier build.
        compress: write `.gz`.

    Raises:
        InputError: a file is damaged or not what the registry says, no name is left, or the folder holds other files.
    """
    _check_output(output_dir)
    sources = choose_sources(exclude)
    census = Census("open-metathesaurus")
    contents = Families(paths, census).read()
    cuis = resolve(contents.values(), census)
    tables = _tables(contents, cuis, sources, census)
    identifiers = identifier_rows(cuis, tables["MRCONSO.RRF"]["CUI"].unique().to_list())
    census.notes["concepts"] = tables["MRCONSO.RRF"]["CUI"].n_unique()
    census.notes["identifiers in id2cui"] = len({row[0] for row in identifiers})
    suffix = ".gz" if compress else ""
    with atomic_path(output_dir) as partial:
        partial.mkdir()
        for name, table in tables.items():
            write_rrf(partial / (name + suffix), LAYOUTS[name], [table])
        sizes = {name: (table.height, _num_bytes(name, table)) for name, table in tables.items()}
        write_rrf(partial / f"MRFILES.RRF{suffix}", layouts.MRFILES, [build_files(LAYOUTS, sizes)])
        _write_identifiers(partial / (IDENTIFIER_MAP + suffix), identifiers)
        census.write(partial / CENSUS)
    return census


def _tables(
    contents: Mapping[Sab, Content], cuis: CuiMap, sources: Mapping[Sab, Source], census: Census
) -> dict[str, pl.DataFrame]:
    names = build_names(contents, cuis, sources, census.table("MRCONSO: names"))
    if names.is_empty():
        raise InputError("expected names with CUIs, found none. Exclude fewer sources.")
    concepts = set(names["CUI"].unique())
    relations = build_relations(contents, cuis, concepts, census)
    types = dict(names.group_by("SAB").agg(pl.col("TTY").unique().sort()).iter_rows())
    return {
        "MRCONSO.RRF": names,
        "MRDEF.RRF": build_definitions(list(contents.values()), cuis, names, census.table("MRDEF: definitions")),
        "MRDOC.RRF": document_inverses(relations),
        "MRREL.RRF": relations,
        "MRSAB.RRF": build_sources(sources, names, relations, types),
        "MRSTY.RRF": build_semantic_types(contents.values(), cuis, concepts),
    }


def _num_bytes(name: str, table: pl.DataFrame) -> int:
    """Size of a file before compression: the values, a pipe a column and a line end a row."""
    num_values = sum(int(table[column].str.len_bytes().sum()) for column in table.columns)
    return num_values + table.height * (len(LAYOUTS[name].columns) + 1)


def _check_output(folder: Path) -> None:
    """Refuse to replace a folder that holds anything but an earlier build."""
    if folder.is_file():
        raise InputError(f"{folder}: expected a folder, found a file. Give another --output-dir.")
    if not folder.is_dir():
        return
    ours = {*LAYOUTS, "MRFILES.RRF", IDENTIFIER_MAP, CENSUS}
    others = sorted(path.name for path in folder.iterdir() if path.name.removesuffix(".gz") not in ours)
    if others:
        raise InputError(
            f"{folder}: expected a new folder or an earlier build, found {', '.join(others)[:80]}."
            " The folder is replaced as a whole: give another --output-dir."
        )


def _write_identifiers(path: Path, rows: list[tuple[str, str, str]]) -> None:
    lines = ["\t".join(row) + "\n" for row in [("identifier", "cui", "kind"), *rows]]
    data = "".join(lines).encode()
    path.write_bytes(gzip.compress(data, 6, mtime=0) if path.suffix == ".gz" else data)
