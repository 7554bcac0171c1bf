"""Protocol of tagging: each word of the test sentences gets a tag; F1 of the spans, of all and of each type."""

from collections.abc import Iterator, Sequence

from bali.evaluation.metrics import dev_score, span_f1, spans
from bali.evaluation.preparation import on_each_dataset
from bali.evaluation.results import PredictionRow, TaskInputs, TaskResult
from bali.evaluation.systems.system import Answers, Training
from bali.tasks.examples import Splits, TaggedSentence
from bali.tasks.task import Tagging

SPLIT = "test"
METRIC = "span_f1"  # of one type: span_f1.TYPE
_OUTSIDE = "O"
Tags = Sequence[Sequence[str]]


def run(task: Tagging, inputs: TaskInputs) -> TaskResult:
    """Train on every dataset whose files are there and tag its test sentences; errors as `on_each_dataset`."""

    def answer(splits: Splits[TaggedSentence], training: Training) -> Answers[tuple[str, ...]]:
        return inputs.system.tag(splits, _tags(splits), training, _score)

    return on_each_dataset(task, inputs, answer, prediction_rows)


def prediction_rows(
    dataset: str, examples: Sequence[TaggedSentence], predicted: Sequence[Sequence[str]]
) -> Iterator[PredictionRow]:
    """A row for each sentence and metric; where the gold spans have several types, also for each type."""
    gold = [example.tags for example in examples]
    types = sorted({kind for tags in gold for _, _, kind in spans(tags)})
    yield from _rows(dataset, METRIC, examples, (gold, predicted))
    for kind in types if len(types) > 1 else ():
        of_kind = ([_only(kind, tags) for tags in gold], [_only(kind, tags) for tags in predicted])
        yield from _rows(dataset, f"{METRIC}.{kind}", examples, of_kind)


def _rows(
    dataset: str, metric: str, examples: Sequence[TaggedSentence], tags: tuple[Tags, Tags]
) -> Iterator[PredictionRow]:
    for e, gold, predicted, value, weight in zip(examples, *tags, *span_f1(*tags), strict=True):
        shown = (_shown(e.words, gold), _shown(e.words, predicted), " ".join(e.words))
        yield PredictionRow(dataset, SPLIT, e.example_id, metric, value, weight, *shown)


def _only(kind: str, tags: Sequence[str]) -> list[str]:
    """The tags of one type, the others made `O`; spans of the type stay as they are."""
    return [tag if tag.partition("-")[2] == kind else _OUTSIDE for tag in tags]


def _shown(words: Sequence[str], tags: Sequence[str]) -> str:
    """Spans as a reader wants to see them: `Disease: heart failure; Chemical: aspirin`."""
    return "; ".join(f"{kind}: {' '.join(words[start:end])}" for start, end, kind in spans(tags))


def _score(gold: Tags, predicted: Tags) -> float:
    return dev_score(*span_f1(gold, predicted))


def _tags(splits: Splits[TaggedSentence]) -> list[str]:
    sentences = [*splits.train, *splits.dev, *splits.test]
    return sorted({tag for sentence in sentences for tag in sentence.tags} | {_OUTSIDE})
