import numpy as np
import pytest

from bali.batching.corruption import Vocabulary, choose_targets, corrupt
from bali.batching.names import distinct, encode_names
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


def test_corruption_keeps_its_shares_and_its_input(tokenizer):
    texts = tokenise(tokenizer, ["renal failure " * 30] * 400, 64)
    before = texts.input_ids.copy()
    generator = np.random.default_rng(0)
    targets = choose_targets(texts, 0.15, generator)
    corrupted = corrupt(texts.input_ids, targets, Vocabulary.of(tokenizer), generator)
    assert np.array_equal(texts.input_ids, before)
    assert not targets[texts.is_special].any()
    assert targets.sum() / (~texts.is_special).sum() == pytest.approx(0.15, abs=0.01)
    assert np.array_equal(corrupted[~targets], before[~targets])
    masked = (corrupted == tokenizer.mask_token_id)[targets].mean()
    kept = (corrupted == before)[targets].mean()
    assert masked == pytest.approx(0.8, abs=0.03)
    assert kept == pytest.approx(0.1, abs=0.03)
    assert not np.isin(corrupted[targets & (corrupted != before)], [0, 1, 2, 3]).any()


def test_names_are_distinct_and_bucketed_by_length(tokenizer):
    names, index = distinct(["renal", "abcdefghijkl", "renal", "é"])
    assert names == ["renal", "abcdefghijkl", "é"]
    assert index.tolist() == [0, 1, 0, 2]
    buckets, number = encode_names(tokenizer, names, 32)
    assert [tuple(bucket.tokens.input_ids.shape) for bucket in buckets] == [(2, 3), (1, 14)]
    assert number.tolist() == [0, 2, 1]
    assert sum(bucket.spans.num_groups for bucket in buckets) == 3


def test_a_name_without_tokens_still_has_a_vector(tokenizer):
    (bucket,), _ = encode_names(tokenizer, ["\u200b", "renal"], 32)
    assert sorted(set(bucket.spans.group.tolist())) == [0, 1]
