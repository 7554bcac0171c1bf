"""How much of each evaluation text stands in one document that was trained on: exact, in one pass over the documents.

MinHash (Broder 1997) estimates the resemblance of whole documents, which a sentence inside an abstract hardly has. Here
it is the containment that counts: the share of the text's shingles that are found in the document. Only the evaluation
texts are held; the documents stream by.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bali.compiled import compiled
from bali.overlap.shingles import Shingles, hash_shingles, split_at_masks

Array = npt.NDArray[Any]

COLUMNS = ("pmid", "sentence_id", "text")  # of examples, that are read here


class TextIndex(NamedTuple):
    """The distinct shingles of texts, to be looked up.

    Attributes:
        num_shingles: (num_texts,) int32, distinct ones of each text.
        slots: (power of two,) int32, open addressing: place -> number of the shingle or -1.
        hashes: (num_distinct,) uint64, ascending.
        bounds: (num_distinct + 1,) int64, of each shingle's texts in `owners`.
        owners: int32, numbers of texts.
    """

    num_shingles: Array
    slots: Array
    hashes: Array
    bounds: Array
    owners: Array


class BestDocuments(NamedTuple):
    """The document that holds the most of each text.

    Attributes:
        num_shared: (num_texts,) int32, distinct shingles of the text that the document holds.
        pmid: (num_texts,) int64, its PMID, of several documents the lowest; -1 where none holds a shingle.
    """

    num_shared: Array
    pmid: Array


def index_texts(texts: Sequence[str]) -> TextIndex:
    """Index the shingles of evaluation texts; none runs over a masked entity."""
    pieces = [split_at_masks(text) for text in texts]
    rows = pa.array([piece for of_text in pieces for piece in of_text], pa.string())
    text_of_row = np.repeat(np.arange(len(texts), dtype=np.int32), [len(of_text) for of_text in pieces])
    shingles = hash_shingles(rows, np.zeros(len(rows), np.bool_))
    columns = {"hash": shingles.hashes, "text": np.repeat(text_of_row, np.diff(shingles.offsets))}
    table = pl.DataFrame(columns).unique().sort("hash", "text")
    owners = table["text"].to_numpy()
    hashes, counts = np.unique(table["hash"].to_numpy(), return_counts=True)
    slots = np.full(1 << max(4 * len(hashes), 1).bit_length(), -1, np.int32)
    fill_slots(hashes, slots)
    num_shingles = np.bincount(owners, minlength=len(texts)).astype(np.int32)
    return TextIndex(num_shingles, slots, hashes, np.append(0, np.cumsum(counts)), owners)


class DocumentScan:
    """Compares documents with the texts of an index."""

    def __init__(self, index: TextIndex) -> None:
        num_texts = len(index.num_shingles)
        self._index = index
        self._num_documents = 0
        self._seen = np.full(len(index.hashes), -1, np.int64)  # by shingle: the last document that holds it
        self._reached = np.full(num_texts, -1, np.int64)  # by text: the last document that holds one of its shingles
        self._shared = np.zeros(num_texts, np.int32)  # by text: shingles that this document holds
        self._best = BestDocuments(np.zeros(num_texts, np.int32), np.full(num_texts, -1, np.int64))

    def add(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Look up the sentences of a shard.

        A shingle runs over the border of two sentences that follow each other in the document, so it makes no
        difference how texts are split; it does not run over a sentence that is no example.

        Args:
            batches: the columns `COLUMNS`, in the order of EXAMPLES; a document may lie in several batches.
        """
        for batch in whole_documents(batches):
            pmids, sentences = (batch[name].to_numpy() for name in COLUMNS[:2])
            same = np.append(False, pmids[1:] == pmids[:-1])
            follows = same & np.append(False, sentences[1:] == sentences[:-1] + 1)
            shingles = hash_shingles(batch["text"], follows)
            starts = np.append(np.flatnonzero(~same), len(pmids))
            state = (self._seen, self._reached, self._shared)
            documents = (pmids, starts, self._num_documents)
            count_shared(shingles, documents, self._index, state, self._best)
            self._num_documents += len(starts) - 1

    def best(self) -> BestDocuments:
        """What was found so far."""
        return self._best


def whole_documents(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows, cut between documents only; batches without rows are left out."""
    kept: list[pa.RecordBatch] = []
    for batch in batches:
        if not batch.num_rows:
            continue
        pmids = batch["pmid"].to_numpy()
        last = int(np.searchsorted(pmids, pmids[-1]))  # first row of the last document
        if kept and kept[0]["pmid"][0].as_py() != pmids[0]:
            yield pa.concat_batches(kept)
            kept = []
        if last:
            yield pa.concat_batches([*kept, batch.slice(0, last)])
            kept = []
        kept.append(batch.slice(last))
    if kept:
        yield pa.concat_batches(kept)


@compiled
def fill_slots(hashes: Array, slots: Array) -> None:
    """Write the numbers of all hashes to an empty hash table."""
    mask = np.uint64(len(slots) - 1)
    for number in range(len(hashes)):
        place = hashes[number] & mask
        while slots[place] >= 0:
            place = (place + np.uint64(1)) & mask
        slots[place] = number


@compiled
def find(index: TextIndex, value: np.uint64) -> int:
    """The number of a shingle, or -1."""
    mask = np.uint64(len(index.slots) - 1)
    place = value & mask
    while index.slots[place] >= 0:
        if index.hashes[index.slots[place]] == value:
            return index.slots[place]
        place = (place + np.uint64(1)) & mask
    return -1


@compiled
def count_document(
    hashes: Array, document: tuple[int, int], index: TextIndex, state: tuple[Array, Array, Array], best: BestDocuments
) -> None:
    """Count the shingles that each text shares with a document; a text that shares more than before has a new best one.

    The best is counted up while the document is read: its last count is the highest.
    """
    seen, reached, shared = state
    serial, pmid = document
    for value in hashes:
        number = find(index, value)
        if number < 0 or seen[number] == serial:
            continue
        seen[number] = serial
        for place in range(index.bounds[number], index.bounds[number + 1]):
            text = index.owners[place]
            if reached[text] != serial:
                reached[text], shared[text] = serial, 0
            shared[text] += 1
            most = best.num_shared[text]
            if shared[text] > most or (shared[text] == most and pmid < best.pmid[text]):
                best.num_shared[text], best.pmid[text] = shared[text], pmid


@compiled
def count_shared(
    shingles: Shingles,
    documents: tuple[Array, Array, int],
    index: TextIndex,
    state: tuple[Array, Array, Array],
    best: BestDocuments,
) -> None:
    """Count for each document of a batch.

    Args:
        shingles: of the sentences.
        documents: PMIDs of the sentences, first sentence of each document and the end, documents before this batch.
        index: the texts.
        state: shingle -> last document that holds it; text -> last document that shares a shingle; how many it shares.
        best: what is found.
    """
    pmids, starts, num_before = documents
    for number in range(len(starts) - 1):
        first, end = starts[number], starts[number + 1]
        hashes = shingles.hashes[shingles.offsets[first] : shingles.offsets[end]]
        count_document(hashes, (num_before + number, pmids[first]), index, state, best)
