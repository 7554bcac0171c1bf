"""Sentences of a document by rules over word lists; nothing is downloaded or trained; spans are exact.

A stop (`. ! ? …`), closing quotes or brackets, and white space are a candidate; the words on both sides decide. What
makes a stop ambiguous is that of Kiss and Strunk (Computational Linguistics 32(4), 2006): abbreviations, of which some
may end a sentence (`abbreviations.txt`), single letters ("E. coli", "vitamin K.": `letter_nouns.txt`), numbers, and the
case of the next word (`sentence_starters.txt`). Sentences never cross a section. A window of fixed size decides each
candidate: time grows with the length of the text, whatever the text is.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources

_WINDOW = 48  # code points read before a candidate; longer than the three words that a rule may need
_BRACKET_WINDOW = 300  # code points within which a bracket that is open at a candidate has to close

_CLOSING = "\"'”’»)]}"
_OPENING = "\"'“‘«„([{"
_CITATION = (
    r"(?:[\[(][0-9,;\u2013\u2212 -]{1,40}[\])]"  # "known.[3]"
    r"|(?<=[a-z)][.])[0-9]{1,3}(?:[,\u2013\u2212-][0-9]{1,3}){0,9})?"  # "known.12,13"
)
# A stop, closing characters or a citation, white space; or a stop glued to a word with a capital.
_CANDIDATE = re.compile(
    rf"([.!?…])([{re.escape(_CLOSING)}]{{0,4}}){_CITATION}(\s++)(?=\S)"
    r"|(?<=[a-z)][a-z)])([.])(?=[A-Z][a-z]{0,12}\s)"
)
_NEXT_WORD = re.compile(rf"[{re.escape(_OPENING)}]{{0,4}}([^\s,;:]{{1,40}})")
_NUMBER_LIKE = re.compile(r"[#(]?(?:[A-Za-z]?[0-9]|[IVX]+\b|[A-Z]\b)")
_DOTTED = re.compile(r"(?:[A-Za-z]{1,2}\.)+[A-Za-z]{1,2}")
_MARKER = re.compile(r"[0-9]{1,2}|[A-Za-z]|[IVX]{1,4}")
_ITEM = re.compile(r"(?:[a-z]|[ivx]{1,4})(?:\)|\.\s+[A-Z])")  # "(a) The", "b) the", "c. The"
_SUBSTANCE = re.compile(r"[a-z]{5,}ins?")  # "actinomycin D", "prostaglandin E"
_ARTICLE = re.compile(r"A\s")
_INITIAL = re.compile(r"[A-Z]\.(?!\s+[a-z])")  # of a person; "E. coli" is none
# "mRNA", "p53", "c-Myc", "n-butanol", "alpha chain": a name that keeps its small letter at the start of a sentence.
_NAME_IN_LOWER_CASE = re.compile(
    r"[a-z/-]*[^a-z\s,;:./-]|[a-z]-[a-z]{4}|(?:alpha|beta|gamma|delta|kappa|lambda|sigma|omega)\b"
)
_PLAIN_WORD = re.compile(r"[a-z]{5,}")  # shorter ones are often abbreviations that no list holds
_CLAUSE_OPENER = re.compile(r"(?:the|we|our|this|these|they|it|however)\b")  # start a sentence in small letters too
_UNITS = "abcdefghijklmnopqrstuvwxyzMVCF"  # single letters that may end a sentence after a number: "24 h", "0.5 M"

Spans = Iterator[tuple[int, int]]


def split_sentences(text: str, sections: Sequence[tuple[int, int]]) -> Spans:
    """Spans (start, end) of the sentences in `text`, in order; white space around a sentence is not part of it.

    Args:
        text: a document.
        sections: spans (start, end) that no sentence crosses, in order.
    """
    for section_start, section_end in sections:
        section = text[section_start:section_end]
        end = len(section.rstrip())
        start = end - len(section[:end].lstrip())
        for match in _CANDIDATE.finditer(section, start, end):
            if _is_boundary(section, start, match):
                stop = match.end() if match[3] is None else match.start(3)
                yield section_start + start, section_start + stop
                start = match.end()
        if start < end:
            yield section_start + start, section_start + end


def _is_boundary(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a sentence that began at `start` ends at the candidate."""
    following = _NEXT_WORD.match(text, match.end())
    word = following[1].rstrip(_CLOSING) if following else ""
    if following is None or not word:  # punctuation only, e.g. the next stop of ". . ."
        return False
    if match[4]:
        return _is_starter(word)
    if _in_brackets(text, start, match.start()):
        return False
    if match[1] != ".":
        return _ends_at_mark(match, word)
    before = text[max(start, match.start() - _WINDOW) : match.start()]
    is_first = match.start() - start < _WINDOW and len(before.split()) <= 1
    return _ends_at_stop(before, is_first, bool(match[2]), text[following.start(1) : following.start(1) + 40])


def _ends_at_mark(match: re.Match[str], word: str) -> bool:
    """After `!`, `?`, `…`: a capital or figure starts a sentence; a small letter only right after `?`."""
    return not word[0].islower() or (match[1] == "?" and not match[2])


