"""Which unlisted forms of a name the corpus shows, and which are kept for the linking test."""

from collections import Counter
from dataclasses import dataclass

from source.knowledge import Concept, Knowledge
from source.language import text_names

_MIN_TYPO_LETTERS = 9
_TYPO_EVERY = 7  # concepts between two typing errors


@dataclass(frozen=True)
class Forms:
    """The forms of one concept, by the set that may show them."""

    corpus: list[str]
    train: list[str]
    test: list[str]


def trigrams(text: str) -> frozenset[str]:
    """Distinct character trigrams of the lower-cased text."""
    lowered = text.lower()
    return frozenset(lowered[i : i + 3] for i in range(len(lowered) - 2))


class NameIndex:
    """The names of the release, searched by character overlap as a matcher of surface forms would."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._names = sorted(knowledge.by_name)
        self._sizes = [len(trigrams(name)) for name in self._names]
        self._having: dict[str, list[int]] = {}
        for number, name in enumerate(self._names):
            for gram in sorted(trigrams(name)):
                self._having.setdefault(gram, []).append(number)

    def nearest(self, text: str) -> tuple[float, str]:
        """The highest Jaccard similarity, and the name that has it (the first in order among equals)."""
        grams = trigrams(text)
        shared = Counter(number for gram in sorted(grams) for number in self._having.get(gram, ()))
        if not shared:
            return 0.0, self._names[0]
        scores = [(count / (len(grams) + self._sizes[i] - count), -i) for i, count in shared.items()]
        score, negative = max(scores)
        return score, self._names[-negative]


def split_forms(knowledge: Knowledge) -> dict[str, Forms]:
    """Deal the forms of every concept.

    The form that resembles a listed name most goes into the corpus and the training part; all others are held out.
    """
    index = NameIndex(knowledge)
    forms = {}
    for position, concept in enumerate(knowledge.concepts):
        ranked = sorted(concept.variants, key=lambda v: (-_own_similarity(knowledge, index, concept, v), v))
        shown, held_out = (ranked[:1], ranked[1:]) if len(ranked) > 1 else ([], ranked)
        listed = text_names(knowledge, concept)
        if position % _TYPO_EVERY == 0:
            held_out += _typos(knowledge, listed)
        cut = (len(held_out) + 1) // 2
        forms[concept.cui] = Forms(listed * 2 + shown, listed + shown, held_out + listed[::-1][:cut])
    return forms


def _own_similarity(knowledge: Knowledge, index: NameIndex, concept: Concept, variant: str) -> float:
    similarity, name = index.nearest(variant)
    return similarity if concept in knowledge.by_name[name] else 0.0


def _typos(knowledge: Knowledge, names: list[str]) -> list[str]:
    """One name with two neighbouring letters exchanged."""
    for name in names:
        word = max(name.split(), key=len)
        if len(word) >= _MIN_TYPO_LETTERS and word.isalpha():
            middle = len(word) // 2
            wrong = name.replace(word, word[:middle] + word[middle + 1] + word[middle] + word[middle + 2 :])
            return [wrong] if wrong.lower() not in knowledge.by_name else []
    return []
