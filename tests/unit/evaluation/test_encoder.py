import shutil

import pytest
import torch

from bali.errors import ConfigError, InputError
from bali.evaluation.encoder import Encoder
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
