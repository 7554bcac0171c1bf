"""Building the linker's index from the names and semantic types of the release, for either back end."""

from pathlib import Path

import polars as pl

from bali.io.census import Census
from bali.io.files import atomic_path, digest_file
from bali.io.seals import digest_folder
from bali.linking.index_files import DATABASE, FAST, MANIFEST, Manifest, write_manifest
from bali.linking.terms import TermOptions, read_terms, types_by_cui
from bali.vocabulary import LinkingBackend

_FAST_VERSION = 1  # raised when the files change


def build_index(umls_dir: Path, index_dir: Path, backend: LinkingBackend, options: TermOptions) -> Census:
    """Write the database and its manifest.

    Args:
        umls_dir: folder of the ingested release.
        index_dir: folder of the index.
        backend: whose database.
        options: how names become terms.

    Returns:
        The census, written beside the database too: the names, and the concepts without semantic type.
    """
    inputs = {name: umls_dir / f"{name}.parquet" for name in ("names", "semantic_types")}
    census = Census("build_linker_index")
    (index_dir / MANIFEST).unlink(missing_ok=True)  # an index without manifest is never opened
    write = _write_fast if backend == FAST else _write_quickumls
    with atomic_path(index_dir / DATABASE) as folder:
        folder.mkdir(parents=True)
        version = write(inputs, options, folder, census)
    census.write(index_dir / "census.json")
    write_manifest(
        index_dir,
        Manifest(
            backend=version,
            inputs={name: digest_file(path) for name, path in inputs.items()},
            lowercase=options.lowercase,
            normalize_unicode=options.normalize_unicode,
            files=digest_folder(index_dir / DATABASE),
        ),
    )
    return census


def _write_fast(inputs: dict[str, Path], options: TermOptions, folder: Path, census: Census) -> str:
    """Write the fast back end's database; returns its name and version."""
    from bali.linking.fast.storage import write_rows, write_trigrams  # noqa: PLC0415 - numba takes a second

    terms, types = _read(inputs, options, census)
    strings = write_rows(terms, types, folder)
    del terms, types  # with millions of names half of the memory
    write_trigrams(strings, folder)
    return f"{FAST} {_FAST_VERSION}"


def _write_quickumls(inputs: dict[str, Path], options: TermOptions, folder: Path, census: Census) -> str:
    """Write the package's database; returns its name and version."""
    from bali.linking.quickumls.database import backend_version, build_database  # noqa: PLC0415 - takes seconds

    terms, types = _read(inputs, options, census)
    build_database(terms, types, folder, options)
    return backend_version()


def _read(inputs: dict[str, Path], options: TermOptions, census: Census) -> tuple[pl.DataFrame, dict[str, list[str]]]:
    """The dictionary and the semantic types, counted."""
    terms = read_terms(inputs["names"], options, census)
    types = types_by_cui(inputs["semantic_types"])
    cuis = terms["cui"].unique()
    census.notes["terms"] = terms["term"].n_unique()
    census.notes["concepts"] = cuis.len()
    census.notes["concepts without semantic type"] = sum(cui not in types for cui in cuis)
    return terms, types
