"""The language model: a Hugging Face encoder with its masked-language-modelling head, read from a directory."""

import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForMaskedLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from bali.errors import InputError
from bali.io.seals import check_folder

logger = logging.getLogger(__name__)

DAMAGED = "Delete the folder and make the model again; if you changed it on purpose, delete its digests.json."
_TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model")
_WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
# The head modules that map the state of a token to logits by itself, in BERT-like and RoBERTa-like models.
_TOKEN_WISE_HEADS = ("cls", "lm_head")
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "longformer")  # positions start after the padding id


@dataclass(frozen=True)
class LanguageModel:
    """A model, its tokenizer, and whether the checkpoint brought the head along.

    Attributes:
        model: `AutoModelForMaskedLM`, float32, in training mode.
        tokenizer: a fast tokenizer with a mask token.
        has_own_head: False where the head was freshly initialised.
    """

    model: Any
    tokenizer: Any
    has_own_head: bool


def load_language_model(directory: Path, max_length: int) -> LanguageModel:
    """Load a masked language model from a Hugging Face directory; no network, no code from the directory.

    Args:
        directory: with config.json, tokenizer and weights (safetensors, or PyTorch's read with `weights_only`).
        max_length: longest sequence that will be asked for, tokens.

    Raises:
        InputError: a part of the directory is missing or does not serve; one line says which.
        ArtefactError: a stage of ours wrote the directory, and it was damaged or changed since.
    """
    _check_directory(directory)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = load_tokenizer(directory)
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # what it would warn of is said below, in our words
    try:
        model, info = AutoModelForMaskedLM.from_pretrained(
            directory, output_loading_info=True, local_files_only=True, trust_remote_code=False, dtype=torch.float32
        )
    except Exception as error:  # transformers, safetensors and torch each raise their own on a damaged file
        raise InputError(
            f"{directory}: expected a masked language model, loading failed: {_first_line(error)}"
        ) from error
    _check_sizes(directory, model, tokenizer, max_length)
    prefix = f"{model.base_model_prefix}."
    missing = sorted(info["missing_keys"])
    if body := [name for name in missing if name.startswith(prefix)]:
        raise InputError(f"{directory}: the weights lack {len(body)} tensors of the encoder, e.g. {body[0]}.")
    if missing:
        logger.warning(
            "%s has NO masked-language-modelling head: %s and %d more start from random numbers, and the first steps "
            "train mainly them",
            *(directory, missing[0], len(missing) - 1),
        )
    model.train()
    return LanguageModel(model, tokenizer, has_own_head=not missing)


def load_tokenizer(directory: Path) -> Any:
    """Load a fast tokenizer with a mask token from a directory.

    Raises:
        InputError: there is none. (transformers itself makes up an empty one where the files are missing.)
    """
    if not any((directory / name).is_file() for name in _TOKENIZER_FILES):
        raise InputError(
            f"{directory}: expected a tokenizer ({', '.join(_TOKENIZER_FILES)}), found none. "
            "Save the model's tokenizer into the directory."
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # tokenizers raises plain Exception on a damaged file
        raise InputError(f"{directory}: expected a tokenizer, loading failed: {_first_line(error)}") from error
    if not tokenizer.is_fast or tokenizer.mask_token_id is None:
        raise InputError(
            f"{directory}: expected a fast tokenizer with a mask token, found {type(tokenizer).__name__}, "
            f"fast: {tokenizer.is_fast}, mask token: {tokenizer.mask_token}."
        )
    return tokenizer


def save_language_model(model: Any, tokenizer: Any, directory: Path) -> None:
    """Write model and tokenizer as a Hugging Face directory with safetensors; nothing in it names another path."""
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model.config._name_or_path = ""
    model.save_pretrained(directory)
    for key in ("is_local", "local_files_only", "name_or_path"):
        tokenizer.init_kwargs.pop(key, None)
    # Truncation and padding of the last texts that were read would be saved as the tokenizer's own.
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(directory)


def token_states(model: Any, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
    """The last layer's states, (num_texts, length, hidden)."""
    return model.base_model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def masked_logits(model: Any, states: Tensor, position: Tensor) -> Tensor:
    """The head's logits at flattened token positions, (num_targets, vocabulary): nothing is computed elsewhere."""
    return prediction_head(model)(states.flatten(0, 1).index_select(0, position))


def prediction_head(model: Any) -> nn.Module:
    """The head that maps token states to logits, tied to the embeddings where the checkpoint's is.

    Raises:
        InputError: the architecture keeps its head elsewhere.
    """
    for name in _TOKEN_WISE_HEADS:
        if isinstance(head := getattr(model, name, None), nn.Module):
            return head
    raise InputError(
        f"base model: expected a BERT- or RoBERTa-like architecture (a head named {' or '.join(_TOKEN_WISE_HEADS)}), "
        f"found {type(model).__name__}."
    )


def num_positions(config: Any) -> int:
    """The longest sequence that a model takes, tokens; no limit is known where the configuration names none."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is None:
        return sys.maxsize
    return int(positions) - (config.pad_token_id + 1 if config.model_type in _OFFSET_POSITIONS else 0)


def _check_directory(directory: Path) -> None:
    if not directory.is_dir():
        raise InputError(f"{directory}: expected the directory of a Hugging Face model, found none.")
    if not (directory / "config.json").is_file():
        raise InputError(f"{directory}: expected config.json of a Hugging Face model, found none.")
    if not any((directory / name).is_file() for name in _WEIGHT_FILES):
        raise InputError(f"{directory}: expected weights ({', '.join(_WEIGHT_FILES)}), found none.")
    check_folder(directory, DAMAGED)


def _check_sizes(directory: Path, model: Any, tokenizer: Any, max_length: int) -> None:
    prediction_head(model)
    num_embeddings = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > num_embeddings:
        raise InputError(
            f"{directory}: expected a tokenizer of at most {num_embeddings} tokens, the size of the embeddings, "
            f"found {len(tokenizer)}: tokenizer and weights do not belong together."
        )
    positions = num_positions(model.config)
    if max_length > positions:
        raise InputError(
            f"{directory}: the model has {positions} positions; lower pretraining.max_sentence_length and "
            f"max_name_length, found {max_length}."
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
