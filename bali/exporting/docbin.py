"""spaCy's DocBin: documents cut into tokens, mentions as entities and spans (https://spacy.io/api/docbin)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc, DocBin, Span

from bali.exporting.documents import Document, Mention
from bali.exporting.sinks import Context, Sink
from bali.io.files import atomic_path

# Of a token; the default holds as many again that a blank pipeline leaves empty.
_ATTRIBUTES = ["NORM", "ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID"]
SPANS = "sc"  # the key that spaCy's span categoriser and displacy read
NOT_AT_TOKENS = "does not begin and end at tokens"
EXPANDED = "mentions expanded to whole tokens"
OVERLAPPING = "mentions among the spans only, overlap an entity"


@contextmanager
def open_sink(path: Path, context: Context) -> Iterator[Sink]:
    """Write a DocBin, atomically. It is held in memory until the end: spaCy writes it whole."""
    sink = _Sink(context)
    yield sink
    with atomic_path(path) as partial:
        sink.docs.to_disk(partial)


class _Sink:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._tokenise = spacy.blank("en").tokenizer
        self.docs = DocBin(_ATTRIBUTES, store_user_data=True)
        for note in (EXPANDED, OVERLAPPING):
            context.census.notes.setdefault(note, 0)

    def write(self, document: Document) -> None:
        """Add a document: all mentions as `doc.spans["sc"]`, those that do not overlap as `doc.ents`."""
        doc = self._tokenise(document.text)
        spans = [span for mention in document.mentions if (span := self._span(doc, mention)) is not None]
        entities = _entities(spans)
        doc.spans[SPANS] = spans
        doc.set_ents(entities)
        doc.user_data = {"pmid": document.pmid, "document_id": document.identifier, **self._context.notice}
        self.docs.add(doc)
        self._context.count(len(spans))
        self._context.census.table("mentions").drop(NOT_AT_TOKENS, len(document.mentions) - len(spans))
        self._note(OVERLAPPING, len(spans) - len(entities))

    def _span(self, doc: Doc, mention: Mention) -> Span | None:
        """The mention as a span, or None where it does not begin and end at tokens and is to be dropped."""
        options: dict[str, Any] = {
            "label": self._context.label(mention.tuis),
            "kb_id": mention.cui,
            "span_id": mention.source,
        }
        span = doc.char_span(mention.start, mention.end, **options)
        if span is None and self._context.unaligned == "expand":
            span = doc.char_span(mention.start, mention.end, alignment_mode="expand", **options)
            self._note(EXPANDED, int(span is not None))
        return span

    def _note(self, name: str, count: int) -> None:
        notes: dict[str, Any] = self._context.census.notes
        notes[name] += count


def _entities(spans: Sequence[Span]) -> list[Span]:
    """The spans that stay when, longest first, each takes its tokens; ties go to the earlier span in the list."""
    kept: list[Span] = []
    taken: set[int] = set()
    for span in sorted(spans, key=lambda span: span.start - span.end):
        tokens = range(span.start, span.end)
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)
