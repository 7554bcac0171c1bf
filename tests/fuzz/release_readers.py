"""Targets: the files of a Metathesaurus one by one, whole releases, other formats of releases."""

import csv
import functools
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from bali import concept_ids
from bali.io.census import Census, Tally
from bali.ontologies.formats import transcribe
from bali.ontologies.obo import read_header, read_obo, read_relation_types
from bali.ontologies.obographs import read_obographs
from bali.ontologies.sssom import read_licence, read_sssom
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
from tests.fuzz.reader import Reader, seeds_of
from tests.unit.metathesaurus.sources import DOID, FILES, UBERON
from tests.unit.ontologies import test_kgx, test_medgen, test_obo, test_rxnorm
from tests.unit.rrf import rrf_fixtures as rrf

Files = Mapping[str, RrfSource]

_RRF_TOKENS = (
    *(b"|", b"||", b"|\n", b"\n", b"\r\n", b"\r", b"|" * 18 + b"\n", b"C9000001", b"CN123456", b"R0000001", b"C999999"),
    *(b"C99999999", b"D0000001", b"NOCODE", b"ENG", b"MSH", b"Y", b"N", b"9", b"PF", b"CUI,CUI", b"MRCONSO.RRF", b","),
    *(b"RELA", b"rela_inverse", b"isa", b"CUI,LAT,TS", b"META/MRREL.RRF", b"99999999999999999999"),
)
_TABLE_TOKENS = (
    *_RRF_TOKENS[:6],
    b"\t",
    b'"',
    b'""',
    b"UMLS:C0011849",
    b"id",
    b"#CUI|",
    b"R0000001",
    b"-5",
    b"biolink:",
)
_OBO_TOKENS = (
    *(b"[Term]\n", b"[Typedef]\n", b"[", b"]", b"id: ", b"\nid:", b"xref: UMLS:C0011849\n", b'"', b"\\", b"\\n", b"!"),
    *(
        b" ! ",
        b"{",
        b"}",
        b"is_a: DOID:1115\n",
        b"synonym: ",
        b'synonym: "x" EXACT []\n',
        b":",
        b",",
        b"def: ",
        b"\n\n",
    ),
    *(b"relationship: part_of DOID:2\n", b"is_obsolete: true\n", b"property_value: ", b"format-version: 1.2\n", b'\\"'),
)
_JSON_TOKENS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'"x"',
    b"1e400",
    b"\\ud800",
    b"-1",
)

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
    return Reader(seeds, _RRF_TOKENS, _read_rrf)


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
    return Reader(seeds_of(_RELEASE), _RRF_TOKENS, _ingest, whole=True)


def _ingest(_path: Path, folder: Path) -> int:
    with tempfile.TemporaryDirectory(dir=folder.parent) as output:
        census = ingest(locate([folder]), UmlsFilters(), Path(output), lambda: rrf.PROVENANCE)
    return sum(tally.rows_in for tally in census.tables.values())


def zip_release() -> Reader:
    """A zip of a release, also one in another, stored and deflated."""
    packed = [_zip({f"2026AA/META/{name}": data for name, data in _RELEASE.items()}, kind) for kind in (0, 8)]
    nested = [_zip({"META.zip": data}, kind) for data, kind in zip(packed, (8, 0), strict=True)]
    tokens = (*(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b".zip"),)
    tokens += (b"\0\0", b"\xff\xff\xff\xff", b"\x0c\0", b"\x0e\0", b"../", b"MRCONSO.RRF", b"\x01\0", b"\0\x08")
    return Reader({"release.zip": [*packed, *nested]}, tokens, _read_zip)


def _zip(members: Mapping[str, bytes], kind: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, kind)
    return stream.getvalue()


def _read_zip(path: Path, _folder: Path) -> int:
    return _read_all(transcribe([path]) or locate([path]))


def _read_all(files: Files) -> int:
    num_bytes = 0
    for _, file in sorted(files.items()):
        with file.open() as stream:
            while piece := stream.read(1 << 20):
                num_bytes += len(piece)
    return num_bytes


def obo() -> Reader:
    """The reader of OBO files."""
    seeds = {"a.obo": [text.encode() for text in (test_obo.HEADER + test_obo.TERMS, DOID, UBERON)]}
    return Reader(seeds, _OBO_TOKENS, _read_obo)


def _read_obo(path: Path, _folder: Path) -> int:
    read_header(path)
    return len(list(read_obo(path))) + len(list(read_relation_types(path)))


def _transcript(files: Mapping[str, str], tokens: Sequence[bytes]) -> Reader:
    return Reader(seeds_of(files), tokens, _transcribe, whole=True)


def _transcribe(_path: Path, folder: Path) -> int:
    files = transcribe([folder])
    if files is None:
        return _read_all(locate([folder]))
    return _read_all(files)


def obo_release() -> Reader:
    """OBO files as a release."""
    return _transcript({"doid.obo": DOID, "uberon.obo": UBERON}, _OBO_TOKENS)


def kgx() -> Reader:
    """A KGX graph as tables."""
    files = {"nodes.tsv": _text(test_kgx.NODES), "edges.tsv": _text(test_kgx.EDGES)}
    return _transcript(files, _TABLE_TOKENS)


def kgx_json() -> Reader:
    """A KGX graph as JSON lines."""
    files = {"nodes.jsonl": _json_lines(test_kgx.NODES), "edges.jsonl": _json_lines(test_kgx.EDGES)}
    return _transcript(files, _JSON_TOKENS)


def medgen() -> Reader:
    """MedGen's tables with pipes."""
    return _transcript({f"{name}.RRF": _text(rows) for name, rows in test_medgen.RELEASE.items()}, _TABLE_TOKENS)


def medgen_csv() -> Reader:
    """MedGen's tables in comma-separated values."""
    return _transcript({f"{name}.csv": _csv(rows) for name, rows in test_medgen.RELEASE.items()}, _TABLE_TOKENS)


def rxnorm() -> Reader:
    """RxNorm's tables."""
    return _transcript({name: _text(rows) for name, rows in test_rxnorm.RELEASE.items()}, _TABLE_TOKENS)


def obographs() -> Reader:
    """obographs JSON."""
    names = [name for name in FILES if name.startswith(("ncit-", "ordo-"))]
    seeds = [FILES[name].encode() for name in names]
    return Reader({"a.json": seeds}, _JSON_TOKENS, lambda path, _: len(list(read_obographs(path))))


def sssom() -> Reader:
    """SSSOM tables, plain."""
    seeds = [text.encode() for name, text in FILES.items() if name.endswith(".sssom.tsv")]

    def read(path: Path, _: Path) -> int:
        """The mappings; the licence is read, too."""
        read_licence(path)
        return len(list(read_sssom(path)))

    return Reader({"a.sssom.tsv": seeds}, _TABLE_TOKENS, read)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _csv(lines: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        line.replace("\r", " ").removesuffix("|").split("|") for line in lines
    )
    return stream.getvalue()


def _json_lines(lines: Sequence[str]) -> str:
    header, *rows = (line.split("\t") for line in lines)
    objects = [dict(zip(header, row, strict=True)) for row in rows]
    return _text([json.dumps({k: v.split("|") if "|" in v else v for k, v in one.items()}) for one in objects])
