"""Targets: the files of a Metathesaurus one by one, whole releases, zips of them."""

import functools
import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from bali import concept_ids
from bali.io.census import Census, Tally
from bali.ontologies.formats import transcribe
from bali.rrf.locate import locate
from bali.rrf.source import Piece, RrfFile, RrfSource
from bali.umls.codes import code_slices
from bali.umls.definitions import DefinitionReader
from bali.umls.filters import UmlsFilters
from bali.umls.ingest import ingest
from bali.umls.manifest import Manifest, read_inverses, read_manifest
from bali.umls.name_reader import NameReader
from bali.umls.relations import RelationReader
from bali.umls.retired import read_retired_cuis
from bali.umls.semantic_types import read_semantic_types
from bali.umls.sources import read_sources, tabulate_sources
from tests.fuzz import tokens
from tests.fuzz.reader import Reader, seeds_of
from tests.unit.rrf import rrf_fixtures as rrf

Files = Mapping[str, RrfSource]

_OTHER_RRF = {
    "MERGEDCUI.RRF": rrf.encode([rrf.line(["C9100001", "C9000001"]), rrf.line(["C9100003", "C9100001"])]),
    "MRFILES.RRF": rrf.encode(
        [
            rrf.mrfiles("MRREL.RRF", 11),
            rrf.mrfiles("MRDEF.RRF", 2, "CUI,AUI,ATUI,SATUI,SAB,DEF,SUPPRESS,CVF"),
            rrf.mrfiles("CHANGE/MERGEDCUI.RRF", 2, "PCUI,CUI"),
        ]
    ),
    "MRCOLS.RRF": rrf.encode(
        [rrf.line([c, "", "", "", "", "", "MRDEF.RRF", ""]) for c in ("CUI", "SAB", "DEF", "SUPPRESS")]
    ),
}
_RELEASE = {**{name: rrf.encode(rows) for name, rows in rrf.release().items()}, **_OTHER_RRF}
_CHAIN = rrf.encode([rrf.line([f"C91000{n:02}", "2020AA", "SY", "", "", f"C91000{n + 1:02}", "Y"]) for n in range(9)])


@functools.cache
def _concepts() -> concept_ids.Numbers:
    return concept_ids.parse(pa.array(sorted(rrf.NAMES)))


def _names(files: Files, manifest: Manifest) -> int:
    reader = NameReader(UmlsFilters(), None, Tally())
    names = reader.read(files["MRCONSO.RRF"], manifest, 1)
    tables = [*names.slices(), *code_slices(names)]
    assert len(names.preferred_names()) == len(names.concepts) == len(names.num_names())
    return sum(table.num_rows for table in tables) + len(names.levels()) + len(reader.source_levels())


def _relations(files: Files, manifest: Manifest) -> int:
    reader = RelationReader(UmlsFilters(), _concepts(), {}, {"CHD": "PAR"}, Tally())
    reader.read(files["MRREL.RRF"], manifest, 1)
    relations = reader.sort()
    return sum(t.num_rows for t in relations.slices()) + relations.num_loops() + len(relations.levels())


def _types(files: Files, manifest: Manifest) -> int:
    types = read_semantic_types(files["MRSTY.RRF"], manifest, Tally(), 1)
    return sum(t.num_rows for t in types.slices()) + len(types.tuis_of(_concepts()))


def _definitions(files: Files, manifest: Manifest) -> int:
    return DefinitionReader(UmlsFilters(), _concepts(), {}, Tally()).read(files["MRDEF.RRF"], manifest, 1).height


def _sources(files: Files, manifest: Manifest) -> int:
    sources = read_sources(files, manifest, Census("fuzz"))
    return tabulate_sources(sources, {}, dict.fromkeys(sources, 1), {}).height


def _described(files: Files, _manifest: Manifest) -> int:
    manifest = read_manifest(files)
    return len(manifest.columns) + len(manifest.described)


_BY_FILE: dict[str, Callable[[Files, Manifest], int]] = {
    "MRCONSO.RRF": _names,
    "MRREL.RRF": _relations,
    "MRSTY.RRF": _types,
    "MRDEF.RRF": _definitions,
    "MRSAB.RRF": _sources,
    "MRCUI.RRF": lambda files, manifest: read_retired_cuis(files, manifest, Census("fuzz")).height,
    "MERGEDCUI.RRF": lambda files, manifest: read_retired_cuis(files, manifest, Census("fuzz")).height,
    "MRDOC.RRF": lambda files, _: read_inverses(files, Census("fuzz")).height,
    "MRFILES.RRF": _described,
    "MRCOLS.RRF": _described,
}


def rrf_files() -> Reader:
    """Each file by itself."""
    concept_ids.index_of = _remembering(concept_ids.index_of)
    seeds = seeds_of({**_RELEASE, "MRCUI.RRF": [_RELEASE["MRCUI.RRF"], _CHAIN]})
    return Reader(seeds, tokens.RRF, _read_rrf)


def _remembering(index_of: Callable[[concept_ids.Numbers], concept_ids.Numbers]) -> Callable[..., concept_ids.Numbers]:
    """`concept_ids.index_of` that makes the 84 MB of the targets' concepts once."""
    known = index_of(_concepts())

    def remembered(numbers: concept_ids.Numbers) -> concept_ids.Numbers:
        """The index of `numbers`."""
        return known if np.array_equal(numbers, _concepts()) else index_of(numbers)

    return remembered


def _read_rrf(path: Path, _folder: Path) -> int:
    return _BY_FILE[path.name]({path.name: RrfFile(path.name, (Piece(path),))}, Manifest())


def release() -> Reader:
    """A whole release through the stage: damaged columns in MRFILES act on the other files."""
    return Reader(seeds_of(_RELEASE), tokens.RRF, _ingest, whole=True)


def _ingest(_path: Path, folder: Path) -> int:
    with tempfile.TemporaryDirectory(dir=folder.parent) as output:
        census = ingest(locate([folder]), UmlsFilters(), Path(output), lambda: rrf.PROVENANCE)
    return sum(tally.rows_in for tally in census.tables.values())


def zip_release() -> Reader:
    """A zip of a release, also one in another, stored and deflated."""
    packed = [_zip({f"2026AA/META/{name}": data for name, data in _RELEASE.items()}, kind) for kind in (0, 8)]
    nested = [_zip({"META.zip": data}, kind) for data, kind in zip(packed, (8, 0), strict=True)]
    return Reader({"release.zip": [*packed, *nested]}, tokens.ZIP, _read_zip)


def _zip(members: Mapping[str, bytes], kind: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, kind)
    return stream.getvalue()


def _read_zip(path: Path, _folder: Path) -> int:
    return read_all(transcribe([path]) or locate([path]))


def read_all(files: Files) -> int:
    """Read every file of a release to its end; the bytes found."""
    num_bytes = 0
    for _, file in sorted(files.items()):
        with file.open() as stream:
            while piece := stream.read(1 << 20):
                num_bytes += len(piece)
    return num_bytes
