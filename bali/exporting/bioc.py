"""BioC JSON: a collection of documents, a passage a section (Comeau et al., Database 2013, bat064)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from bali.exporting.documents import Document, Mention
from bali.exporting.sinks import DATABASE, Context, Sink
from bali.io.files import atomic_path

_SOURCE = "PubMed"
_VERSION = "1.0"


@contextmanager
def open_sink(path: Path, context: Context) -> Iterator[Sink]:
    """Write a BioC collection, atomically; documents go to the file as they come."""
    head = {"source": _SOURCE, "date": "", "key": "", "version": _VERSION, "infons": context.notice}
    with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_json(head).removesuffix("}") + ', "documents": [')
        yield _Sink(stream, context)
        stream.write("\n]}\n")


class _Sink:
    def __init__(self, stream: TextIO, context: Context) -> None:
        self._stream = stream
        self._context = context
        self._separator = "\n"

    def write(self, document: Document) -> None:
        """Write a document on a line of its own."""
        self._stream.write(self._separator + _json(self._as_bioc(document)))
        self._separator = ",\n"
        self._context.count(len(document.mentions))

    def _as_bioc(self, document: Document) -> dict[str, Any]:
        passages: list[dict[str, Any]] = []
        num_before = 0
        for section, text, mentions in document.parts():
            passages.append(
                {
                    "offset": section.start,
                    "infons": {"type": "abstract" if passages else "title", "section_type": section.label},
                    "text": text,
                    "sentences": [],
                    "annotations": [self._annotation(num_before + i, mention) for i, mention in enumerate(mentions)],
                    "relations": [],
                }
            )
            num_before += len(mentions)
        return {"id": document.identifier, "infons": {}, "passages": passages, "annotations": [], "relations": []}

    def _annotation(self, number: int, mention: Mention) -> dict[str, Any]:
        return {
            "id": str(number),
            "infons": {
                "identifier": mention.cui,
                "database": DATABASE,
                "type": self._context.label(mention.tuis),
                "similarity": f"{mention.similarity:.4f}",  # infons are strings
                "source": mention.source,
            },
            "text": mention.surface,
            "locations": [{"offset": mention.start, "length": mention.end - mention.start}],
        }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
