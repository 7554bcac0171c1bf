import numpy as np
import polars as pl
import pytest
import torch

from bali.config import Compute
from bali.evaluation.device import autocast_dtype
from bali.evaluation.dictionary import make_dictionary
from bali.evaluation.encoder import Encoder
from bali.evaluation.language_model import load_language_model
from bali.evaluation.systems.language_model import LanguageModelSystem
from bali.evaluation.systems.system import POOLINGS, MentionInText
from tests.unit.evaluation.fixtures import MAX_LENGTH, NAMES, write_model

CPU = torch.device("cpu")
TEXTS = [name.lower() for _, name in NAMES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def system(folder):
    return LanguageModelSystem(folder, Compute(accelerator="cpu"), batch_size=3)


@pytest.fixture(scope="module")
def cosines(folder):
    """Pooling -> cosines of all texts with all, by numpy."""
    vectors = Encoder(load_language_model(folder, CPU), 1, MAX_LENGTH).encode(TEXTS)
    unit = {}
    for pooling in POOLINGS:
        array = getattr(vectors, pooling).double().numpy()
        unit[pooling] = array / np.linalg.norm(array, axis=1, keepdims=True)
    return {pooling: array @ array.T for pooling, array in unit.items()}


def test_a_model_is_loaded_when_it_is_asked(tmp_path):
    LanguageModelSystem(tmp_path / "absent", Compute(), batch_size=3)


def test_similarities_are_cosines(system, cosines):
    rows = [(0, 1), (3, 5), (2, 2)]
    found = system.similarities([(TEXTS[a], TEXTS[b]) for a, b in rows])
    for pooling in POOLINGS:
        assert found[pooling].dtype == np.float64
        np.testing.assert_allclose(found[pooling], [cosines[pooling][row] for row in rows], atol=1e-5)
        assert found[pooling][2] == pytest.approx(1, abs=1e-12)
        assert np.ptp(found[pooling]) > 1e-2


@pytest.mark.parametrize("num_rows", [1, 4])
def test_scores_come_in_blocks_of_rows(system, cosines, monkeypatch, num_rows):
    monkeypatch.setattr("bali.evaluation.systems.language_model._BLOCK_ROWS", num_rows)
    monkeypatch.setattr("bali.evaluation.systems.language_model._BLOCK_NAMES", 3)
    rows = [7, 0, 3, 3, 9]
    blocks = list(system.scores(TEXTS, rows))
    assert [len(block["cls"]) for block in blocks] == {1: [1] * 5, 4: [4, 1]}[num_rows]
    for pooling in POOLINGS:
        whole = np.concatenate([block[pooling] for block in blocks])
        assert whole.shape == (5, len(TEXTS))
        np.testing.assert_allclose(whole, cosines[pooling][rows], atol=1e-5)


def test_the_nearest_name_of_a_name_is_itself(system):
    dictionary = make_dictionary(pl.DataFrame({"cui": [cui for cui, _ in NAMES], "name": TEXTS}))
    hits = system.nearest(dictionary, TEXTS)
    for pooling in POOLINGS:
        assert [found[0] for found in hits[pooling]] == [(cui, name.lower()) for cui, name in NAMES]
        assert {len(found) for found in hits[pooling]} == {6}


def test_a_mention_that_is_cut_off_has_no_concepts(system):
    dictionary = make_dictionary(pl.DataFrame({"cui": [cui for cui, _ in NAMES], "name": TEXTS}))
    long = " ".join(["cough"] * 100)
    mentions = [
        MentionInText("fever and cough", 0, 5),
        MentionInText(long, len(long) - 5, len(long)),
        MentionInText(long, 0, 5),
        MentionInText("fever and cough", 10, 15),
    ]
    hits = system.nearest_in_context(dictionary, mentions)
    for pooling in POOLINGS:
        assert [len(found) for found in hits[pooling]] == [6, 0, 6, 6]
        alone = system.nearest_in_context(dictionary, mentions[3:])[pooling]
        assert hits[pooling][3] == alone[0]


def test_half_precision_is_for_a_gpu_that_has_it(monkeypatch):
    gpu = torch.device("cuda")
    assert autocast_dtype("bfloat16", CPU) is None
    for has_it in (True, False):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, has_it=has_it: has_it)
        assert autocast_dtype("float32", gpu) is None
        for precision in ("auto", "bfloat16"):
            assert autocast_dtype(precision, gpu) == (torch.bfloat16 if has_it else None)
