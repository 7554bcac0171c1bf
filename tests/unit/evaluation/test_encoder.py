import shutil
from itertools import pairwise

import numpy as np
import pytest
import torch

from bali.errors import ConfigError, InputError
from bali.evaluation.encoder import Encoder, TokenIds
from bali.evaluation.language_model import load_language_model
from bali.models.device import choose_device
from tests.unit.evaluation.fixtures import MAX_LENGTH, write_model

TEXTS = [
    "fever",
    "severe heart attack with renal failure",
    "asthma",
    "acute cough",
    "xyz-1",
    "kidney failure and fever",
]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_language_model(write_model(tmp_path_factory.mktemp("model")), CPU)


def encoder(model, batch_size=3, max_length=512):
    return Encoder(model, batch_size, max_length)


def test_texts_have_different_vectors(model):
    vectors = encoder(model).encode(TEXTS)
    for pooled in vectors:
        assert pooled.shape == (len(TEXTS), 16)
        assert torch.pdist(pooled).min() > 1e-2


def test_neighbours_and_order_change_nothing(model):
    together = encoder(model, batch_size=4).encode(TEXTS)
    for pooling in ("cls", "mean"):
        alone = torch.cat([getattr(encoder(model, batch_size=1).encode([text]), pooling) for text in TEXTS])
        reversed_ = getattr(encoder(model, batch_size=2).encode(TEXTS[::-1]), pooling).flip(0)
        torch.testing.assert_close(getattr(together, pooling), alone, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(reversed_, alone, atol=1e-5, rtol=1e-5)


def test_token_ids_are_those_of_the_tokenizer(model):
    texts = [*TEXTS, " ".join(["fever"] * 100), ""]
    expected = model.tokenizer(texts, truncation=True, max_length=20)["input_ids"]
    tokens = encoder(model, max_length=20).tokenize(texts)
    found = [tokens.ids[start:end].tolist() for start, end in pairwise(tokens.indptr)]
    assert found == expected
    assert max(map(len, found)) == 20
    model.tokenizer(texts, padding=True)  # what another call sets up changes nothing
    assert np.array_equal(encoder(model, max_length=20).tokenize(texts).ids, tokens.ids)


def test_batches_are_bounded_by_tokens_and_hold_each_text_once(model):
    lengths = np.random.default_rng(0).integers(1, 30, 500)
    tokens = TokenIds(np.zeros(lengths.sum(), np.int64), np.concatenate([[0], np.cumsum(lengths)]))
    batches = list(encoder(model, batch_size=3, max_length=32)._batches(tokens))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    sizes = [len(rows) * lengths[rows].max() for rows in batches]
    assert max(sizes) <= 96
    assert np.mean(sizes[:-1]) > 60
    assert all(lengths[rows].max() - lengths[rows].min() <= 2 for rows in batches)


def test_a_batch_without_padding_needs_no_mask(model):
    masks = []
    original = model.model.forward
    model.model.forward = lambda **given: masks.append(given["attention_mask"]) or original(**given)
    try:
        alike = encoder(model).encode(["fever", "cough", "asthma"])
        mixed = encoder(model).encode(["fever", "cough and asthma"])
    finally:
        del model.model.forward
    assert [mask is None for mask in masks] == [True, False]
    torch.testing.assert_close(alike.mean[0], mixed.mean[0], atol=1e-5, rtol=1e-5)


def test_precision_is_said_in_words(model):
    assert encoder(model).precision == "float32"
    assert Encoder(model, 1, 8, torch.bfloat16).precision == "bfloat16"


def test_bfloat16_gives_nearly_the_same_float32_vectors(model):
    exact, near = (Encoder(model, 4, 512, dtype).encode(TEXTS) for dtype in (None, torch.bfloat16))
    for first, second in zip(exact, near, strict=True):
        assert second.dtype == torch.float32
        assert not torch.equal(first, second)
        assert torch.cosine_similarity(first, second).min() > 0.99


def test_two_runs_are_equal_to_the_last_bit(model):
    first, second = (encoder(model).encode(TEXTS) for _ in range(2))
    assert torch.equal(first.cls, second.cls)
    assert torch.equal(first.mean, second.mean)


def test_pooling_is_that_of_the_states_without_padding(model):
    batch = model.tokenizer("acute cough", return_tensors="pt")
    with torch.inference_mode():
        states = model.model(**batch).last_hidden_state[0]
    vectors = encoder(model, batch_size=len(TEXTS)).encode(TEXTS)
    row = TEXTS.index("acute cough")
    torch.testing.assert_close(vectors.cls[row], states[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(vectors.mean[row], states.mean(0), atol=1e-5, rtol=1e-5)


def test_no_texts(model):
    assert encoder(model).encode([]).mean.shape == (0, 16)


def test_long_texts_are_cut_to_the_positions(model):
    long = " ".join(["fever"] * 500)
    cut = " ".join(["fever"] * (MAX_LENGTH - 2))
    vectors = encoder(model).encode([long, cut]).mean
    torch.testing.assert_close(vectors[0], vectors[1])


def test_span_vector_is_the_mean_of_its_tokens(model):
    text = "severe heart attack and cough"
    batch = model.tokenizer(text, return_tensors="pt")
    with torch.inference_mode():
        states = model.model(**batch).last_hidden_state[0]
    spans = encoder(model).encode_spans(["fever", text], [[], [(7, 19), (24, 29)]])
    assert spans.found.tolist() == [True, True]
    torch.testing.assert_close(spans.vectors[0], states[2:4].mean(0), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(spans.vectors[1], states[5], atol=1e-5, rtol=1e-5)


def test_a_span_that_the_truncation_cuts_is_not_found(model):
    text = " ".join(["fever"] * 100)
    kept, cut = (0, 5), (6 * (MAX_LENGTH - 3), 6 * (MAX_LENGTH - 3) + 11)
    spans = encoder(model).encode_spans([text], [[kept, cut]])
    assert spans.found.tolist() == [True, False]
    assert spans.vectors.shape == (1, 16)


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        (["tokenizer.json", "vocab.txt", "tokenizer_config.json"], "tokenizer"),
        (["model.safetensors"], "weights"),
        (["config.json"], "config.json"),
    ],
)
def test_an_incomplete_folder_is_refused_in_one_line(tmp_path, removed, message):
    folder = write_model(tmp_path / "model")
    for name in removed:
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(InputError, match=message) as error:
        load_language_model(folder, CPU)
    assert "\n" not in str(error.value)


def test_a_broken_folder_is_refused_in_one_line(tmp_path):
    folder = write_model(tmp_path / "model")
    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"garbage")
    for path in (broken, tmp_path / "absent"):
        with pytest.raises(InputError) as error:
            load_language_model(path, CPU)
        assert "\n" not in str(error.value)


def test_cuda_does_not_fall_back(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    with pytest.raises(ConfigError, match="cuda"):
        choose_device("cuda")
