"""PubTator: title, abstract and one tab-separated line a mention (https://www.ncbi.nlm.nih.gov/research/pubtator/)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bali.exporting.documents import Document
from bali.exporting.sinks import Context, Sink
from bali.io.files import atomic_path

# What ends a line for some reader (str.splitlines) or a column; each becomes a space, so offsets hold.
_BREAKS = str.maketrans(dict.fromkeys("\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "))


@contextmanager
def open_sink(path: Path, context: Context) -> Iterator[Sink]:
    """Write a PubTator file, atomically."""
    with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        yield _Sink(stream, context)


class _Sink:
    def __init__(self, stream: TextIO, context: Context) -> None:
        self._stream = stream
        self._context = context

    def write(self, document: Document) -> None:
        """Write a document and a blank line."""
        lines = [f"{document.pmid}|t|{_line(document.title)}", f"{document.pmid}|a|{_line(document.abstract)}"]
        mentions = self._context.distinct(document.mentions)
        for mention in mentions:
            label = self._context.label(mention.tuis)
            columns = (document.pmid, mention.start, mention.end, _line(mention.surface), label, mention.cui)
            lines.append("\t".join(map(str, columns)))
        self._stream.write("\n".join(lines) + "\n\n")
        self._context.count(len(mentions))


def _line(text: str) -> str:
    return text.translate(_BREAKS)
