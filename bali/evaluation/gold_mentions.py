"""Gold mentions of linking sets, in PubTator files or BioSyn's folders."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bali.evaluation.identifiers import split_identifiers
from bali.tasks.entity_linking import EntityLinkingDataset
from bali.tasks.gold_documents import read_gold_documents


class GoldMention(NamedTuple):
    """A test mention with its normalised identifiers, any of which is right."""

    pmid: int
    start: int
    end: int
    text: str  # lower-cased
    identifiers: tuple[str, ...]


@dataclass(frozen=True)
class GoldMentions:
    """A linking set.

    Attributes:
        test: mentions with at least one identifier, in the order of the documents, without duplicates.
        seen: lower-cased mentions of the train files, of any type.
        counts: mentions in the test files by what became of them.
    """

    test: Sequence[GoldMention]
    seen: frozenset[str]
    counts: dict[str, int]


def read_gold_mentions(dataset: EntityLinkingDataset) -> GoldMentions:
    """Read the test mentions of a set and the mentions seen in its train files.

    Raises:
        InputError: a file is missing or broken.
    """
    counts: Counter[str] = Counter()
    test: dict[GoldMention, None] = {}
    for path in dataset.test:
        for mention in _read_test(Path(path), dataset.types, counts):
            if mention in test:
                counts["mentions left out: duplicate"] += 1
            test[mention] = None
    counts["mentions"] = len(test)
    seen = frozenset(
        annotation.surface.strip().lower()
        for path in dataset.train
        for document in read_gold_documents(Path(path))
        for annotation in document.annotations
    )
    return GoldMentions(list(test), seen, dict(sorted(counts.items())))


def _read_test(path: Path, types: Collection[str], counts: Counter[str]) -> list[GoldMention]:
    mentions = []
    for document in read_gold_documents(path):
        counts["mentions in files"] += document.num_annotations
        for reason in document.dropped:
            counts[f"mentions left out: {reason}"] += 1
        for annotation in document.annotations:
            identifiers = tuple(split_identifiers(annotation.identifier))
            text = annotation.surface.strip().lower()
            if types and not set(annotation.type.split(",")) & set(types):
                counts["mentions left out: type"] += 1
            elif not identifiers:
                counts["mentions left out: no identifier"] += 1
            else:
                mentions.append(GoldMention(document.pmid, annotation.start, annotation.end, text, identifiers))
    return mentions
