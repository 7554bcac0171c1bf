"""Artefacts: Parquet files with a known schema and metadata that says where they come from."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bali.errors import ArtefactError
from bali.io.files import atomic_path, digest_file, digest_json
from bali.io.seals import BLANK, PARQUET_KEY, seal_parquet, verify_parquet
from bali.schemas import REPEATED, SCHEMA_VERSION

METADATA_KEY = b"bali"
ROW_GROUP_ROWS = 1 << 18
_UNORDERED = frozenset({"aui", "name", "tail_cui"})  # strings whose statistics would help no reader


@dataclass(frozen=True)
class Provenance:
    """Where an artefact comes from; written into its Parquet metadata. Holds nothing that differs between equal runs.

    Attributes:
        artefact: key in `bali.schemas.ARTEFACTS`.
        umls_release: the release that the rows derive from; "" where none does.
        config_digest: SHA-256 of the options of the stage.
        input_digests: file name -> SHA-256 of each input; before an artefact's name its kind, sentences/S.parquet.
        restriction_levels: source restriction levels present in what the rows derive from.
    """

    artefact: str
    umls_release: str = ""
    config_digest: str = ""
    input_digests: Mapping[str, str] = field(default_factory=dict)
    restriction_levels: Sequence[int] = ()

    def encode(self) -> bytes:
        """The metadata value: JSON with sorted keys."""
        value = {"schema_version": SCHEMA_VERSION, **asdict(self)}
        return json.dumps(value, sort_keys=True).encode()


def derive(artefact: str, options: Any, inputs: Iterable[Path]) -> Provenance:
    """Provenance of an artefact made from `inputs` under `options` (a JSON value).

    Release and restriction levels are inherited from the inputs that are artefacts themselves.

    Raises:
        ArtefactError: an input is a damaged artefact, or one was made from another file than the one beside it.
        InputError: an input cannot be read.
    """
    digests = {path: _digest(path) for path in sorted(inputs)}
    parents = {path: read_provenance(path) for path in digests if path.suffix == ".parquet"}
    _check_lineage(parents, digests)
    labels = _labels(list(digests), {path: parent["artefact"] for path, parent in parents.items()})
    releases = sorted({p["umls_release"] for p in parents.values() if p["umls_release"]})
    levels = sorted({level for p in parents.values() for level in p["restriction_levels"]})
    return Provenance(
        artefact=artefact,
        umls_release=", ".join(releases),
        config_digest=digest_json(options),
        input_digests={labels[path]: digest for path, digest in digests.items()},
        restriction_levels=levels,
    )


def _check_lineage(parents: Mapping[Path, Mapping[str, Any]], digests: Mapping[Path, str]) -> None:
    """Compare artefacts that are read together: one that says what it was made from must agree with what is there."""
    there: dict[str, dict[str, Path]] = {}  # label -> digest -> path
    for path, parent in parents.items():
        for length in range(1, len(path.parts) + 1):
            there.setdefault(f"{parent['artefact']}/{_end(path, length)}", {})[digests[path]] = path
    for path, parent in parents.items():
        for label, digest in parent["input_digests"].items():
            sources = there.get(label, {digest: path})
            if digest not in sources:
                raise ArtefactError(
                    f"{min(sources.values())}: expected the file that {path} was made from, found another. Delete the"
                    " one that is out of date and run its stage again."
                )


class ArtefactWriter:
    """Appends tables of one schema to a Parquet file; made by `open_artefact`."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema
        self.num_rows = 0

    def write(self, table: pa.Table | pa.RecordBatch) -> None:
        """Append rows; columns are put in the schema's order and cast to its types without loss."""
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        table = table.select(self._schema.names).cast(self._schema)
        for column in table.columns:  # an entry twice would make the bytes depend on chance
            if pa.types.is_dictionary(column.type):
                assert all(len(c.dictionary) == len(c.dictionary.unique()) for c in column.chunks), "distinct entries"
        self._writer.write_table(table, ROW_GROUP_ROWS)
        self.num_rows += table.num_rows


@contextmanager
def open_artefact(path: Path, schema: pa.Schema, provenance: Provenance) -> Iterator[ArtefactWriter]:
    """Write an artefact piece by piece; it takes its name only when the block ends without an exception.

    Row groups follow the calls of `write`, so write in pieces whose size does not depend on the machine.
    """
    repeated = REPEATED.get(provenance.artefact, ())
    schema = pa.schema([_as_written(field, repeated) for field in schema])
    options: dict[str, Any] = {"compression": "zstd"}
    if repeated:
        ordered = [f.name for f in schema if not (pa.types.is_dictionary(f.type) or f.name in _UNORDERED)]
        options |= {"use_dictionary": list(repeated), "write_statistics": ordered, "store_schema": False}
    with atomic_path(path) as partial:
        with pq.ParquetWriter(partial, schema, **options) as writer:
            writer.add_key_value_metadata({METADATA_KEY: provenance.encode(), PARQUET_KEY: BLANK})
            yield ArtefactWriter(writer, schema)
        seal_parquet(partial)


def write_artefact(path: Path, table: pa.Table, schema: pa.Schema, provenance: Provenance) -> None:
    """Write a whole table as an artefact, atomically."""
    with open_artefact(path, schema, provenance) as writer:
        writer.write(table)


