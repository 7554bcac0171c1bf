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
        rows: list[dict[str, object]] = []
        for document in batch.to_pylist():
            text = document["text"]
            spans = split_sentences(text, [(section["start"], section["end"]) for section in document["sections"]])
            rows.extend(
                {"pmid": document["pmid"], "sentence_id": number, "start": start, "end": end, "text": text[start:end]}
                for number, (start, end) in enumerate(spans)
            )
        yield pa.Table.from_pylist(rows, SENTENCES)
