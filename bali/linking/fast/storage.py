"""The index of the fast back end on disk: arrays that all processes share through memory maps.

trigrams/FIELD.npy    fields of `join.Dictionary`
concepts/FIELD.npy    fields of `selection.Concepts`
rows.arrow            term, cui, is_preferred, source_rank of each row of `Concepts` (Arrow IPC, opens in polars)
types.json            the sets of semantic types, the lower-casing and the like
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa

from bali.errors import ArtefactError
from bali.io.files import read_json, write_json
from bali.linking.fast.index import write_dictionary
from bali.linking.fast.join import MARK
from bali.linking.fast.selection import Concepts
from bali.linking.fast.tables import Dictionary

_ROWS = pa.schema(
    [
        ("term", pa.large_string()),
        ("cui", pa.large_string()),
        ("is_preferred", pa.bool_()),
        ("source_rank", pa.int32()),
    ]
)
_Fields = TypeVar("_Fields", Dictionary, Concepts)


@dataclass(frozen=True)
class FastIndex:
    """An index, opened.

    Attributes:
        dictionary: the trigrams.
        concepts: the concepts of each string.
        rows: columns term, cui, is_preferred, source_rank; a row for each (string, concept).
        types: the sets of semantic types, each sorted.
        has_marks: a term has U+0001, with which simstring also fills short strings.
    """

    dictionary: Dictionary
    concepts: Concepts
    rows: pa.Table
    types: list[list[str]]
    has_marks: bool


def write_rows(terms: pl.DataFrame, types: dict[str, list[str]], folder: Path) -> pl.Series:
    """Write all of an index but the trigrams.

    Args:
        terms: as `bali.linking.terms.read_terms` gives them.
        types: the sorted TUIs of every concept that has any.
        folder: an empty folder, to fill.

    Returns:
        The distinct strings, for `write_trigrams`.
    """
    rows = terms.select("term", "cui", "is_preferred", "source_rank").to_arrow().cast(_ROWS).combine_chunks()
    with pa.OSFile(str(folder / "rows.arrow"), "wb") as sink, pa.ipc.new_file(sink, _ROWS) as writer:
        writer.write_table(rows)
    type_sets = _write_concepts(terms, types, folder)
    firsts = np.flatnonzero(terms["term"].ne_missing(terms["term"].shift(1)).to_numpy())
    strings = terms["term"].gather(firsts)
    has_marks = bool(strings.str.contains(chr(MARK), literal=True).any())
    np.save(folder / "concepts" / "firsts.npy", firsts)
    np.save(folder / "concepts" / "ends.npy", np.append(firsts[1:], terms.height).astype(np.int64))
    write_json(folder / "types.json", {"types": type_sets, "has_marks": has_marks})
    return strings


def write_trigrams(strings: pl.Series, folder: Path) -> None:
    """Write the trigrams of an index, and put the rows of its strings in the order of its entries."""
    (folder / "trigrams").mkdir()
    order = write_dictionary(strings, folder / "trigrams")
    for name in ("firsts", "ends"):
        path = folder / "concepts" / f"{name}.npy"
        np.save(path, np.load(path)[order])


def open_index(folder: Path) -> FastIndex:
    """Open an index by memory maps; nothing is read yet.

    Raises:
        ArtefactError: a file is missing or damaged.
    """
    value = read_json(folder / "types.json")
    try:
        with pa.memory_map(str(folder / "rows.arrow")) as source:
            rows = pa.ipc.open_file(source).read_all()
        return FastIndex(
            dictionary=_read_fields(Dictionary, folder / "trigrams"),
            concepts=_read_fields(Concepts, folder / "concepts"),
            rows=rows,
            types=value["types"],
            has_marks=value["has_marks"],
        )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid) as error:
        raise ArtefactError(
            f"{folder}: expected the linker's index, got: {error}. Delete the folder and run build-linker-index again."
        ) from None


def _write_concepts(terms: pl.DataFrame, types: dict[str, list[str]], folder: Path) -> list[list[str]]:
    """Write the columns of `Concepts` that go by row; returns the sets of semantic types."""
    cuis = terms["cui"].unique().sort()
    of_cui = [tuple(types.get(cui, ())) for cui in cuis]
    type_sets = sorted(set(of_cui))
    numbers = {type_set: number for number, type_set in enumerate(type_sets)}
    concepts = pl.DataFrame(
        {
            "cui": cuis,
            "number": pl.Series(range(len(cuis)), dtype=pl.Int32),
            "type_set": pl.Series([numbers[type_set] for type_set in of_cui], dtype=pl.Int32),
        }
    )
    joined = terms.select("cui").join(concepts, on="cui", how="left", maintain_order="left")
    target = folder / "concepts"
    target.mkdir()
    np.save(target / "cuis.npy", joined["number"].to_numpy())
    np.save(target / "types.npy", joined["type_set"].to_numpy())
    np.save(target / "preferred.npy", terms["is_preferred"].cast(pl.UInt8).to_numpy())
    return [list(type_set) for type_set in type_sets]


def _read_fields(kind: type[_Fields], folder: Path) -> _Fields:
    arrays: list[Any] = [np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in kind._fields]
    return kind(*(array.view(np.ndarray) for array in arrays))
