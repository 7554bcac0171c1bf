"""A small BERT made from the corpus: WordPiece vocabulary and a short run of masked language modelling."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from transformers import BertConfig, BertForMaskedLM

from bali.batching.batch import Batch
from bali.batching.collator import Collator
from bali.batching.example_dataset import Example
from bali.batching.randomness import Draws, Stream, torch_seed
from bali.batching.sampler import BatchSampler
from bali.batching.sentences import SentenceSide
from bali.config import BaseModelRecipe, Pretraining
from bali.errors import ConfigError, InputError
from bali.io.census import Census
from bali.io.parquet import iterate_artefact, read_artefact
from bali.models.wordpiece import count_words, learn_vocabulary, make_tokenizer
from bali.schemas import HELD_OUT, SENTENCES
from bali.strict import decode
from bali.training.alignment import AlignmentModel
from bali.training.data import sentence_options
from bali.training.device import Device
from bali.training.loading import TrainingBatches
from bali.training.loop import Place, Trainer

logger = logging.getLogger(__name__)

MAX_SENTENCES = 1_000_000  # ours: what a small model can learn from fits in memory; the first of the shards are taken


def read_sentences(shards: Sequence[Path], held_out: Path, census: Census) -> list[str]:
    """The sentences of documents that are not held out, in the order of the shards; `census` takes the counts.

    Raises:
        ArtefactError: an artefact is missing or damaged.
        InputError: no sentence is left.
    """
    held_out_pmids = pc.unique(read_artefact(held_out, HELD_OUT, ["pmid"])["pmid"].combine_chunks())
    tally = census.table("sentences")
    texts: list[str] = []
    for shard in shards:
        for batch in iterate_artefact(shard, SENTENCES, ["pmid", "text"]):
            kept = batch.filter(pc.invert(pc.is_in(batch["pmid"], value_set=held_out_pmids)))
            taken = kept.slice(0, MAX_SENTENCES - len(texts))["text"].to_pylist()
            texts.extend(taken)
            tally.rows_in += batch.num_rows
            tally.drop("held out", batch.num_rows - kept.num_rows)
            tally.drop(f"beyond the first {MAX_SENTENCES}", kept.num_rows - len(taken))
    tally.rows_out = len(texts)
    if not texts:
        raise InputError(
            f"base model: expected sentences outside held-out documents, found none among {tally.rows_in}. "
            "Check corpus.inputs and corpus.held_out_pmids."
        )
    return texts


def train_base_model(texts: Sequence[str], recipe: BaseModelRecipe, device: Device, seed: int) -> tuple[Any, Any]:
    """Make vocabulary and model from sentences.

    Returns:
        `BertForMaskedLM` on the CPU and its tokenizer.

    Raises:
        ConfigError: the recipe's numbers do not fit together.
    """
    tokenizer = make_tokenizer(learn_vocabulary(count_words(texts), recipe.vocabulary_size), recipe.max_length)
    logger.info("vocabulary: %d WordPiece entries from %d sentences", len(tokenizer), len(texts))
    model = _new_model(recipe, tokenizer, seed)
    values = recipe.model_dump(include={"batch_size", "num_steps", "learning_rate"})
    values |= {"graph_encoder": "none", "max_sentence_length": recipe.max_length}
    options = decode(Pretraining, values, prefix="base_model")
    batches = TrainingBatches(_Batches(texts, tokenizer, options, seed), validation=[])
    Trainer(AlignmentModel(model, None), options, batches, Place(device), seed).run()
    return model.cpu(), tokenizer


class _Batches:
    """Batches of plain sentences by number."""

    def __init__(self, texts: Sequence[str], tokenizer: Any, options: Pretraining, seed: int) -> None:
        lengths = pc.utf8_length(pa.array(texts, pa.large_string())).to_numpy().astype(np.int32)
        self._texts = texts
        self._seed = seed
        self._sampler = BatchSampler(lengths, options.batch_size, seed)
        self._collate = Collator(SentenceSide(tokenizer, sentence_options(options), None))

    def __call__(self, number: int) -> Batch:
        examples = [Example(self._texts[row], ()) for row in self._sampler.rows(number)]
        return self._collate(examples, Draws(self._seed, Stream.COLLATION, number))


def _new_model(recipe: BaseModelRecipe, tokenizer: Any, seed: int) -> Any:
    if recipe.hidden_size % recipe.num_heads:
        raise ConfigError(
            f"base_model.num_heads: must divide hidden_size {recipe.hidden_size}, got {recipe.num_heads}."
        )
    torch.manual_seed(torch_seed(seed, Stream.INITIALISATION))
    return BertForMaskedLM(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=recipe.hidden_size,
            num_hidden_layers=recipe.num_layers,
            num_attention_heads=recipe.num_heads,
            intermediate_size=4 * recipe.hidden_size,
            max_position_embeddings=recipe.max_length,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
