"""Shingles and containment once more, in plain Python."""

from collections.abc import Iterable, Sequence
from itertools import groupby

Row = tuple[int, int, str]  # pmid, sentence_id, text
NUM_WORDS = 5


def words(text: str) -> list[str]:
    """Runs of letters and digits; a letter whose lower case is two characters stays."""
    lower = ((character, character.lower()) for character in text)
    return "".join((one if len(low) > 1 else low) if one.isalnum() else " " for one, low in lower).split(" ")


def shingles(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """Runs of five words of texts that follow each other."""
    run = [word for text in texts for word in words(text) if word]
    return {tuple(run[start : start + NUM_WORDS]) for start in range(len(run) - NUM_WORDS + 1)}


def document_shingles(rows: Sequence[Row]) -> dict[int, set[tuple[str, ...]]]:
    """PMID -> shingles; a sentence that is left out parts the sentences beside it."""
    found: dict[int, set[tuple[str, ...]]] = {}
    for (pmid, _), run in groupby(enumerate(rows), key=lambda item: (item[1][0], item[1][1] - item[0])):
        found.setdefault(pmid, set()).update(shingles(text for _, (_, _, text) in run))
    return found


def best(text: str, documents: dict[int, set[tuple[str, ...]]]) -> tuple[int, int]:
    """Most shingles of a text in one document, and its PMID, the lowest of several; (0, -1) for none."""
    own = shingles([text])
    ranked = sorted((-len(own & held), pmid) for pmid, held in documents.items() if own & held)
    return (-ranked[0][0], ranked[0][1]) if ranked else (0, -1)
