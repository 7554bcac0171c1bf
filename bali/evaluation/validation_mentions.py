"""Mentions in the validation sentences, a fixed number of them."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from bali.evaluation.sampling import evenly_spaced
from bali.evaluation.systems.system import MentionInText
from bali.io.parquet import iterate_artefact
from bali.schemas import EXAMPLES


class ValidationMention(NamedTuple):
    """A mention in a validation sentence.

    Attributes:
        example_id: PMID:sentence:start-end.
        cui: its concept.
        place: sentence and span.
    """

    example_id: str
    cui: str
    place: MentionInText

    @property
    def surface(self) -> str:
        """The text of the mention."""
        return self.place.sentence[self.place.start : self.place.end]


def choose_mentions(
    paths: Sequence[Path], cuis: AbstractSet[str], max_mentions: int
) -> tuple[list[ValidationMention], int]:
    """Mentions evenly spaced over all that have one of the concepts, and how many of these there are.

    Args:
        paths: validation examples; read twice, so that only the chosen ones are in memory.
        cuis: of the concepts.
        max_mentions: at most so many are chosen.

    Raises:
        ArtefactError: a file is missing or damaged.
    """
    num_all = sum(1 for mention in _mentions(paths) if mention.cui in cuis)
    chosen = frozenset(evenly_spaced(num_all, max_mentions).tolist())
    with_concept = (mention for mention in _mentions(paths) if mention.cui in cuis)
    return [mention for position, mention in enumerate(with_concept) if position in chosen], num_all


def _mentions(paths: Sequence[Path]) -> Iterator[ValidationMention]:
    """All mentions, by file name, then in the order of the file."""
    for path in sorted(paths):
        for batch in iterate_artefact(path, EXAMPLES):
            for row in batch.to_pylist():
                for m in row["mentions"]:
                    name = f"{row['pmid']}:{row['sentence_id']}:{m['start']}-{m['end']}"
                    yield ValidationMention(name, m["cui"], MentionInText(row["text"], m["start"], m["end"]))
