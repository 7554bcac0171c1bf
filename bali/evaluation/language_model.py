"""Loading an encoder and its tokenizer from a local folder."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from bali.errors import InputError
from bali.io.seals import check_folder
from bali.models.language_model import DAMAGED, load_tokenizer

_WEIGHT_FILES = ("*.safetensors", "pytorch_model*.bin")
_DEFAULT_POSITIONS = 512
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "longformer")  # positions start after the padding id


class LanguageModel(NamedTuple):
    """An encoder in evaluation mode and its (fast) tokenizer.

    Attributes:
        model: float32 encoder without pooler; `last_hidden_state` has shape (batch, tokens, hidden).
        tokenizer: fast tokenizer.
        max_length: tokens that the model has positions for.
    """

    model: Any
    tokenizer: Any
    max_length: int


def load_language_model(folder: Path, device: torch.device) -> LanguageModel:
    """Load a Hugging Face encoder from a folder; nothing is fetched, and no code of the folder is run.

    Raises:
        InputError: the folder lacks the configuration, the tokenizer or the weights, or they cannot be read.
        ArtefactError: a stage of ours wrote the folder, and it was damaged or changed since.
    """
    _check_folder(folder)
    tokenizer = load_tokenizer(folder)
    level = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model, info = AutoModel.from_pretrained(
            folder, output_loading_info=True, local_files_only=True, trust_remote_code=False, dtype=torch.float32
        )
    except Exception as error:  # transformers, safetensors and torch each raise their own on a damaged file
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{folder}: expected a Hugging Face encoder, got: {reason}. Save the model again.") from error
    finally:
        transformers_logging.set_verbosity(level)
    _check_parts(folder, model, tokenizer, info["missing_keys"])
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # random where the checkpoint has none; no task reads it
    return LanguageModel(model.to(device).eval(), tokenizer, _num_positions(model.config, tokenizer))


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a Hugging Face model folder, found no directory.")
    for what, patterns in (("config.json", ("config.json",)), (f"weights ({', '.join(_WEIGHT_FILES)})", _WEIGHT_FILES)):
        if not any(True for pattern in patterns for _ in folder.glob(pattern)):
            raise InputError(f"{folder}: expected {what} in the model folder, found none. Save the whole model there.")
    check_folder(folder, DAMAGED)


def _check_parts(folder: Path, model: Any, tokenizer: Any, missing: Collection[str]) -> None:
    absent = sorted(name for name in missing if "pooler" not in name)
    if absent:
        raise InputError(f"{folder}: expected all weights of the encoder, {len(absent)} are missing, e.g. {absent[0]}.")
    num_embeddings = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > num_embeddings:
        raise InputError(
            f"{folder}: expected a tokenizer of at most {num_embeddings} tokens, got {len(tokenizer)}."
            " Save model and tokenizer of one checkpoint."
        )


def _num_positions(config: Any, tokenizer: Any) -> int:
    positions = int(getattr(config, "max_position_embeddings", None) or _DEFAULT_POSITIONS)
    if config.model_type in _OFFSET_POSITIONS:
        positions -= config.pad_token_id + 1
    return int(min(positions, tokenizer.model_max_length))
