"""What a reader should know of a score before believing it, one line per dataset.

How many of the test texts were seen in the pre-training (by PMID, or as near-duplicate text), how many of the gold
pairs are edges of the graph, and whether the right answers are in the dictionary at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bali.overlap.table import PAIR, PMID, TEXT, OverlapRow, overlap_table
from bali.reporting.metric_names import percent
from bali.reporting.results import Results
from bali.tasks import TASKS
from bali.vocabulary import BASE_MODEL

OVERLAPS = ("evaluation/overlaps/*.parquet", "evaluation/pair_overlaps.parquet")
CENSUSES = ("evaluation/overlaps/**/*.json", "evaluation/pair_overlaps*.json")
UNIQUE, IN_DICTIONARY = "examples in unique", "examples in in_dictionary"  # counts of entity linking
WORDS = {PMID: "PMIDs trained on", TEXT: "near-duplicate text trained on", PAIR: "gold pairs that are edges"}
NUM_SOURCES = 3  # named of the sources of edges
DatasetKey = tuple[str, str]  # task, dataset


def honesty_lines(results: Results) -> dict[DatasetKey, str]:
    """(task, dataset) -> the line, of the datasets of which something is known.

    Raises:
        ArtefactError: an artefact is damaged, or the shards were checked against different sets.
    """
    parts: dict[DatasetKey, list[str]] = {}
    for key, rows in _by_dataset(_overlaps(results)).items():
        parts[key] = [_overlap(row, rows) for check in WORDS for row in rows if (row.check, row.source) == (check, "")]
    for key, counts in _counts(results):
        if counts.get(UNIQUE):
            share = _share(counts[IN_DICTIONARY], counts[UNIQUE])
            parts.setdefault(key, []).append(f"distinct mentions with a right answer in the dictionary: {share}")
    return {key: " · ".join(found) for key, found in parts.items() if found}


def _overlaps(results: Results) -> list[OverlapRow]:
    """The overlaps of all shards; none without their artefacts."""
    artefacts = [path for pattern in OVERLAPS for path in results.files(pattern)]
    censuses = [path for pattern in CENSUSES for path in results.files(pattern)]
    return overlap_table(artefacts, censuses) if artefacts else []


def _by_dataset(rows: Sequence[OverlapRow]) -> dict[DatasetKey, list[OverlapRow]]:
    found: dict[DatasetKey, list[OverlapRow]] = {}
    for row in rows:
        found.setdefault((row.task, row.dataset), []).append(row)
    return found


def _overlap(row: OverlapRow, rows: Sequence[OverlapRow]) -> str:
    """One check in words; of the pairs, with the sources that assert most of them."""
    text = f"{WORDS[row.check]}: {_share(row.num_found, row.num_checked)}"
    sources = sorted((r for r in rows if r.check == row.check and r.source), key=lambda r: (-r.num_found, r.source))
    if sources:
        named = [f"{r.source} {_percent(r.num_found, r.num_checked)}" for r in sources[:NUM_SOURCES]]
        more = [f"{len(sources) - NUM_SOURCES} more"] if len(sources) > NUM_SOURCES else []
        text += f", by {', '.join([*named, *more])}"
    if row.num_checked < row.num_all:
        text += f"; {row.num_all - row.num_checked:,} could not be checked"
    return text


def _counts(results: Results) -> Iterator[tuple[DatasetKey, Mapping[str, Any]]]:
    """The counts of each task and dataset, by the base model's evaluation (they are the same for all models)."""
    for task in TASKS:
        for path in results.files(f"evaluation/{BASE_MODEL}/{task}/*.json")[:1]:
            value = results.json(str(path.relative_to(results.root)))
            found = value.get("counts") or {} if isinstance(value, dict) else {}
            for dataset, counts in sorted(found.items()):
                yield (task, dataset), counts


def _share(num: int, of: int) -> str:
    return f"{num:,} of {of:,}" + (f" ({_percent(num, of)})" if num else "")


def _percent(num: int, of: int) -> str:
    return f"{percent(num / of)} %" if of else "–"
