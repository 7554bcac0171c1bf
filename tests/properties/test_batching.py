import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.batching.ragged import from_list_column, positions
from bali.batching.sampler import BatchSampler
from bali.batching.tokens import token_runs, tokenise
from bali.models.wordpiece import learn_vocabulary, make_tokenizer
from tests.unit.batching.plain import plain_tokens

WORDS = {word: 2 for word in ("renal", "failure", "of", "the", "β", "é", "x", "-")}
TOKENIZER = make_tokenizer(learn_vocabulary(WORDS, 60), 64)
TEXTS = st.lists(st.text(alphabet="renalfu éβ😀-x\u200b", max_size=40), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(4, 24), st.data())
def test_token_runs_equal_a_plain_search(texts, max_length, data):
    """Every span of every text gets the tokens that a token-by-token search finds, in any batch."""
    tokens = tokenise(TOKENIZER, texts, max_length)
    spans = []
    for number, text in enumerate(texts):
        start = data.draw(st.integers(0, len(text)))
        spans.append((number, start, data.draw(st.integers(start, len(text)))))
    runs = token_runs(tokens, np.array(spans, np.int64))
    width = tokens.input_ids.shape[1]
    for (number, start, end), first, length in zip(spans, runs.first, runs.length, strict=True):
        expected = plain_tokens(TOKENIZER, texts[number], max_length, (start, end))
        assert [int(p) - number * width for p in range(first, first + length)] == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9)), min_size=1, max_size=8), st.data())
def test_ragged_rows_equal_python_lists(rows, data):
    chunks = [pa.array(part, pa.list_(pa.int32())) for part in (rows[:2], rows[2:])]
    indptr, values = from_list_column(pa.chunked_array(chunks))
    wanted = data.draw(st.lists(st.integers(0, len(rows) - 1)))
    where, lengths = positions(indptr, np.array(wanted, np.int64))
    assert values[where].tolist() == [value for row in wanted for value in rows[row]]
    assert lengths.tolist() == [len(rows[row]) for row in wanted]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=200), st.integers(1, 40), st.integers(0, 2**31))
def test_an_epoch_repeats_no_row(lengths, batch_size, seed):
    sampler = BatchSampler(np.array(lengths, np.int32), batch_size, seed)
    rows = [row for step in range(sampler.batches_per_epoch) for row in sampler.rows(step).tolist()]
    assert len(rows) == len(set(rows)) > len(lengths) - sampler.batch_size
    assert set(rows) <= set(range(len(lengths)))
