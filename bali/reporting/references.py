"""Published results that stand below the measure they belong to: quoted, not rerun.

`references.tsv` has a line per number: task, dataset (a pattern of the whole name in lower case without `_` and `-`),
split, metric (without pooling), model, value in percent, source. Only measures of a comparable protocol are in it:
BLURB's BIOSSES (fine-tuned), its JNLPBA (without entity types), and ChemProt without a negative class are not.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from bali.reporting.metric_names import MetricKey, split_pooling
from bali.reporting.sources import DEMO_RELEASE


class Reference(NamedTuple):
    """A published number; the fields are the columns of references.tsv."""

    task: str
    dataset: str
    split: str
    metric: str
    model: str
    value: str
    source: str


@dataclass(frozen=True)
class References:
    """The references of the measures shown.

    Attributes:
        of_measure: key -> (model, value in percent, number of the source from 1).
        sources: in the order of their numbers.
    """

    of_measure: dict[MetricKey, Sequence[tuple[str, str, int]]]
    sources: Sequence[str]


def references(keys: Sequence[MetricKey], release: str) -> References:
    """The references of some measures; none for the demo's release, whose data sets are synthetic."""
    sources: dict[str, int] = {}
    of_measure: dict[MetricKey, Sequence[tuple[str, str, int]]] = {}
    for key in keys if release != DEMO_RELEASE else ():
        found = [reference for reference in read_references() if _belongs(reference, key)]
        if found:
            of_measure[key] = [(r.model, r.value, sources.setdefault(r.source, len(sources) + 1)) for r in found]
    return References(of_measure, list(sources))


@cache
def read_references() -> tuple[Reference, ...]:
    """All lines of references.tsv."""
    text = files("bali.reporting").joinpath("references.tsv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert tuple(rows[0]) == Reference._fields, "references.tsv has the columns of Reference"
    return tuple(Reference(*row) for row in rows[1:])


def _belongs(reference: Reference, key: MetricKey) -> bool:
    stem, _ = split_pooling(key.metric)
    name = re.sub(r"[-_ ]", "", key.dataset).lower()
    same = (reference.task, reference.split, reference.metric) == (key.task, key.split, stem)
    return same and re.fullmatch(reference.dataset, name) is not None
