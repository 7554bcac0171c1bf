"""BigBio's schema for annotated texts, `bigbio_kb`, as Parquet.

Source: Fries et al., BigBIO, NeurIPS 2022 datasets track; `kb_features` and task_schemas.md of
https://github.com/bigscience-workshop/biomedical. Offsets count in the passages' texts joined by one space: the same as
in the document text, where sections are joined by one newline.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from bali.exporting.documents import Document, Mention
from bali.exporting.sinks import DATABASE, Context, Sink
from bali.io.parquet import ArtefactWriter, open_artefact

_TEXTS = pa.list_(pa.string())
_OFFSETS = pa.list_(pa.list_(pa.int32()))  # [start, end] of each piece
_NORMALIZED = pa.list_(pa.struct([("db_name", pa.string()), ("db_id", pa.string())]))
_TYPED = [("id", pa.string()), ("type", pa.string())]
_TRIGGER = pa.struct([("text", _TEXTS), ("offsets", _OFFSETS)])
_ARGUMENTS = pa.list_(pa.struct([("role", pa.string()), ("ref_id", pa.string())]))

BIGBIO_KB = pa.schema(
    [
        ("id", pa.string()),  # unique among all ids of the data set
        ("document_id", pa.string()),  # the PMID, or the corpus's own identifier
        ("passages", pa.list_(pa.struct([*_TYPED, ("text", _TEXTS), ("offsets", _OFFSETS)]))),
        (
            "entities",
            pa.list_(pa.struct([*_TYPED, ("text", _TEXTS), ("offsets", _OFFSETS), ("normalized", _NORMALIZED)])),
        ),
        ("events", pa.list_(pa.struct([*_TYPED, ("trigger", _TRIGGER), ("arguments", _ARGUMENTS)]))),
        ("coreferences", pa.list_(pa.struct([("id", pa.string()), ("entity_ids", _TEXTS)]))),
        (
            "relations",
            pa.list_(
                pa.struct([*_TYPED, ("arg1_id", pa.string()), ("arg2_id", pa.string()), ("normalized", _NORMALIZED)])
            ),
        ),
    ]
)
DOCUMENTS_PER_PIECE = 1024


@contextmanager
def open_sink(path: Path, context: Context) -> Iterator[Sink]:
    """Write a Parquet file of the schema BIGBIO_KB with the metadata of an artefact, atomically."""
    with open_artefact(path, BIGBIO_KB, context.provenance) as writer:
        sink = _Sink(writer, context)
        yield sink
        sink.flush()


class _Sink:
    def __init__(self, writer: ArtefactWriter, context: Context) -> None:
        self._writer = writer
        self._context = context
        self._rows: list[dict[str, Any]] = []

    def write(self, document: Document) -> None:
        """Write a document as a row."""
        mentions = self._context.distinct(document.mentions)
        self._rows.append(self._row(document, mentions))
        self._context.count(len(mentions))
        if len(self._rows) == DOCUMENTS_PER_PIECE:
            self.flush()

    def flush(self) -> None:
        """Hand the rows to the file."""
        self._writer.write(pa.Table.from_pylist(self._rows, BIGBIO_KB))
        self._rows = []

    def _row(self, document: Document, mentions: Sequence[Mention]) -> dict[str, Any]:
        pmid = str(document.pmid)
        return {
            "id": pmid,
            "document_id": document.identifier,
            "passages": [
                {
                    "id": f"{pmid}_passage_{number}",
                    "type": section.label.lower(),
                    "text": [text],
                    "offsets": [[section.start, section.end]],
                }
                for number, (section, text, _) in enumerate(document.parts())
            ],
            "entities": [self._entity(f"{pmid}_entity_{number}", mention) for number, mention in enumerate(mentions)],
            "events": [],
            "coreferences": [],
            "relations": [],
        }

    def _entity(self, identifier: str, mention: Mention) -> dict[str, Any]:
        return {
            "id": identifier,
            "type": self._context.label(mention.tuis),
            "text": [mention.surface],
            "offsets": [[mention.start, mention.end]],
            "normalized": [{"db_name": DATABASE, "db_id": mention.cui}],
        }
