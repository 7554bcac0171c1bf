"""How QuickUMLS compares a text with a term: how it writes the text, and how similar the two are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from unidecode import unidecode

from bali.vocabulary import Similarity

_TRIGRAM = 3  # characters


@dataclass(frozen=True)
class Matching:
    """How the matcher compares a text with a term: the parameters that act on it.

    Attributes:
        similarity: measure over character trigrams.
        lowercase: the dictionary is lower-cased, so texts are.
        normalize_unicode: the dictionary is in ASCII, so texts are written in it.
        keep_uppercase: without `lowercase`, texts in capitals are not lower-cased.
    """

    similarity: Similarity = "jaccard"
    lowercase: bool = True
    normalize_unicode: bool = False
    keep_uppercase: bool = False


def as_matched(texts: Sequence[str], matching: Matching) -> list[str]:
    """Texts as the package looks them up (`QuickUMLS._get_all_matches`)."""
    if matching.normalize_unicode:
        texts = [text if text.isascii() else unidecode(text) for text in texts]
    if matching.lowercase:
        return [text.lower() for text in texts]
    if matching.keep_uppercase:
        return list(texts)
    return [text.lower() if text.isupper() else text for text in texts]


def trigrams(text: str) -> set[str]:
    """The distinct character trigrams of a text; of a shorter text, itself."""
    length = min(_TRIGRAM, len(text))
    return {text[start : start + length] for start in range(len(text) - length + 1)} if text else set()


def trigram_similarity(text: str, other: str, measure: Similarity) -> float:
    """As get_similarity of quickumls.toolbox: 0-1, for "overlap" the number of trigrams shared; 0 for an empty text."""
    mine, theirs = trigrams(text), trigrams(other)
    if not mine or not theirs:
        return 0.0
    shared = len(mine & theirs)
    if measure == "jaccard":
        return shared / (len(mine) + len(theirs) - shared)
    if measure == "dice":
        return 2 * shared / (len(mine) + len(theirs))
    if measure == "cosine":
        return shared / math.sqrt(len(mine) * len(theirs))
    return float(shared)
