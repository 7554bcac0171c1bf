"""Targets: releases in other formats than the Metathesaurus's, and mappings."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bali.ontologies.formats import transcribe
from bali.ontologies.obo import read_header, read_obo, read_relation_types
from bali.ontologies.obographs import read_obographs
from bali.ontologies.sssom import read_licence, read_sssom
from bali.rrf.locate import locate
from tests.fuzz import tokens
from tests.fuzz.reader import Reader, seeds_of
from tests.fuzz.release_readers import read_all
from tests.unit.metathesaurus.sources import DOID, FILES, UBERON
from tests.unit.ontologies import test_kgx, test_medgen, test_obo, test_rxnorm


def obo() -> Reader:
    """The reader of OBO files."""
    seeds = {"a.obo": [text.encode() for text in (test_obo.HEADER + test_obo.TERMS, DOID, UBERON)]}
    return Reader(seeds, tokens.OBO, _read_obo)


def _read_obo(path: Path, _folder: Path) -> int:
    read_header(path)
    return len(list(read_obo(path))) + len(list(read_relation_types(path)))


def _transcript(files: Mapping[str, str], words: Sequence[bytes]) -> Reader:
    return Reader(seeds_of(files), words, _transcribe, whole=True)


def _transcribe(_path: Path, folder: Path) -> int:
    files = transcribe([folder])
    if files is None:
        return read_all(locate([folder]))
    return read_all(files)


def obo_release() -> Reader:
    """OBO files as a release."""
    return _transcript({"doid.obo": DOID, "uberon.obo": UBERON}, tokens.OBO)


def kgx() -> Reader:
    """A KGX graph as tables."""
    files = {"nodes.tsv": _text(test_kgx.NODES), "edges.tsv": _text(test_kgx.EDGES)}
    return _transcript(files, tokens.TABLE)


def kgx_json() -> Reader:
    """A KGX graph as JSON lines."""
    files = {"nodes.jsonl": _json_lines(test_kgx.NODES), "edges.jsonl": _json_lines(test_kgx.EDGES)}
    return _transcript(files, tokens.GRAPH_JSON)


def medgen() -> Reader:
    """MedGen's tables with pipes."""
    return _transcript({f"{name}.RRF": _text(rows) for name, rows in test_medgen.RELEASE.items()}, tokens.TABLE)


def medgen_csv() -> Reader:
    """MedGen's tables in comma-separated values."""
    return _transcript({f"{name}.csv": _csv(rows) for name, rows in test_medgen.RELEASE.items()}, tokens.TABLE)


def rxnorm() -> Reader:
    """RxNorm's tables."""
    return _transcript({name: _text(rows) for name, rows in test_rxnorm.RELEASE.items()}, tokens.TABLE)


def obographs() -> Reader:
    """obographs JSON."""
    names = [name for name in FILES if name.startswith(("ncit-", "ordo-"))]
    seeds = [FILES[name].encode() for name in names]
    return Reader({"a.json": seeds}, tokens.GRAPH_JSON, lambda path, _: len(list(read_obographs(path))))


def sssom() -> Reader:
    """SSSOM tables, plain."""
    seeds = [text.encode() for name, text in FILES.items() if name.endswith(".sssom.tsv")]

    def read(path: Path, _: Path) -> int:
        """The mappings; the licence is read, too."""
        read_licence(path)
        return len(list(read_sssom(path)))

    return Reader({"a.sssom.tsv": seeds}, tokens.TABLE, read)


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
