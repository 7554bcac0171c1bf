import logging
import shutil

import pytest
import torch
from transformers import AutoModelForMaskedLM, BertConfig, BertForMaskedLM, BertModel, RobertaConfig, RobertaForMaskedLM

from bali.errors import InputError
from bali.models.language_model import (
    load_language_model,
    masked_logits,
    num_positions,
    save_language_model,
    token_states,
)
from bali.models.wordpiece import SPECIAL_TOKENS, make_tokenizer

SIZES = {"vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
CONFIG = BertConfig(**SIZES, max_position_embeddings=32)
TOKENIZER = make_tokenizer([*SPECIAL_TOKENS, "a", "b", "##a", "##b"], 32)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    save_language_model(BertForMaskedLM(CONFIG), TOKENIZER, tmp_path / "model")
    return tmp_path / "model"


def test_a_folder_is_loaded_with_its_own_head(folder):
    loaded = load_language_model(folder, 32)
    assert loaded.has_own_head
    assert loaded.model.training
    saved = AutoModelForMaskedLM.from_pretrained(folder).state_dict()
    assert len(saved) > 10
    assert all(torch.equal(value, saved[name]) for name, value in loaded.model.state_dict().items())


def test_saving_twice_gives_equal_files_without_paths(folder, tmp_path):
    loaded = load_language_model(folder, 32)
    save_language_model(loaded.model, loaded.tokenizer, tmp_path / "again")
    names = sorted(path.name for path in folder.iterdir())
    assert "model.safetensors" in names
    for name in names:
        content = (folder / name).read_bytes()
        assert content == (tmp_path / "again" / name).read_bytes(), name
        assert str(tmp_path).encode() not in content


def test_a_missing_head_is_said_aloud(tmp_path, caplog):
    BertModel(CONFIG).save_pretrained(tmp_path / "model")
    TOKENIZER.save_pretrained(tmp_path / "model")
    with caplog.at_level(logging.WARNING):
        assert not load_language_model(tmp_path / "model", 32).has_own_head
    assert "NO masked-language-modelling head" in caplog.text


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ("config.json", "expected config.json"),
        ("model.safetensors", "expected weights"),
        ("tokenizer.json", "expected a tokenizer"),
    ],
)
def test_a_part_that_is_missing_is_named_in_one_line(folder, removed, message):
    (folder / removed).unlink()
    with pytest.raises(InputError, match=message) as caught:
        load_language_model(folder, 32)
    assert "\n" not in str(caught.value)


def test_no_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="found none"):
        load_language_model(tmp_path / "nowhere", 32)


def test_damaged_weights_and_tokenizers_are_named(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "other")
    (folder / "model.safetensors").write_bytes(b"garbage")
    (tmp_path / "other/tokenizer.json").write_text("{")
    for broken in (folder, tmp_path / "other"):
        with pytest.raises(InputError, match="loading failed") as caught:
            load_language_model(broken, 32)
        assert "\n" not in str(caught.value)


def test_a_tokenizer_larger_than_the_embeddings_is_refused(folder):
    make_tokenizer([*SPECIAL_TOKENS, *"abcdefgh"], 32).save_pretrained(folder)
    with pytest.raises(InputError, match="do not belong together"):
        load_language_model(folder, 32)


def test_sentences_longer_than_the_positions_are_refused(folder):
    with pytest.raises(InputError, match="32 positions"):
        load_language_model(folder, 33)


def test_positions_of_roberta_start_after_the_padding():
    assert num_positions(RobertaConfig(max_position_embeddings=514)) == 512
    assert num_positions(CONFIG) == 32


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_states_and_logits_equal_the_whole_model(kind):
    model = BertForMaskedLM(BertConfig(**SIZES)) if kind == "bert" else RobertaForMaskedLM(RobertaConfig(**SIZES))
    model.eval()
    ids = torch.tensor([[5, 6, 7, 8], [8, 7, 6, 5]])
    mask = torch.ones_like(ids)
    states = token_states(model, ids, mask)
    whole = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    torch.testing.assert_close(states, whole.hidden_states[-1])
    position = torch.tensor([6, 1])
    torch.testing.assert_close(masked_logits(model, states, position), whole.logits.flatten(0, 1)[position])
