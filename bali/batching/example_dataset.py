"""Training sentences by row number: Parquet shards copied once into an Arrow file that is mapped into memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bali.batching.ragged import IntArray
from bali.io.files import atomic_path
from bali.io.parquet import iterate_artefact
from bali.schemas import EXAMPLES

_COLUMNS = ["text", "mentions"]


@dataclass(frozen=True)
class Mention:
    """A span of a sentence, code points, `end` exclusive."""

    start: int
    end: int
    cui: str


@dataclass(frozen=True)
class Example:
    """A sentence and its mentions."""

    text: str
    mentions: Sequence[Mention]


def copy_examples(shards: Sequence[Path], cache: Path) -> None:
    """Copy the rows of example shards, in the order given, into one uncompressed Arrow file; replaced where it exists.

    Parquet cannot be read by row; the operating system pages the copy in and out, so memory does not grow with the
    corpus.

    Raises:
        ArtefactError: a shard is missing, damaged or no example artefact.
    """
    schema = pa.schema([EXAMPLES.field(name) for name in _COLUMNS])
    with atomic_path(cache) as partial, pa.ipc.new_file(partial, schema) as writer:
        for shard in shards:
            for batch in iterate_artefact(shard, EXAMPLES, _COLUMNS):
                writer.write_batch(batch.replace_schema_metadata(None))


class ExampleDataset:
    """The rows of example shards, mapped into memory.

    Args:
        cache: what `copy_examples` made.
    """

    def __init__(self, cache: Path) -> None:
        self._table = pa.ipc.open_file(pa.memory_map(str(cache))).read_all()
        self.num_characters: npt.NDArray[np.int32] = pc.utf8_length(self._table["text"]).to_numpy().astype(np.int32)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def examples(self, rows: IntArray) -> list[Example]:
        """The examples at some rows, in the order asked."""
        return [
            Example(row["text"], [Mention(**mention) for mention in row["mentions"]])
            for row in self._table.take(pa.array(rows)).to_pylist()
        ]

    def count(self) -> dict[str, int]:
        """Sentences, mentions and distinct concepts mentioned."""
        cuis = pc.struct_field(pc.list_flatten(self._table["mentions"]), "cui")
        return {
            "num_sentences": len(self),
            "num_mentions": len(cuis),
            "num_concepts": int(pc.count_distinct(cuis).as_py()),
        }
