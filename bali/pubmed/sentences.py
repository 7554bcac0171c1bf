"""Sentences of a document by NLTK's Punkt with an abbreviation list of our own; nothing is downloaded or trained.

Punkt (Kiss and Strunk, Computational Linguistics 32(4), 2006) decides at each full stop from three things: known
abbreviations (`abbreviations.txt`), single letters ("E. coli", "vitamin K."), and what is known about the case of the
next word (`sentence_starters.txt`). Sentences never cross a section; spans are exact: `text[start:end]`.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources

from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

# Punkt's flags (nltk.tokenize.punkt): seen with a capital at the start of a sentence, in lower case within one.
_ORTHOGRAPHY_OF_STARTERS = (1 << 1) | (1 << 5)


def split_sentences(text: str, sections: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans (start, end) of the sentences in `text`, in order; white space around a sentence is not part of it.

    Args:
        text: a document.
        sections: spans (start, end) that no sentence crosses, in order.
    """
    for section_start, section_end in sections:
        section = text[section_start:section_end]
        for start, end in _tokenizer().span_tokenize(section):
            sentence = section[start:end]
            stripped = sentence.strip()
            if stripped:
                first = section_start + start + len(sentence) - len(sentence.lstrip())
                yield first, first + len(stripped)


@lru_cache(maxsize=1)
def _tokenizer() -> PunktSentenceTokenizer:
    parameters = PunktParameters()
    parameters.abbrev_types = set(_words("abbreviations.txt"))
    for word in _words("sentence_starters.txt"):
        parameters.add_ortho_context(word, _ORTHOGRAPHY_OF_STARTERS)
    return PunktSentenceTokenizer(parameters)


def _words(name: str) -> list[str]:
    lines = resources.files("bali.pubmed").joinpath(name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
