"""What each model of the tables is: which keys of the training it changes, or which baseline it is."""

import json
from collections.abc import Sequence

from bali.config import Config
from bali.vocabulary import BASE_MODEL

BASELINE_WORDS = {
    "majority": "baseline: the commonest answer of the training part",
    "random": "baseline: an answer drawn evenly",
    "trigrams": "baseline: TF-IDF of character trigrams, without a language model",
}


def descriptions(config: Config, models: Sequence[str], base_model: str) -> list[tuple[str, str]]:
    """(model, what it is) of the models of a table, in its order."""
    return [(model, _describe(config, model, base_model)) for model in models]


def _describe(config: Config, model: str, base_model: str) -> str:
    if model == BASE_MODEL:
        return f"{base_model}, untouched"
    if model in config.experiments:
        return _changes(config, model)
    return BASELINE_WORDS.get(model, "another model, as published")


def _changes(config: Config, experiment: str) -> str:
    """The keys of an experiment that differ from the section `pretraining`, with their values."""
    changed = [
        f"{key}: {_value(value)}"
        for key, value in config.experiments[experiment].items()
        if value != getattr(config.pretraining, key)
    ]
    encoder = config.pretraining.graph_encoder
    return "; ".join(changed) or f"the section pretraining as it is (graph_encoder: {encoder})"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