def check_artefact(path: Path, schema: pa.Schema) -> pq.ParquetFile:
    """Open an artefact for reading after checking its schema, its version and its bytes (`bali.io.seals`).

    Raises:
        ArtefactError: the file is missing, is not Parquet, has other columns or types, was written by another version
            or is damaged.
    """
    verify_parquet(path)  # first: damaged metadata never reach the reader
    return _check_schema(path, schema)


def count_rows(path: Path, schema: pa.Schema) -> int:
    """Rows of an artefact as its footer says, without reading its data; errors as `check_artefact`, but for damage."""
    return int(_check_schema(path, schema).metadata.num_rows)


def _check_schema(path: Path, schema: pa.Schema) -> pq.ParquetFile:
    file = _open(path)
    version = _metadata(path, file).get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise ArtefactError(
            f"{path}: expected an artefact of version {SCHEMA_VERSION}, found one of version {version}. Delete the file"
            " and run its stage again."
        )
    found = file.schema_arrow.remove_metadata()
    if not found.equals(schema.remove_metadata()):
        differing = sorted(set(map(str, found)) ^ set(map(str, schema)))
        raise ArtefactError(
            f"{path}: expected the columns {', '.join(schema.names)}; these differ: {'; '.join(differing) or 'order'}."
            " Delete the file and run its stage again."
        )
    return file


def read_artefact(path: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """Read an artefact (or some of its columns) after checking its schema.

    Raises:
        ArtefactError: the file is missing, damaged, or has other columns or types.
    """
    file = check_artefact(path, schema)
    with _reading(path):
        return file.read(columns=None if columns is None else list(columns)).replace_schema_metadata(None)


def iterate_artefact(
    path: Path, schema: pa.Schema, columns: Sequence[str] | None = None, batch_rows: int = 1 << 16
) -> Iterator[pa.RecordBatch]:
    """Read an artefact in batches of at most `batch_rows` rows after checking its schema; errors as `read_artefact`."""
    file = check_artefact(path, schema)
    with _reading(path):
        yield from file.iter_batches(batch_rows, columns=None if columns is None else list(columns))


def read_row_group(path: Path, row_group: int, columns: Sequence[str], dictionaries: Sequence[str]) -> pa.RecordBatch:
    """Read one row group of a checked artefact; errors as `read_artefact`.

    The columns named in `dictionaries` come as Arrow dictionaries, which spares building each row's string.
    """
    with _reading(path):
        file = pq.ParquetFile(path, read_dictionary=list(dictionaries))
        table = file.read_row_group(row_group, columns=list(columns))
        batches = table.combine_chunks().to_batches()
    assert len(batches) == 1, f"a row group of {path} is one batch"
    return batches[0]


def read_provenance(path: Path) -> dict[str, Any]:
    """The metadata that the stage wrote into an artefact.

    Raises:
        ArtefactError: the file is missing, is not Parquet, or was not written by bali.
    """
    metadata = _metadata(path, _open(path))
    if not metadata:
        raise ArtefactError(f"{path}: expected the metadata key 'bali', found none: this file was not written by bali.")
    return metadata


def _metadata(path: Path, file: pq.ParquetFile) -> dict[str, Any]:
    """What the stage wrote into an artefact; empty where the file is of another tool."""
    value = (file.metadata.metadata or {}).get(METADATA_KEY, b"{}")
    try:
        return dict(json.loads(value))
    except ValueError as error:
        raise _damaged(path, error) from error


def _digest(path: Path) -> str:
    return verify_parquet(path) if path.suffix == ".parquet" else digest_file(path)


def _as_written(field: pa.Field, repeated: Sequence[str]) -> pa.Field:
    """A repeated string is written from an Arrow dictionary, which spares looking up each row's string again."""
    is_repeated = field.name in repeated and field.type == pa.string()
    return field.with_type(pa.dictionary(pa.int32(), pa.string())) if is_repeated else field


def _labels(paths: Sequence[Path], kinds: Mapping[Path, str]) -> dict[Path, str]:
    """The shortest end of each path that no other has; of an artefact with its kind before it, whatever its folder."""
    labels: dict[Path, str] = {}
    length, waiting = 1, list(paths)
    while waiting:
        ends = {path: f"{kinds[path]}/{_end(path, length)}" if path in kinds else _end(path, length) for path in paths}
        num = Counter(ends.values())
        labels |= {path: ends[path] for path in waiting if num[ends[path]] == 1 or length == len(path.parts)}
        length, waiting = length + 1, [path for path in waiting if path not in labels]
    return labels


def _end(path: Path, num_parts: int) -> str:
    return "/".join(path.parts[-num_parts:])


def _open(path: Path) -> pq.ParquetFile:
    with _reading(path):
        return pq.ParquetFile(path, pre_buffer=False)  # a buffer would hold the compressed bytes of all that was read


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what the reader says of a file into one line; a lack of memory is not the file's fault."""
    try:
        yield
    except MemoryError:
        raise
    except FileNotFoundError:
        raise ArtefactError(f"{path}: no such file. Run the stage that writes it first.") from None
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ArtefactError:
    reason = str(error).splitlines()[0]
    return ArtefactError(f"{path}: expected a Parquet file, got: {reason}. Delete the file and run its stage again.")
