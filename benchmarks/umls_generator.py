"""Writes RRF files of the size and the shape of a UMLS release, with invented content, to measure speed on.

`python -m benchmarks.umls_generator --scale 1.0 --output-dir DIR` writes MRCONSO, MRREL, MRSTY, MRSAB, MRDOC, MRCUI and
MRFILES. Scale 1: 3.45 million concepts, 17.5 million names, 60.6 million rows of MRREL. The same scale and seed give
the same bytes (NumPy's logarithms and powers may differ in the last digit between machines). Shares and
lengths are estimates where NLM publishes none; `umls_shapes` and `umls_tables` name them.

What differs from a release: MRREL is sorted by CUI1 only, not by the whole line, MRCONSO by CUI and language; names of
a concept share no words; names in other languages are made of the same words; MRFILES does not list itself.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bali.errors import BaliError, ConfigError
from bali.io.files import atomic_path
from bali.rrf.layouts import MRCONSO, MRCUI, MRDOC, MRFILES, MRREL, MRSAB, MRSTY, Layout
from benchmarks import umls_tables as tables
from benchmarks.rrf_kernels import CODE, NAME, NUMBER, TEXT, Column, RowFormat, Vocabulary, run_in_order
from benchmarks.umls_semantic_types import make_semantic_types
from benchmarks.umls_shapes import CODE_ENDINGS, PREFIXES, make_relation_kinds, make_sources
from benchmarks.umls_tables import Metathesaurus
from benchmarks.umls_words import make_vocabulary

DEFAULT_SEED = 29
HIGHEST_SCALE = 1.5  # AUIs of 8 digits end there
NUM_THREADS = 2
_CONCEPTS_A_CHUNK, _ROWS_A_CHUNK = 30_000, 150_000
_NUM_RETIRED = 1_000_000  # rows of MRCUI at scale 1 (estimate)

Values = Sequence[npt.NDArray[np.generic]]


@dataclass(frozen=True)
class Written:
    """A file as MRFILES describes it."""

    layout: Layout
    num_rows: int
    num_bytes: int


def generate(scale: float, output_dir: Path, seed: int = DEFAULT_SEED) -> dict[str, Written]:
    """Write the files of an invented release into `output_dir`; memory at scale 1 is about 1.5 GB.

    Args:
        scale: 1 is the size of a release; above 0 (10 concepts at least) to `HIGHEST_SCALE`.
        output_dir: made if it is missing; files of the same names are replaced.
        seed: another seed gives other content.

    Returns:
        File name -> what was written, without MRFILES.RRF.

    Raises:
        ConfigError: the scale or the seed is out of range.
    """
    if not 0 < scale <= HIGHEST_SCALE:
        raise ConfigError(
            f"--scale: expected a number above 0 and up to {HIGHEST_SCALE}, got {scale}. 1 is a full release."
        )
    if not 0 <= seed < 1 << 20:
        raise ConfigError(f"--seed: expected a whole number from 0 to {(1 << 20) - 1}, got {seed}.")
    release = Metathesaurus(scale, seed)
    vocabulary = make_vocabulary(seed)
    written = [
        _write_table(output_dir, MRCONSO, _conso_columns(), vocabulary, release.atoms, _concept_chunks(release)),
        _write_table(output_dir, MRSTY, _sty_columns(), vocabulary, release.semantic_types, _concept_chunks(release)),
        _write_table(output_dir, MRREL, _rel_columns(), vocabulary, release.relation_rows, _row_chunks(release)),
        _write_lines(output_dir, MRSAB, _sab_lines()),
        _write_lines(output_dir, MRDOC, _doc_lines()),
        _write_lines(output_dir, MRCUI, _cui_lines(release)),
    ]
    _write_lines(output_dir, MRFILES, _files_lines(written))
    return {file.layout.name: file for file in written}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: parse, generate, one line a file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.umls_generator", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, required=True, help="1 is the size of a full release")
    parser.add_argument("--output-dir", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    options = parser.parse_args(arguments)
    try:
        written = generate(options.scale, options.output_dir, options.seed)
    except BaliError as error:
        print(error, file=sys.stderr)
        return 2
    for name, file in written.items():
        print(f"{name}: {file.num_rows:,} rows, {file.num_bytes:,} bytes")
    return 0


def _write_table(
    output_dir: Path,
    layout: Layout,
    columns: Sequence[Column],
    vocabulary: Vocabulary,
    rows: Callable[[int, int], Values],
    chunks: Iterable[tuple[int, int]],
) -> Written:
    """Write a file chunk by chunk: `rows` gives the values of a chunk, two threads encode, the chunks stay in order."""
    row_format = RowFormat(columns, vocabulary)

    def encode(chunk: tuple[int, int]) -> tuple[int, npt.NDArray[np.uint8]]:
        values = rows(*chunk)
        return len(values[0]), row_format.encode(values)

    num_rows = num_bytes = 0
    with atomic_path(output_dir / layout.name) as partial, partial.open("wb") as stream:
        for chunk_rows, text in run_in_order(encode, chunks, NUM_THREADS):
            stream.write(text.data)
            num_rows, num_bytes = num_rows + chunk_rows, num_bytes + len(text)
    return Written(layout, num_rows, num_bytes)


def _write_lines(output_dir: Path, layout: Layout, lines: Iterable[Sequence[object]]) -> Written:
    num_rows = num_bytes = 0
    with atomic_path(output_dir / layout.name) as partial, partial.open("wb") as stream:
        for values in lines:
            assert len(values) == len(layout.columns), f"{layout.name}: {len(values)} columns"
            num_rows, num_bytes = num_rows + 1, num_bytes + stream.write(f"{'|'.join(map(str, values))}|\n".encode())
    return Written(layout, num_rows, num_bytes)


def _concept_chunks(release: Metathesaurus) -> list[tuple[int, int]]:
    return _chunks(len(release.cuis), _CONCEPTS_A_CHUNK)


def _row_chunks(release: Metathesaurus) -> list[tuple[int, int]]:
    return _chunks(len(release.relations.order), _ROWS_A_CHUNK)


def _chunks(size: int, step: int) -> list[tuple[int, int]]:
    return [(start, min(start + step, size)) for start in range(0, size, step)]


def _conso_columns() -> list[Column]:
    levels = _text([str(level) for level in range(10)])
    code = Column(CODE, (*PREFIXES, *CODE_ENDINGS), num_prefixes=len(PREFIXES))
    return [
        _number("C"), _text(tables.LANGUAGES), _text(tables.TERM_STATUS), _number("L"), _text(tables.STRING_TYPES),
        _number("S"), _text(tables.YES_NO), _number("A"), Column(NUMBER), code, code, _text(tables.SABS),
        _text(tables.TTYS), code, Column(NAME), levels, _text(tables.SUPPRESS), _text(tables.CONTENT_VIEWS),
    ]  # fmt: skip


def _rel_columns() -> list[Column]:
    kinds = make_relation_kinds()
    rels = [rel for kind in kinds for rel in (kind.rel, kind.inverse_rel)]
    relas = [rela for kind in kinds for rela in (kind.rela, kind.inverse_rela)]
    stypes, sabs = _text(tables.STYPES), _text(tables.SABS)
    return [
        _number("C"), _number("A"), stypes, _text(rels), _number("C"), _number("A"), stypes, _text(relas),
        _number("R", 8), Column(NUMBER), sabs, sabs, Column(NUMBER), _text(["", "Y", "N"]), _text(tables.SUPPRESS),
        _text(tables.CONTENT_VIEWS),
    ]  # fmt: skip


def _sty_columns() -> list[Column]:
    tuis, places, names = zip(*make_semantic_types(), strict=True)
    code = Column(CODE, (*PREFIXES, *CODE_ENDINGS), num_prefixes=len(PREFIXES))
    return [_number("C"), _text(tuis), _text(places), _text(names), code, _text(tables.CONTENT_VIEWS)]


def _number(prefix: str, width: int = 7) -> Column:
    return Column(NUMBER, prefix=prefix, width=width)


def _text(texts: Sequence[str]) -> Column:
    return Column(TEXT, tuple(texts))


def _sab_lines() -> Iterable[list[str]]:
    """Each source in its current version, a tenth of them in an older one too (CURVER N)."""
    for number, source in enumerate(make_sources()):
        for version, current in (("2024", "Y"), ("2019", "N"))[: 1 + (number % 10 == 0)]:
            values = {
                "VCUI": f"C{4_000_000 + number}", "RCUI": f"C{1_140_000 + number}", "VSAB": f"{source.sab}_{version}",
                "RSAB": source.sab, "SON": f"Vocabulary {source.sab}", "SF": source.sab, "SVER": version,
                "IMETA": "2024AA", "CENC": "UTF-8", "SSN": source.sab,
                "SLC": "Licences;;An Institute;1 Street;;Town;;Country;;;;licences@example.org;https://example.org",
                "SRL": str(source.level), "CXTY": "FULL", "TTYL": ",".join(source.ttys), "LAT": source.lat,
                "CURVER": current, "SABIN": "Y", "SCIT": ";;;;Invented for measuring",
            }  # fmt: skip
            yield [values.get(column, "") for column in MRSAB.columns]


def _doc_lines() -> Iterable[tuple[str, str, str, str]]:
    """The inverse of each REL and RELA, and expanded forms."""
    kinds = make_relation_kinds()
    for key, pairs in (
        ("REL", {(kind.rel, kind.inverse_rel) for kind in kinds}),
        ("RELA", {(kind.rela, kind.inverse_rela) for kind in kinds if kind.rela}),
    ):
        for value, inverse in sorted({*pairs, *((inverse, value) for value, inverse in pairs)}):
            yield key, value, "expanded_form", value.replace("_", " ")
            yield key, value, f"{key.lower()}_inverse", inverse
    for tty in sorted(set(tables.TTYS)):
        yield "TTY", tty, "expanded_form", f"Term type {tty}"


def _cui_lines(release: Metathesaurus) -> Iterable[tuple[str, ...]]:
    """Retired concepts with numbers that no other file has: a third deleted, the others merged or related."""
    gaps = np.setdiff1d(np.arange(5, int(release.cuis[-1])), release.cuis, assume_unique=True)
    num_retired = min(len(gaps), max(1, round(_NUM_RETIRED * release.scale)))
    retired = gaps[np.linspace(0, len(gaps) - 1, num_retired).astype(np.int64)]
    names = release.cuis[release.num_names > 0]
    for number, cui in enumerate(retired.tolist()):
        version = f"{2000 + number % 24}A{'AB'[number % 2]}"
        if number % 3 == 0:
            yield f"C{cui:07}", version, "DEL", "", "", "", ""
        else:
            target = f"C{int(names[number * 7919 % len(names)]):07}"
            yield f"C{cui:07}", version, ("SY", "RO", "RB", "RN")[number % 7 // 2], "", "", target, "Y"


def _files_lines(written: Iterable[Written]) -> Iterable[tuple[object, ...]]:
    for file in sorted(written, key=lambda file: file.layout.name):
        columns = file.layout.columns
        yield file.layout.name, "Invented", ",".join(columns), len(columns), file.num_rows, file.num_bytes


if __name__ == "__main__":
    sys.exit(main())
