import numpy as np
import pytest

from bali.batching.corruption import Corruption, Vocabulary
from bali.batching.names import distinct, encode_names
from bali.batching.randomness import Draws, Stream
from bali.batching.tokens import token_runs, tokenise
from bali.models.wordpiece import make_tokenizer

LETTERS = [f"{prefix}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz-é" for prefix in ("", "##")]


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "renal", "failure", *LETTERS], 64)


def covered(tokenizer, text, start, end, max_length=64):
    texts = tokenise(tokenizer, ["a b c d e f g h", text], max_length)
    runs = token_runs(texts, np.array([[1, start, end]]))
    return tokenizer.convert_ids_to_tokens(texts.input_ids.ravel()[runs.positions()]), bool(runs.is_cut[0])


def test_a_mention_takes_all_its_tokens(tokenizer):
    text = "the renal failure of x"
    assert covered(tokenizer, text, 4, 17) == (["renal", "failure"], False)
    assert covered(tokenizer, text, 4, 9) == (["renal"], False)
    assert covered(tokenizer, text, 0, 3) == (["t", "##h", "##e"], False)


def test_spans_count_code_points(tokenizer):
    text = "β-é 😀 renal"
    start = text.index("renal")
    assert covered(tokenizer, text, start, len(text)) == (["renal"], False)


def test_a_mention_that_truncation_cuts_is_marked(tokenizer):
    text = "renal failure renal"
    assert covered(tokenizer, text, 0, 13, max_length=4) == (["renal", "failure"], False)
    assert covered(tokenizer, text, 6, 19, max_length=4)[1]
    assert covered(tokenizer, text, 14, 19, max_length=4)[1]


def test_a_span_without_a_token_is_empty_and_not_cut(tokenizer):
    assert covered(tokenizer, "renal \u200b\u200b failure", 6, 8) == ([], False)
    assert covered(tokenizer, "renal   ", 6, 8) == ([], False)


def corrupted_texts(tokenizer, texts, keys, step=0):
    corrupt = Corruption(Vocabulary.of(tokenizer), 0.15)
    return corrupt(texts.input_ids, ~texts.is_special, keys, Draws(0, Stream.COLLATION, step))


def test_corruption_keeps_its_shares_and_its_input(tokenizer):
    texts = tokenise(tokenizer, ["renal failure " * 30] * 400, 64)
    before = texts.input_ids.copy()
    corrupted, position = corrupted_texts(tokenizer, texts, np.arange(400))
    targets = np.zeros(before.shape, np.bool_)
    targets.ravel()[position] = True
    assert np.array_equal(texts.input_ids, before)
    assert np.all(np.diff(position) > 0)
    assert not targets[texts.is_special].any()
    assert targets.sum() / (~texts.is_special).sum() == pytest.approx(0.15, abs=0.01)
    assert np.array_equal(corrupted[~targets], before[~targets])
    masked = (corrupted == tokenizer.mask_token_id)[targets].mean()
    kept = (corrupted == before)[targets].mean()
    assert masked == pytest.approx(0.8, abs=0.03)
    assert kept == pytest.approx(0.1, abs=0.03)
    assert not np.isin(corrupted[targets & (corrupted != before)], [0, 1, 2, 3]).any()


def test_corruption_of_a_text_depends_on_nothing_beside_it(tokenizer):
    """Neither on the other rows nor on padding; on the batch and on its key it does."""
    short, long = ["renal failure " * 9], ["failure renal " * 31]
    alone = tokenise(tokenizer, short, 64)
    together = tokenise(tokenizer, long + short, 64)
    first, _ = corrupted_texts(tokenizer, alone, np.array([7]))
    second, _ = corrupted_texts(tokenizer, together, np.array([3, 7]))
    width = alone.input_ids.shape[1]
    assert width < together.input_ids.shape[1]
    assert not np.array_equal(first, alone.input_ids)
    assert np.array_equal(second[1, :width], first[0])
    for keys, step in ((np.array([8]), 0), (np.array([7]), 1)):
        assert not np.array_equal(corrupted_texts(tokenizer, alone, keys, step)[0], first)


def test_names_are_distinct_and_bucketed_by_length(tokenizer):
    names, index = distinct(["renal", "abcdefghijkl", "renal", "é"])
    assert names == ["renal", "abcdefghijkl", "é"]
    assert index.tolist() == [0, 1, 0, 2]
    parts, number = encode_names(tokenizer, names, 32)
    assert [tuple(part.tokens.input_ids.shape) for part in parts] == [(2, 3), (1, 14)]
    assert number.tolist() == [0, 2, 1]
    assert sum(part.spans.num_groups for part in parts) == 3
    parts, number = encode_names(tokenizer, names, 32, tokens_at_once=3)
    assert [tuple(part.tokens.input_ids.shape) for part in parts] == [(1, 3), (1, 3), (1, 14)]
    assert number.tolist() == [0, 2, 1]


def test_a_name_without_tokens_still_has_a_vector(tokenizer):
    (part,), _ = encode_names(tokenizer, ["\u200b", "renal"], 32)
    assert sorted(set(part.spans.group.tolist())) == [0, 1]
