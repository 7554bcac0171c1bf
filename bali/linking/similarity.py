"""The similarity of two strings, as QuickUMLS computes it (quickumls.toolbox.get_similarity)."""

import math

from bali.vocabulary import Similarity

_TRIGRAM = 3  # characters


def trigrams(text: str) -> set[str]:
    """The distinct character trigrams of a text; of a shorter text, itself."""
    length = min(_TRIGRAM, len(text))
    return {text[start : start + length] for start in range(len(text) - length + 1)} if text else set()


def trigram_similarity(text: str, other: str, measure: Similarity) -> float:
    """0-1, or for "overlap" the number of shared trigrams; 0 where a text is empty."""
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
