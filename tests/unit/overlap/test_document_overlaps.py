"""What a search finds: whole sentences, changed words, masks, and nothing where there is nothing."""

import numpy as np
import pyarrow as pa
import pytest

from bali.overlap.documents import DocumentScan, index_texts
from bali.overlap.shingles import SHINGLE_WORDS, hash_shingles, split_at_masks
from bali.schemas import EXAMPLES

SENTENCE = (
    "Aspirin (100 mg daily) lowered the risk of colorectal cancer in 1,234 carriers of hereditary syndromes over years."
)
NUM_WORDS = 19  # 1,234 is two
SCHEMA = pa.schema([EXAMPLES.field(name) for name in ("pmid", "sentence_id", "text")])


def shares(texts: list[str], rows: list[tuple[int, int, str]]) -> list[tuple[float, int]]:
    index = index_texts(texts)
    scan = DocumentScan(index)
    scan.add(pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA).to_batches())
    best = scan.best()
    found = best.num_shared / np.maximum(index.num_shingles, 1)
    return list(zip(found.tolist(), best.pmid.tolist(), strict=True))


def test_a_sentence_inside_a_longer_document_is_found() -> None:
    tokenised = "aspirin ( 100 MG daily ) lowered the RISK of colorectal cancer in 1 , 234 carriers of hereditary"
    tokenised += " syndromes over years ."
    rows = [(6, 0, "Another document altogether, on asthma."), (7, 2, "Before it."), (7, 3, SENTENCE), (7, 4, "After.")]
    assert index_texts([SENTENCE]).num_shingles.tolist() == [NUM_WORDS - SHINGLE_WORDS + 1]
    assert shares([SENTENCE, tokenised], rows) == [(1.0, 7), (1.0, 7)]


@pytest.mark.parametrize("place", [0, 2, 7, NUM_WORDS - 1])
def test_a_changed_word_takes_the_shingles_that_hold_it(place: int) -> None:
    words = SENTENCE.replace("1,234", "1 234").split()
    assert len(words) == NUM_WORDS
    words[place] = "other"
    num_shingles = NUM_WORDS - SHINGLE_WORDS + 1
    lost = min(place, num_shingles - 1) - max(0, place - SHINGLE_WORDS + 1) + 1
    assert 0 < lost <= SHINGLE_WORDS
    assert shares([SENTENCE], [(7, 0, " ".join(words))]) == [(pytest.approx(1 - lost / num_shingles), 7)]


def test_sentences_that_follow_each_other_are_one_text() -> None:
    words = SENTENCE.split()
    first, second = " ".join(words[:8]), " ".join(words[8:])
    assert shares([SENTENCE], [(7, 0, first), (7, 1, second)]) == [(1.0, 7)]
    (apart,) = shares([SENTENCE], [(7, 0, first), (7, 2, second)])
    assert apart == (pytest.approx((15 - 4) / 15), 7)
    assert shares([SENTENCE], [(7, 0, first), (8, 1, second)]) == [(pytest.approx(7 / 15), 8)]


def test_a_document_counts_a_shingle_once() -> None:
    rows = [(7, sentence, "one two three four five") for sentence in (0, 2, 4)]
    assert shares(["one two three four five six"], rows) == [(0.5, 7)]


def test_disjoint_texts_share_nothing() -> None:
    rows = [(7, 0, "Nothing of this stands in the other text, not one run of words.")]
    assert shares([SENTENCE, "", "two words"], rows) == [(0.0, -1)] * 3
    assert shares([SENTENCE], []) == [(0.0, -1)]
    assert shares([], rows) == []


def test_of_equal_documents_the_lowest_pmid_counts() -> None:
    assert shares([SENTENCE], [(7, 0, SENTENCE), (9, 0, SENTENCE)]) == [(1.0, 7)]
    assert shares([SENTENCE], [(9, 0, SENTENCE), (7, 0, SENTENCE)]) == [(1.0, 7)]


def test_no_shingle_runs_over_a_masked_entity() -> None:
    masked = "Although uncommon, point mutations in the @GENE$ gene may be a cause of @DISEASE$ in Japanese patients."
    original = masked.replace("@GENE$", "FMR1").replace("@DISEASE$", "autism")
    assert len(split_at_masks(masked)) == 3
    assert index_texts([masked]).num_shingles.tolist() == [2 + 2]
    assert shares([masked], [(7, 0, original)]) == [(1.0, 7)]
    assert split_at_masks("mail@example.org costs $5") == ["mail@example.org costs $5"]


def test_slices_are_hashed_as_copies() -> None:
    rows = pa.array(["x", SENTENCE, "one two three four five six"])
    flags = np.zeros(2, np.bool_)
    found, copied = (hash_shingles(part, flags) for part in (rows.slice(1), pa.array(rows.to_pylist()[1:])))
    assert np.diff(copied.offsets).tolist() == [NUM_WORDS - SHINGLE_WORDS + 1, 2]
    assert found.hashes.tolist() == copied.hashes.tolist()
    assert found.offsets.tolist() == copied.offsets.tolist()


def test_bytes_that_are_no_text_are_read_to_their_end() -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 14], pa.int32()).buffers()[1], pa.py_buffer(b"a b c d e f \xf0\x9f")]
    )
    assert len(hash_shingles(broken, np.zeros(1, np.bool_)).hashes) == 2
