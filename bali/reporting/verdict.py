"""The result in words: where each model beats the base model, and where not."""

from collections.abc import Sequence

from bali.reporting.metric_table import BETTER, SAME, WORSE, Difference, MetricKey, MetricTable
from bali.vocabulary import BASE_MODEL

TASK_NAMES = {
    "entity_linking": "entity linking",
    "pubmedqa": "question answering",
    "concept_retrieval": "mention → concept retrieval",
}
METRIC_NAMES = {"accuracy@1": "Acc@1", "accuracy@5": "Acc@5", "mrr": "MRR", "macro_f1": "macro-F1"}
POOLINGS = {"cls": "[CLS]", "mean": "mean"}  # the last part of a metric's name, where it has one


def verdicts(table: MetricTable) -> list[str]:
    """One sentence per model other than the base, on the main metrics; the model with most wins first."""

    def wins(model: str) -> int:
        found = (table.differences.get((key, model, BASE_MODEL)) for key in table.main)
        return sum(difference is not None and difference.verdict == BETTER for difference in found)

    models = [model for model in table.models if model != BASE_MODEL]
    return [_sentence(table, model, BASE_MODEL) for model in sorted(models, key=wins, reverse=True)]


def comparisons_between(table: MetricTable) -> list[str]:
    """One sentence per compared pair of models neither of which is the base."""
    pairs = list(dict.fromkeys((m, b) for _, m, b in table.differences if b != BASE_MODEL))
    return [_sentence(table, model, baseline) for model, baseline in pairs]


def label(key: MetricKey) -> str:
    """A key as a reader says it, e.g. `entity linking, ncbi disease (Acc@1)`."""
    return f"{subject(key)} ({metric_name(key.metric)})"


def subject(key: MetricKey) -> str:
    """Task and dataset of a key; the dataset is left out where it adds nothing."""
    task = TASK_NAMES.get(key.task, key.task.replace("_", " "))
    return task if key.dataset in {key.task, key.split} else f"{task}, {key.dataset.replace('_', ' ')}"


def metric_name(metric: str) -> str:
    """A metric as a reader says it, e.g. `Acc@1, mean` for accuracy@1_mean: the pooling follows the comma."""
    stem, _, pooling = metric.rpartition("_")
    if stem and pooling in POOLINGS:
        return f"{METRIC_NAMES.get(stem, stem.replace('_', ' '))}, {POOLINGS[pooling]}"
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def percent(value: float) -> str:
    """A share as a percentage with one decimal, without the sign: 0.5789 -> 57.9."""
    return f"{100 * value:.1f}".replace("-", "−")


def signed(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return percent(value) if value < 0 else f"+{percent(value)}"


def _sentence(table: MetricTable, model: str, baseline: str) -> str:
    found = [
        (k, table.differences[k, model, baseline]) for k in table.main if (k, model, baseline) in table.differences
    ]
    if not found:
        return f"{model} was not compared with {baseline}."
    parts = []
    for verdict, words in (
        (BETTER, f"beats {baseline}"),
        (WORSE, f"falls behind {baseline}"),
        (SAME, "shows no clear difference"),
    ):
        these = [(key, d) for key, d in found if d.verdict == verdict]
        if these:
            parts.append(f"{words} on {_share(len(these), len(found))}: {_list(these)}")
    return f"{model} {'; it '.join(parts)}."


def _share(num: int, of: int) -> str:
    if of == 1:
        return "the only main measure"
    return f"all {of} main measures" if num == of else f"{num} of {of} main measures"


def _list(found: Sequence[tuple[MetricKey, Difference]]) -> str:
    return ", ".join(f"{label(k)} {signed(d.value)} [{signed(d.ci_low)}, {signed(d.ci_high)}]" for k, d in found)
