"""What each example adds to a metric: numbers whose sums over the examples, divided, are the metric.

Each function gives (values, weights), one of each per example; the metric is the sum of the values over that of the
weights (`dev_score`). So every metric can be resampled and compared example by example. F1 is
2 tp / (2 tp + fp + fn): an example's value is its 2 tp, its weight its 2 tp + fp + fn.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

Parts = tuple[list[float], list[float]]
Span = tuple[int, int, str]


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> Parts:
    """Share of examples whose label is right."""
    return [float(g == p) for g, p in zip(gold, predicted, strict=True)], [1.0] * len(gold)


def micro_f1(gold: Sequence[str], predicted: Sequence[str], negative: Collection[str]) -> Parts:
    """Micro-F1 over all labels but the negative ones, as BLURB scores ChemProt and DDI (Gu et al. 2021).

    Args:
        gold: right labels.
        predicted: the model's.
        negative: labels that stand for no relation; finding them earns nothing.
    """
    assert not isinstance(negative, str), "expected a collection of labels, got one string"
    ignored = frozenset(negative)
    return _f1(({g} - ignored, {p} - ignored) for g, p in zip(gold, predicted, strict=True))


def binary_f1(gold: Sequence[str], predicted: Sequence[str], positive: str) -> Parts:
    """F1 of one label."""
    return _f1(({g} & {positive}, {p} & {positive}) for g, p in zip(gold, predicted, strict=True))


def span_f1(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Parts:
    """F1 of the spans of tagged sentences, one example each: a span is right if start, end and type are.

    Args:
        gold: tags of each sentence: O, B-TYPE, I-TYPE.
        predicted: the model's, as many.
    """
    pairs = list(zip(gold, predicted, strict=True))
    assert all(len(g) == len(p) for g, p in pairs), "expected as many predicted tags as gold ones in each sentence"
    return _f1((set(spans(g)), set(spans(p))) for g, p in pairs)


def spans(tags: Sequence[str]) -> Iterator[Span]:
    """The spans (start, end exclusive, type) of IOB2 tags, in order.

    An I- that follows O or another type starts a span, as in seqeval's default mode and in CoNLL's evaluation.
    """
    start, kind = 0, None
    for position, tag in enumerate([*tags, "O"]):
        prefix, _, found = tag.partition("-")
        assert prefix in {"B", "I", "O"}, f"expected tags B-TYPE, I-TYPE and O, got {tag!r}"
        if prefix == "I" and found == kind:
            continue
        if kind is not None:
            yield start, position, kind
        start, kind = position, None if prefix == "O" else found


def dev_score(values: Sequence[float], weights: Sequence[float]) -> float:
    """The metric of these examples: the sum of values over that of weights, 0 where the weights sum to 0."""
    total = sum(weights)
    return sum(values) / total if total else 0.0


def _f1(pairs: Iterable[tuple[AbstractSet[object], AbstractSet[object]]]) -> Parts:
    """Values and weights of examples given as what is there (gold) and what was found."""
    counts = [(2.0 * len(gold & found), float(len(gold) + len(found))) for gold, found in pairs]
    return [value for value, _ in counts], [weight for _, weight in counts]
