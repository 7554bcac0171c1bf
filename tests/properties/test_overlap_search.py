"""The compiled search equals sets of words, however documents are cut into sentences, batches and shards."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.overlap.documents import DocumentScan, index_texts, whole_documents
from bali.overlap.shingles import hash_shingles
from tests.unit.overlap.plain_shingles import best, document_shingles, shingles

WORDS = st.sampled_from(["a", "A", "b", "é", "É", "ß", "İ", "α1", "1", "𝔸x", "中", "aa"])
GAPS = st.sampled_from([" ", "  ", "-", ", ", ").\n", "–", "\u0301 ", "_", "🧬", ""])
SCHEMA = pa.schema([("pmid", pa.int64()), ("sentence_id", pa.int32()), ("text", pa.string())])


@st.composite
def texts(draw, max_words=9):
    pairs = draw(st.lists(st.tuples(GAPS, WORDS), max_size=max_words))
    return "".join(gap + word for gap, word in pairs) + draw(GAPS)


@st.composite
def shards(draw):
    """A list of shards of sorted rows; each PMID lies in one shard."""
    pmids = draw(st.lists(st.integers(1, 50), unique=True, max_size=6))
    rows = []
    for pmid in pmids:
        ids = sorted(draw(st.lists(st.integers(0, 5), unique=True, min_size=1, max_size=4)))
        rows.append([(pmid, sentence_id, draw(texts())) for sentence_id in ids])
    cut = draw(st.integers(0, len(rows)))
    return [[row for document in sorted(part) for row in document] for part in (rows[:cut], rows[cut:])]


def batches(rows, size):
    table = pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)
    return table.to_batches(size)


def search(index, parts, size):
    scan = DocumentScan(index)
    for rows in parts:
        scan.add(batches(rows, size))
    return [(int(n), int(pmid)) for n, pmid in zip(*scan.best(), strict=True)]


@settings(max_examples=150, deadline=None)
@given(st.lists(texts(), max_size=4), shards(), st.integers(1, 5))
def test_equals_sets(evaluated, parts, batch_rows):
    evaluated = [*evaluated, " ".join(row[2] for part in parts for row in part)]  # shares what sentences hold
    index = index_texts(evaluated)
    assert index.num_shingles.tolist() == [len(shingles([text])) for text in evaluated]
    documents = {pmid: held for rows in parts for pmid, held in document_shingles(rows).items()}
    expected = [best(text, documents) for text in evaluated]
    assert search(index, parts, batch_rows) == expected
    assert search(index, parts[::-1], 100) == expected


@settings(max_examples=100, deadline=None)
@given(texts(20), texts(20))
def test_hashes_differ_as_shingles_do(first, second):
    rows = pa.array(["", first, second])
    found = hash_shingles(rows, np.zeros(3, np.bool_))
    own = [set(found.hashes[found.offsets[row] : found.offsets[row + 1]].tolist()) for row in (0, 1, 2)]
    plain = [shingles([text]) for text in ("", first, second)]
    assert [len(hashes) for hashes in own] == [len(held) for held in plain]
    assert len(own[1] & own[2]) == len(plain[1] & plain[2])


@settings(max_examples=100, deadline=None)
@given(shards(), st.integers(1, 4))
def test_batches_hold_whole_documents(parts, batch_rows):
    rows = [row for part in parts[:1] for row in part]
    cut = list(whole_documents(batches(rows, batch_rows)))
    found = [tuple(row.values()) for batch in cut for row in batch.to_pylist()]
    assert found == rows
    of_batch = [set(batch["pmid"].to_pylist()) for batch in cut]
    assert sum(map(len, of_batch)) == len({row[0] for row in rows})
