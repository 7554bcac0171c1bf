"""Toy tasks that a tiny model learns in seconds, and tiny models of other families."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizerFast,
)

from bali.evaluation.language_model import LanguageModel
from bali.evaluation.systems.system import Training
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence
from tests.unit.evaluation.fixtures import MAX_LENGTH, WORDS


def labelled(num: int, first: int = 0) -> list[LabelledText]:
    """The label stands in the second text; the first differs in length."""
    words = {"yes": "fever cough", "no": "renal failure", "maybe": "aspirin"}
    labels = ["yes", "no", "yes", "maybe", "no", "yes"]
    return [
        LabelledText(str(i), "severe asthma " * (1 + i % 3), words[labels[i % 6]], labels[i % 6])
        for i in range(first, first + num)
    ]


def questions(num: int, first: int = 0) -> list[ChoiceQuestion]:
    """The right one of two to four options is `aspirin`."""
    rows = []
    for i in range(first, first + num):
        size = 2 + i % 3
        answer = (i * 7 // 3) % size
        others = ["renal failure", "cough", "severe fever", "heart attack"]
        options = tuple("aspirin" if j == answer else others[j] for j in range(size))
        rows.append(ChoiceQuestion(str(i), "asthma and " * (1 + i % 4), options, answer))
    return rows


def sentences(num: int, first: int = 0) -> list[TaggedSentence]:
    """A disease of one or two words and a drug, at places that change."""
    rows = []
    for i in range(first, first + num):
        fill = [WORDS[10 + (i + j) % 6] for j in range(i % 4)]
        words = (*fill, "heart", "attack", "with", "aspirin", *fill[::-1], "cough")
        outside = ["O"] * len(fill)
        tags = (*outside, "B-Disease", "I-Disease", "O", "B-Chemical", *outside, "B-Disease")
        rows.append(TaggedSentence(str(i), words, tags))
    return rows


def split(make: Any, train: int = 24, dev: int = 8, test: int = 8) -> Splits[Any]:
    """Parts without an example in common."""
    return Splits(make(train), make(dev, train), make(test, train + dev))


def training(**changes: Any) -> Training:
    """How to learn the toy tasks."""
    options: dict[str, Any] = {
        "learning_rates": [1e-2],
        "num_epochs": 8,
        "patience": None,
        "batch_size": 4,
        "max_length": MAX_LENGTH,
        "seed": 0,
    }
    return Training(**{**options, **changes})


def roberta(folder: Path, texts: Sequence[str] = WORDS) -> LanguageModel:
    """A byte-level model whose tokenizer takes no words, and which has one token type."""
    bpe = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator([" ".join(texts)] * 3, vocab_size=300, special_tokens=special, show_progress=False)
    bpe.save_model(str(folder))
    tokenizer = RobertaTokenizerFast(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=MAX_LENGTH
    )
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        max_position_embeddings=MAX_LENGTH + 2,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    return LanguageModel(RobertaModel(config, add_pooling_layer=False).eval(), tokenizer, MAX_LENGTH)


def distilbert(tokenizer: Any) -> LanguageModel:
    """A model without token types under a tokenizer of BERT."""
    torch.manual_seed(0)
    config = DistilBertConfig(
        vocab_size=len(tokenizer),
        dim=16,
        hidden_dim=32,
        n_layers=1,
        n_heads=2,
        max_position_embeddings=MAX_LENGTH,
        initializer_range=0.5,
    )
    return LanguageModel(DistilBertModel(config).eval(), tokenizer, MAX_LENGTH)


def bert(tokenizer: Any) -> LanguageModel:
    """A BERT that learns fast: one layer, 32 wide."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=MAX_LENGTH,
        initializer_range=0.1,
    )
    return LanguageModel(BertModel(config, add_pooling_layer=False).eval(), tokenizer, MAX_LENGTH)
