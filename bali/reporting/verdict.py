"""The result in words: where each model beats the base model, and where not."""

from collections.abc import Sequence

from bali.reporting.metric_table import BETTER, SAME, WORSE, Difference, MetricKey, MetricTable
from bali.vocabulary import BASE_MODEL

TASK_NAMES = {
    "entity_linking": "entity linking",
    "pubmedqa": "question answering",
    "concept_retrieval": "mention → concept retrieval",
}
METRIC_NAMES = {"acc@1": "Acc@1", "acc@5": "Acc@5", "mrr": "MRR", "accuracy": "accuracy"}


def verdicts(table: MetricTable) -> list[str]:
    """One sentence per model other than the base, on the main metrics; for aligned ones also against the other models."""
    return [_sentence(table, model, BASE_MODEL) for model in table.models if model != BASE_MODEL]


def comparisons_between(table: MetricTable) -> list[str]:
    """One sentence per compared pair of models neither of which is the base."""
    pairs = list(dict.fromkeys((m, b) for _, m, b in table.differences if b != BASE_MODEL))
    return [_sentence(table, model, baseline) for model, baseline in pairs]


def label(key: MetricKey) -> str:
    """A key as a reader says it, e.g. `entity linking, NCBI disease: Acc@1`."""
    task = TASK_NAMES.get(key.task, key.task.replace("_", " "))
    dataset = "" if key.dataset == key.task else f", {key.dataset.replace('_', ' ')}"
    return f"{task}{dataset}: {metric_name(key.metric)}"


def metric_name(metric: str) -> str:
    """A metric as a reader says it."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def percent(value: float) -> str:
    """A share as a percentage with one decimal, without the sign: 0.5789 -> 57.9."""
    return f"{100 * value:.1f}".replace("-", "−")


def signed(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return percent(value) if value < 0 else f"+{percent(value)}"


def _sentence(table: MetricTable, model: str, baseline: str) -> str:
    found = [(key, table.differences[key, model, baseline]) for key in table.main if (key, model, baseline) in table.differences]
    if not found:
        return f"{model} was not compared with {baseline}."
    better = [(key, d) for key, d in found if d.verdict == BETTER]
    worse = [(key, d) for key, d in found if d.verdict == WORSE]
    same = [(key, d) for key, d in found if d.verdict == SAME]
    parts = [f"beats {baseline} on {len(better)} of {len(found)} main measures{_list(better)}"]
    parts.append(f"loses on {len(worse)}{_list(worse)}" if worse else "loses on none")
    if same:
        parts.append(f"shows no clear difference on {len(same)}{_list(same)}")
    return f"{model} {', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]}."


def _list(found: Sequence[tuple[MetricKey, Difference]]) -> str:
    if not found:
        return ""
    return " (" + "; ".join(f"{label(k)} {signed(d.value)} [{signed(d.ci_low)}, {signed(d.ci_high)}]" for k, d in found) + ")"
