"""Dictionaries of any size for the linker's benchmark: names recombined from real ones, written as artefacts.

A new name is the front words of one base name and the back words of another, so that its words, its trigrams and its
length are like those of real names. The base names are those of the open Metathesaurus in the folder that
BALI_DEVELOPMENT_DATA names; without it, those of the demo and of a small generated release.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from bali.io.parquet import Provenance, open_artefact, write_artefact
from bali.linking.candidates import accepted_types
from bali.pubmed.files import open_input
from bali.rrf.layouts import MRCONSO
from bali.schemas import NAMES, SEMANTIC_TYPES
from benchmarks.umls_generator import generate

DEMO = Path(__file__).parents[1] / "resources" / "demo"
DATA = "BALI_DEVELOPMENT_DATA"
_SEED = 29
_GENERATED_SCALE = 0.005  # 80,000 names
_NAMES_PER_PIECE = 1 << 18
_LARGEST_CONCEPT = 9  # names; sizes are uniform from 1, so 5 in the mean
_SHARED_EVERY = 20  # every 20th name is one of a second concept too; of the open Metathesaurus's strings 9 %
_UNTYPED_EVERY = 50  # concepts
_TWO_TYPES_EVERY = 10
_ACCEPTED_SHARE = 0.85  # of the types, those that QuickUMLS accepts
_OTHER_TYPES = ("T001", "T007", "T073", "T093", "T170")


def base_names() -> list[str]:
    """Distinct English names, sorted; see the head of this file."""
    if DATA in os.environ:
        return read_names([Path(os.environ[DATA]) / "open_meta" / "MRCONSO.RRF.gz"])
    with tempfile.TemporaryDirectory(prefix="bench-linking-") as folder:
        generate(_GENERATED_SCALE, Path(folder), _SEED)
        return read_names([DEMO / "umls" / MRCONSO.name, Path(folder) / MRCONSO.name])


def read_names(files: Sequence[Path]) -> list[str]:
    """The distinct English names of files MRCONSO, plain or gzipped, sorted."""
    language, name = MRCONSO.columns.index("LAT"), MRCONSO.columns.index("STR")
    found: set[str] = set()
    for file in files:
        with open_input(file) as lines:
            rows = (line.decode().split("|") for line in lines)
            found.update(row[name].strip() for row in rows if row[language] == "ENG")
    return sorted(found - {""})


def recombine(base: Sequence[str], num_names: int, seed: int = _SEED) -> pl.Series:
    """The base names and as many new ones as are missing, all distinct also in lower case.

    Args:
        base: distinct names, sorted.
        num_names: how many names there are to be; where that is less than the base has, the first of them.
        seed: another seed gives other names.
    """
    fronts, backs = _pieces(base)
    rng = np.random.default_rng(seed)
    names = _distinct(pl.Series("name", base, dtype=pl.String))
    while len(names) < num_names:
        wanted = num_names - len(names) + 1000
        drawn = pl.DataFrame({"front": _draw(fronts, wanted, rng), "back": _draw(backs, wanted, rng)})
        new = drawn.select(pl.concat_str("front", "back", separator=" ").alias("name"))["name"]
        before, names = len(names), _distinct(pl.concat([names, new]))
        assert len(names) > before, f"{len(base)} names give no more than {before} distinct ones"
    return names.head(num_names)


def write_release(names: pl.Series, umls_dir: Path, seed: int = _SEED) -> int:
    """Write the artefacts NAMES and SEMANTIC_TYPES of concepts that have the names.

    Args:
        names: distinct; a concept gets 1 to 9 that stand together, some names go to a second concept too.
        umls_dir: folder to write to.
        seed: another seed gives other concepts.

    Returns:
        The number of rows of NAMES.
    """
    rng = np.random.default_rng((seed, 1))
    sizes = rng.integers(1, _LARGEST_CONCEPT + 1, len(names))
    concepts = np.repeat(np.arange(len(names)), sizes)[: len(names)]
    num_concepts = int(concepts[-1]) + 1
    shared = np.arange(_SHARED_EVERY - 1, len(names), _SHARED_EVERY)
    numbers = np.concatenate([concepts, rng.integers(0, num_concepts, shared.size)])
    order = np.argsort(numbers, kind="stable")
    rows = np.concatenate([np.arange(len(names)), shared])[order]
    numbers = numbers[order]
    is_preferred = np.append(True, numbers[1:] != numbers[:-1])
    with open_artefact(umls_dir / "names.parquet", NAMES, Provenance("names", "recombined")) as writer:
        for start in range(0, rows.size, _NAMES_PER_PIECE):
            piece = slice(start, start + _NAMES_PER_PIECE)
            first = is_preferred[piece]
            frame = _with_cuis(numbers[piece]).with_columns(
                pl.format("A{}", pl.int_range(start, start + first.size).cast(pl.String).str.zfill(8)).alias("aui"),
                names.gather(rows[piece]).alias("name"),
                pl.lit("RECOMBINED").alias("sab"),
                pl.Series("tty", np.where(first, "PT", "SY")),
                pl.Series("is_preferred", first),
                pl.lit(0, pl.Int8).alias("srl"),
                pl.lit("N").alias("suppress"),
            )
            writer.write(frame.to_arrow())
    _write_types(num_concepts, umls_dir, rng)
    return int(rows.size)


def _write_types(num_concepts: int, umls_dir: Path, rng: np.random.Generator) -> None:
    """One type for most concepts, two or none for some."""
    accepted = sorted(accepted_types("quickumls") or ())
    all_types = np.array([*accepted, *_OTHER_TYPES])
    concepts = np.arange(num_concepts)
    typed = concepts[concepts % _UNTYPED_EVERY != 1]
    numbers = np.concatenate([typed, typed[typed % _TWO_TYPES_EVERY == 0]])
    is_accepted = rng.random(numbers.size) < _ACCEPTED_SHARE
    others = rng.integers(len(accepted), all_types.size, numbers.size)
    drawn = np.where(is_accepted, rng.integers(0, len(accepted), numbers.size), others)
    frame = _with_cuis(numbers).with_columns(pl.Series("tui", all_types[drawn]), pl.lit("drawn").alias("sty"))
    rows = frame.unique(["cui", "tui"]).sort("cui", "tui")
    path = umls_dir / "semantic_types.parquet"
    write_artefact(path, rows.to_arrow(), SEMANTIC_TYPES, Provenance("semantic_types", "recombined"))


def _with_cuis(numbers: np.ndarray) -> pl.DataFrame:
    text = pl.Series("cui", numbers.astype(np.int64)).cast(pl.String).str.zfill(7)
    return pl.DataFrame({"cui": "C" + text})


def _distinct(names: pl.Series) -> pl.Series:
    return names.filter(names.str.to_lowercase().is_first_distinct())


_Pieces = tuple[pl.Series, np.ndarray, np.ndarray]  # texts, first of each name, how many of each name


def _pieces(base: Sequence[str]) -> tuple[_Pieces, _Pieces]:
    """The fronts and the backs of every name: all but its last words, all but its first words; of one word, itself."""
    words = [name.split() for name in base]
    counts = np.array([max(1, len(of_name) - 1) for of_name in words], np.int64)
    firsts = np.cumsum(counts) - counts
    fronts = [" ".join(of_name[:end]) for of_name in words for end in range(1, max(2, len(of_name)))]
    backs = [" ".join(of_name[-end:]) for of_name in words for end in range(1, max(2, len(of_name)))]
    return (pl.Series(fronts), firsts, counts), (pl.Series(backs), firsts, counts)


def _draw(pieces: _Pieces, number: int, rng: np.random.Generator) -> pl.Series:
    """Pieces of names drawn evenly, each name's evenly."""
    texts, firsts, counts = pieces
    chosen = rng.integers(0, firsts.size, number)
    return texts.gather(firsts[chosen] + (rng.random(number) * counts[chosen]).astype(np.int64))
