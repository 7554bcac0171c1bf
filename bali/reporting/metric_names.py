"""Tasks, metrics and numbers as a reader says them."""

from typing import NamedTuple

from bali.tasks import TASKS

METRIC_NAMES = {
    "accuracy@1": "Acc@1",
    "accuracy@5": "Acc@5",
    "hits@1": "Hits@1",
    "hits@10": "Hits@10",
    "mrr": "MRR",
    "f1": "F1",
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "span_f1": "F1 of spans",
    "spearman": "Spearman",
    "pearson": "Pearson",
    "mention_name_cosine": "cosine of mention and name",
}
POOLINGS = {"cls": "[CLS]", "mean": "mean"}  # the last part of a metric's name, where it has one


class MetricKey(NamedTuple):
    """What was measured."""

    task: str
    dataset: str
    split: str
    metric: str

    @property
    def is_descriptive(self) -> bool:
        """Whether neither more nor less of it is better; such a number is no share."""
        stem, _ = split_pooling(self.metric)
        return self.task in TASKS and stem in TASKS[self.task].descriptive


def split_pooling(metric: str) -> tuple[str, str]:
    """A metric's name without its pooling, and the pooling: accuracy@1_cls -> accuracy@1, cls; "" where it has none."""
    stem, _, pooling = metric.rpartition("_")
    return (stem, pooling) if stem and pooling in POOLINGS else (metric, "")


def label(key: MetricKey) -> str:
    """A key as a reader says it, e.g. `entity linking, ncbi disease (Acc@1)`."""
    return f"{subject(key)} ({metric_name(key.metric)})"


def subject(key: MetricKey) -> str:
    """Task and dataset of a key; the dataset is left out where it adds nothing."""
    return task_name(key.task) if key.dataset in {key.task, key.split} else f"{task_name(key.task)}, {dataset(key)}"


def dataset(key: MetricKey) -> str:
    """The dataset of a key."""
    return key.dataset.replace("_", " ")


def task_name(task: str) -> str:
    """The title of a task; the name of one that is not known here."""
    return TASKS[task].title if task in TASKS else task.replace("_", " ")


def metric_name(metric: str) -> str:
    """A metric as a reader says it, e.g. `Acc@1, mean` for accuracy@1_mean: the pooling follows the comma.

    What follows a full stop is a part of the examples: `F1 of spans: Disease` for span_f1.Disease.
    """
    stem, pooling = split_pooling(metric)
    whole, _, part = stem.partition(".")
    name = METRIC_NAMES.get(whole, whole.replace("_", " ")) + (f": {part}" if part else "")
    return f"{name}, {POOLINGS[pooling]}" if pooling else name


def number(key: MetricKey, value: float) -> str:
    """A value of a measure: percent, of a correlation 100 times itself; of a descriptive measure the plain number."""
    return f"{value:.3f}".replace("-", "−") if key.is_descriptive else percent(value)


def change(key: MetricKey, value: float) -> str:
    """A difference of two values of a measure, with its sign."""
    text = number(key, value)
    return text if text.startswith("−") else f"+{text}"


def percent(value: float) -> str:
    """A share as a percentage with one decimal, without the sign: 0.5789 -> 57.9."""
    return f"{100 * value:.1f}".replace("-", "−")


def signed(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return percent(value) if value < 0 else f"+{percent(value)}"
