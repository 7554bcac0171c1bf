"""What the aligned model does better and worse than the base model, example by example, on each main measure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from bali.errors import ArtefactError
from bali.evaluation.aggregates import average_ranks
from bali.reporting.concepts import with_names
from bali.reporting.metric_names import MetricKey, split_pooling
from bali.reporting.predictions import read_pair
from bali.reporting.results import Results
from bali.reporting.type_gains import TypeGain, type_gains
from bali.vocabulary import BASE_MODEL

NUM_EXAMPLES = 5  # of each kind
NUM_CHARACTERS = 240  # of a text or an answer; longer ones are cut
CORRELATIONS = ("spearman", "pearson")


@dataclass(frozen=True)
class Example:
    """An example that changed: what was asked, the right answer, and what either model said."""

    text: str
    gold: str
    base: str
    model: str


@dataclass(frozen=True)
class Kind:
    """Examples of one kind: `title` says which, `examples` are a few of the `num`."""

    title: str
    num: int
    examples: Sequence[Example]


@dataclass(frozen=True)
class MeasureErrors:
    """The changes on one measure.

    Attributes:
        key: the measure.
        num_examples: how many there are.
        kinds: what changed for the better, then for the worse.
        unchanged: counts of the others, in words.
        is_ranked: whether examples changed their rank (similarity), not right and wrong.
    """

    key: MetricKey
    num_examples: int
    kinds: Sequence[Kind]
    unchanged: Sequence[tuple[str, int]]
    is_ranked: bool


@dataclass(frozen=True)
class ErrorAnalysis:
    """The changes on all main measures, and on the measures of concepts by semantic type."""

    model: str
    measures: Sequence[MeasureErrors]
    gains: Sequence[tuple[str, Sequence[TypeGain]]]  # by task


def error_analysis(
    results: Results, keys: Sequence[MetricKey], model: str | None, show_text: bool
) -> ErrorAnalysis | None:
    """Compare a model with the base; None where there are no predictions of both.

    Raises:
        ArtefactError: predictions are damaged, or of other examples.
    """
    if model is None:
        return None
    measures: list[MeasureErrors] = []
    scores: dict[str, list[pl.DataFrame]] = {}
    for key in keys:
        rows = read_pair(results, key, (BASE_MODEL, model), show_text)
        if rows is None:
            continue
        is_correlation = split_pooling(key.metric)[0] in CORRELATIONS
        num_shown = NUM_EXAMPLES if show_text else 0
        changes = _rank_changes(rows, num_shown) if is_correlation else _answer_changes(results, rows, num_shown)
        measures.append(MeasureErrors(key, rows.height, *changes, is_ranked=is_correlation))
        if not is_correlation:
            scores.setdefault(key.task, []).append(rows.select("gold", "base_score", "model_score"))
    return ErrorAnalysis(model, measures, type_gains(results, scores)) if measures else None


Changes = tuple[Sequence[Kind], Sequence[tuple[str, int]]]  # kinds, unchanged


def _answer_changes(results: Results, rows: pl.DataFrame, num_shown: int) -> Changes:
    """Fixed: not right by the base on most seeds, right by the model on most; broken: the other way round."""
    base, model = rows["base_right"] > 0.5, rows["model_right"] > 0.5
    kinds = [
        _kind(results, title, rows.filter(changed), num_shown)
        for title, changed in (("fixed", ~base & model), ("broken", base & ~model))
    ]
    right, wrong = int((base & model).sum()), int((~base & ~model).sum())
    return kinds, [("right before and after", right), ("wrong before and after", wrong)]


def _kind(results: Results, title: str, rows: pl.DataFrame, num_shown: int) -> Kind:
    """Examples spread evenly over the ones of this kind, in order of their identifiers."""
    num = min(num_shown, rows.height)
    chosen = rows[[i * rows.height // num for i in range(num)]] if num else rows.clear()
    gold = with_names(results, chosen["gold"].to_list())
    answers = chosen.select("base_answer", "model_answer").iter_rows()
    texts = zip(chosen["text"], gold, answers, strict=True)
    return Kind(title, rows.height, [_example(text, right, *given) for text, right, given in texts])


def _rank_changes(rows: pl.DataFrame, num_shown: int) -> Changes:
    """Pairs whose rank among all came nearer to, or went further from, the rank that people give them."""
    once = np.ones((1, rows.height))
    rated = rows["gold"].cast(pl.Float64, strict=False)
    if rated.null_count():
        raise ArtefactError(
            "evaluation: expected numbers as the gold of a correlation, got others. Run stage evaluate again."
        )
    gold = average_ranks(once, rated.to_numpy())[0]
    base, model = (average_ranks(once, rows[f"{side}_raw"].to_numpy())[0] for side in ("base", "model"))
    nearer = np.abs(base - gold) - np.abs(model - gold)
    rows = rows.with_columns(nearer=nearer, gold_rank=gold, base_rank=base, model_rank=model)
    towards = rows.filter(pl.col("nearer") > 0).sort(-pl.col("nearer"), "example_id")
    away = rows.filter(pl.col("nearer") < 0).sort("nearer", "example_id")
    kinds = [
        _ranked("moved towards the human rank", towards, num_shown),
        _ranked("moved away from it", away, num_shown),
    ]
    return kinds, [("as far as before", rows.height - towards.height - away.height)]


def _ranked(title: str, rows: pl.DataFrame, num_shown: int) -> Kind:
    """The pairs that moved furthest; the answers are ranks, the highest is the most alike."""
    chosen = rows.head(num_shown).select("text", "gold_rank", "base_rank", "model_rank").iter_rows()
    return Kind(title, rows.height, [_example(text, *(f"{rank:g}" for rank in ranks)) for text, *ranks in chosen])


def _example(text: str, gold: str, base: str, model: str) -> Example:
    return Example(*(shortened(part) for part in (text, gold, base, model)))


def shortened(text: str) -> str:
    """A text as one line of at most `NUM_CHARACTERS`."""
    line = " ".join(text.split())
    return line if len(line) <= NUM_CHARACTERS else line[: NUM_CHARACTERS - 1] + "…"