def _ends_at_stop(before: str, is_first: bool, closed: bool, following: str) -> bool:
    """After a full stop.

    Args:
        before: what precedes the stop within its sentence, at most _WINDOW code points.
        is_first: `before` is the first word of its sentence.
        closed: a quote or bracket is closed right after the stop.
        following: what follows the white space and opening brackets.
    """
    pieces = before.split()
    word = pieces[-1].lstrip(_OPENING).rpartition("--")[2] if pieces else ""
    if not word or following[0] in ".,;:":
        return False  # ". . ."
    if word[-1] == "." or word[-1] == "…":
        return not following[0].islower()
    if len(word) == 1 and word.isalpha():
        return not is_first and _letter_ends(pieces, word, following)
    if word.isdigit():
        return _number_ends(pieces, word, is_first, following)
    if is_first and _MARKER.fullmatch(word):
        return False
    return _word_ends(word, closed, following)


def _letter_ends(pieces: list[str], word: str, following: str) -> bool:
    """After a single letter: an initial, a genus, or the end of "vitamin D"."""
    if _starts_small(following):
        return False
    if _is_starter(_first_word(following)) or _ARTICLE.match(following):
        return True
    previous = pieces[-2].lstrip(_OPENING) if len(pieces) > 1 else ""
    completes = (
        previous.lower() in _words("letter_nouns.txt")
        or _SUBSTANCE.fullmatch(previous)
        or (any(map(str.isdigit, previous)) and word in _UNITS)
    )
    is_listed = previous in {"and", "or", "to"} and len(pieces) > 2 and len(pieces[-3].rstrip(",")) == 1  # "A, B, or C"
    return bool(completes or (is_listed and word.isupper())) and not _INITIAL.match(following)


def _number_ends(pieces: list[str], word: str, is_first: bool, following: str) -> bool:
    """After a whole number: a marker of a list, a decimal number with a blank in it ("0. 05"), or an end."""
    in_list = is_first or (len(word) <= 2 and len(pieces) > 1 and pieces[-2][1:].endswith((":", ";")))
    small = _starts_small(following) and not _CLAUSE_OPENER.match(following)
    return not in_list and not small and not (word == "0" and following[0].isdigit())


def _word_ends(word: str, closed: bool, following: str) -> bool:
    """After any other word: an abbreviation of some kind, or an end."""
    kind = _kind_of(word)
    if kind == "":
        if _starts_small(following):
            long = _PLAIN_WORD.fullmatch(word) or (len(word) == 4 and _CLAUSE_OPENER.match(following))
            return bool(long) or word[-1] in _CLOSING
        return not (_INITIAL.match(following) and word.istitle() and len(word) <= 3)  # "Am. J. Cardiol."
    if kind == "within" or following[0].islower() or following[0].isdigit():
        return False
    if kind == "before_number":
        return not _NUMBER_LIKE.match(following)
    if kind == "ending" or closed:
        return not _INITIAL.match(following)
    return _is_starter(_first_word(following))


def _kind_of(word: str) -> str:
    """The group of abbreviations that `word` is of; the empty text for other words."""
    kind = _abbreviations().get(word) or _abbreviations().get(word.lower(), "")
    if kind and (word.islower() or not word.isupper() or "." in word):
        return kind  # "CO", "NO", "MS" in capitals are words
    return "elsewhere" if _DOTTED.fullmatch(word) else ""


def _starts_small(following: str) -> bool:
    """Whether it starts like the rest of a sentence; "mRNA", "p53", "c-Myc" and Greek letters may start one."""
    if not following[0].islower() or "α" <= following[0] <= "ω" or following[0] == "µ":
        return False
    if _ITEM.match(following):
        return False
    first = _first_word(following)
    half, _, other_half = first.partition("/")
    return not _NAME_IN_LOWER_CASE.match(first) and not (half == other_half and half)


def _in_brackets(text: str, start: int, position: int) -> bool:
    """Whether a bracket opened within the sentence, and not by its first characters, closes only after `position`."""
    first = max(start + 2, position - _BRACKET_WINDOW)
    for opening, closing in ("()", "[]"):
        opened = text.rfind(opening, first, position)
        if opened < 0 or text.find(closing, opened, position) >= 0:
            continue
        closed = text.find(closing, position, position + _BRACKET_WINDOW)
        reopened = text.find(opening, position, position + _BRACKET_WINDOW)
        if closed > position + 1 and (reopened < 0 or closed < reopened):
            return True
    return False


def _first_word(following: str) -> str:
    match = _NEXT_WORD.match(following)
    return match[1].rstrip(_CLOSING + ".") if match else ""


def _is_starter(word: str) -> bool:
    return word[:1].isupper() and word.lower() in _words("sentence_starters.txt")


@lru_cache(maxsize=1)
def _abbreviations() -> dict[str, str]:
    kinds: dict[str, str] = {}
    kind = ""
    for line in _lines("abbreviations.txt"):
        if line.startswith("## "):
            kind = line[3:].partition(":")[0]
        elif not line.startswith("#"):
            kinds[line] = kind
    assert set(kinds.values()) == {"within", "before_number", "ending", "elsewhere"}, "a group has no rule"
    return kinds


@lru_cache
def _words(name: str) -> frozenset[str]:
    return frozenset(line for line in _lines(name) if not line.startswith("#"))


def _lines(name: str) -> list[str]:
    text = resources.files("bali.pubmed").joinpath(name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip()]
