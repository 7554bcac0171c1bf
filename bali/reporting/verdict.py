"""The result in words: on how many main measures each model is better than another, and on which not."""

from collections.abc import Sequence
from dataclasses import dataclass

from bali.reporting.metric_names import MetricKey, change, label, number
from bali.reporting.metric_table import BETTER, SAME, SIGNIFICANCE, WORSE, Difference, MetricTable
from bali.vocabulary import BASE_MODEL

WORDS = {BETTER: "better", WORSE: "worse", SAME: "no clear difference"}


@dataclass(frozen=True)
class Verdict:
    """What is said of a model against another.

    Attributes:
        model: the model.
        baseline: what it was compared with.
        sentence: the counts.
        details: (verdict in words, the measures and differences), in the order of `WORDS`.
    """

    model: str
    baseline: str
    sentence: str
    details: Sequence[tuple[str, Sequence[str]]]


def verdicts(table: MetricTable) -> list[Verdict]:
    """One verdict per model other than the base, against the base; the model with most wins first."""
    found = [(_main(table, model, BASE_MODEL), model) for model in table.models if model != BASE_MODEL]
    found.sort(key=lambda pair: -sum(difference.verdict == BETTER for _, difference in pair[0]))
    return [_verdict(main, model, BASE_MODEL) for main, model in found]


def comparisons_between(table: MetricTable) -> list[Verdict]:
    """One verdict per compared pair of models neither of which is the base or a baseline."""
    pairs = dict.fromkeys((model, baseline) for _, model, baseline in table.differences)
    wanted = {*table.models} - {BASE_MODEL}
    order = {model: place for place, model in enumerate(table.models)}
    chosen = [(model, baseline) for model, baseline in pairs if {model, baseline} <= wanted]
    chosen.sort(key=lambda pair: (order[pair[0]], order[pair[1]]))
    return [_verdict(_main(table, model, baseline), model, baseline) for model, baseline in chosen]


def baseline_sentence(table: MetricTable) -> str | None:
    """On how many main measures the base model's value is above the best baseline's; None without a common measure."""
    rows = []
    for key in table.main:
        scored = [(table.cells[key, name].value, name) for name in table.baselines if (key, name) in table.cells]
        if scored and (key, BASE_MODEL) in table.cells:
            best = max(scored, key=lambda pair: pair[0])
            rows.append((key, table.cells[key, BASE_MODEL].value, *best))
    if not rows:
        return None
    lost = [
        f"{label(key)}: {name} {number(key, best)}, {BASE_MODEL} {number(key, value)}"
        for key, value, best, name in rows
        if value <= best
    ]
    above = _share(len(rows) - len(lost), len(rows))
    names = ", ".join(table.baselines)
    sentence = f"{BASE_MODEL} is above the best of the baselines ({names}) on {above}, by value."
    return f"{sentence} It is not on {'; '.join(lost)}." if lost else sentence


def _main(table: MetricTable, model: str, baseline: str) -> list[tuple[MetricKey, Difference]]:
    """The main measures on which two models were compared."""
    differences = table.differences
    return [(k, differences[k, model, baseline]) for k in table.main if (k, model, baseline) in differences]


def _verdict(found: Sequence[tuple[MetricKey, Difference]], model: str, baseline: str) -> Verdict:
    if not found:
        return Verdict(model, baseline, f"{model} was not compared with {baseline} on a main measure.", [])
    by_verdict = {v: [(key, d) for key, d in found if d.verdict == v] for v in WORDS}
    better, worse = (len(by_verdict[verdict]) for verdict in (BETTER, WORSE))
    sentence = (
        f"{model}: better than {baseline} on {_share(better, len(found))}, worse on {worse or 'none'} ({_test(found)})."
    )
    details = [(WORDS[verdict], [_measured(*pair) for pair in pairs]) for verdict, pairs in by_verdict.items() if pairs]
    return Verdict(model, baseline, sentence, details)


def _test(found: Sequence[tuple[MetricKey, Difference]]) -> str:
    """How the verdict was reached."""
    num_corrected = sum(difference.p_corrected is not None for _, difference in found)
    if not num_corrected:
        return "95 % interval of the paired bootstrap, not corrected"
    return f"p < {SIGNIFICANCE}, paired bootstrap, Holm-corrected over the {num_corrected}"


def _share(num: int, of: int) -> str:
    if of == 1:
        return "the only main measure" if num else "no main measure (of one)"
    return {0: "none", of: "all"}.get(num, str(num)) + (f" {of}" if num == of else f" of {of}") + " main measures"


def _measured(key: MetricKey, d: Difference) -> str:
    interval = f"[{change(key, d.ci_low)}, {change(key, d.ci_high)}]"
    return f"{label(key)} {change(key, d.value)} {interval}"
