"""From the parsed records of a shard to its documents, their sentences and their annotations."""

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from bali.io.census import Census
from bali.pubmed.sentences import split_sentences
from bali.schemas import ANNOTATIONS, DOCUMENTS, SENTENCES

NOT_SELECTED = "older version or deleted"


def keep_selected(table: pa.Table, selection: pa.Table, schema: pa.Schema, name: str, census: Census) -> pa.Table:
    """Rows of a parsed table whose position was selected, in the schema's columns; counted in `census` as `name`.

    Args:
        table: parsed documents or annotations of one shard; has a column position.
        selection: the shard's rows of SELECTION.
        schema: DOCUMENTS or ANNOTATIONS.
        name: the census table.
        census: counts the rows.
    """
    assert schema in (DOCUMENTS, ANNOTATIONS), "only documents and annotations are selected"
    frame = pl.DataFrame(table)
    kept = frame.join(pl.DataFrame(selection).select("position"), on="position", how="semi")
    order = ["pmid"] if schema is DOCUMENTS else ["pmid", "start", "end", "identifier", "type"]
    tally = census.table(name)
    tally.rows_in += frame.height
    tally.rows_out += kept.height
    tally.drop(NOT_SELECTED, frame.height - kept.height)
    return kept.sort(order).to_arrow().select(schema.names).cast(schema)


def sentences_of(documents: pa.Table, documents_per_piece: int = 2000) -> Iterator[pa.Table]:
    """Sentences of documents (schema DOCUMENTS, sorted by pmid), piece by piece, in the schema SENTENCES."""
    for batch in documents.select(["pmid", "text", "sections"]).to_batches(documents_per_piece):
        columns: dict[str, list[object]] = {name: [] for name in SENTENCES.names}
        for pmid, text, sections in zip(*(batch[name].to_pylist() for name in batch.schema.names), strict=True):
            spans = list(split_sentences(text, [(section["start"], section["end"]) for section in sections]))
            columns["pmid"] += [pmid] * len(spans)
            columns["sentence_id"] += range(len(spans))
            columns["start"] += [start for start, _ in spans]
            columns["end"] += [end for _, end in spans]
            columns["text"] += [text[start:end] for start, end in spans]
        yield pa.table(columns, SENTENCES)
