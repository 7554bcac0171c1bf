"""Tokens of sentences by spaCy's rules for English, each distinct piece of text between blanks tokenised once.

spaCy's tokeniser splits a text at white space and then each piece for itself, so the tokens of a sentence whose only
white space are single blanks are those of its pieces. Other sentences go through spaCy as they are.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled
from bali.linking.english import blank_english
from bali.linking.fast.tables import Array
from bali.linking.stop_words import stop_words

VALID = 1  # may stand in an n-gram's first place (`QuickUMLS._is_valid_token`)
START = 2  # may be an n-gram alone (`_is_valid_start_token`)
END = 4  # may stand in an n-gram's last place (`_is_valid_end_token`)
_DOMAIN_STOP_WORDS = frozenset({"time"})  # quickumls.constants.DOMAIN_SPECIFIC_STOPWORDS


class Tokens(NamedTuple):
    """The tokens of a batch of sentences.

    Attributes:
        offsets: int64, (num_sentences + 1,), first token of each sentence.
        words: int32, twice the number of the token's word, plus 1 where a blank follows.
        starts: int32, first character in the sentence.
        lengths: int32, characters.
        flags: uint8, sum of `VALID`, `START` and `END`.
    """

    offsets: Array
    words: Array
    starts: Array
    lengths: Array
    flags: Array


class Tokeniser:
    """Splits sentences into tokens, and remembers pieces and words; words that differ have different numbers.

    Args:
        lowercase: words that differ in the case of ASCII letters only have one number.
        any_token: every token may stand anywhere (QuickUMLS's `ignore_syntax`).
    """

    def __init__(self, lowercase: bool, any_token: bool) -> None:
        self._language = blank_english()
        vocabulary: Any = self._language.vocab  # spaCy's stubs lack the attribute
        getters = vocabulary.lex_attr_getters  # of each new word; the others would take most of the time
        vocabulary.lex_attr_getters = {number: getters[number] for number in _attribute_ids()}
        self._lowercase = lowercase
        self._any_token = any_token
        self._stop_words = frozenset(stop_words()) | _DOMAIN_STOP_WORDS
        self.forget()

    @property
    def num_pieces(self) -> int:
        """How many distinct pieces are remembered."""
        return len(self._pieces)

    def forget(self) -> None:
        """Drop what is remembered; the words are numbered anew."""
        self._pieces: dict[str, int] = {}
        self._words: dict[str, int] = {}
        self._piece_offsets = np.zeros(1, np.int64)
        self._piece_lengths = np.zeros(0, np.int32)
        self._piece_tokens = np.zeros((0, 3), np.int32)  # word, length, flags

    def tokenise(self, sentences: Sequence[str]) -> Tokens:
        """The tokens of a batch of sentences."""
        simple = [_is_simple(sentence) for sentence in sentences]
        pieces = [sentence.split(" ") if ok else [] for sentence, ok in zip(sentences, simple, strict=True)]
        flat = [piece for of_sentence in pieces for piece in of_sentence]
        self._learn(flat)
        numbers = np.fromiter(map(self._pieces.__getitem__, flat), np.int32, len(flat))
        offsets = np.zeros(len(sentences) + 1, np.int64)
        np.cumsum([len(of_sentence) for of_sentence in pieces], out=offsets[1:])
        tokens = Tokens(*spread(numbers, offsets, self._piece_offsets, self._piece_lengths, self._piece_tokens))
        others = [number for number, ok in enumerate(simple) if not ok]
        return self._insert(tokens, others, sentences) if others else tokens

    def _learn(self, pieces: Sequence[str]) -> None:
        """Tokenise the pieces that are not known yet."""
        known = self._pieces
        new = list(dict.fromkeys(piece for piece in pieces if piece not in known))
        if not new:
            return
        known.update((piece, number) for number, piece in enumerate(new, start=len(known)))
        words, starts, lengths, flags = self._tokens(" ".join(new))
        piece_lengths = np.fromiter(map(len, new), np.int32, len(new))
        piece_ends = np.cumsum(piece_lengths + 1) - 1
        ends = np.searchsorted(starts, piece_ends)
        assert np.array_equal((starts + lengths)[ends - 1], piece_ends), "tokens end where their piece ends"
        self._piece_offsets = np.concatenate([self._piece_offsets, self._piece_offsets[-1] + ends])
        self._piece_lengths = np.concatenate([self._piece_lengths, piece_lengths])
        rows = np.stack([words & ~1, lengths, flags], axis=1)
        self._piece_tokens = np.concatenate([self._piece_tokens, rows])

    def _insert(self, tokens: Tokens, numbers: Sequence[int], sentences: Sequence[str]) -> Tokens:
        """Put the tokens of some sentences, which have none yet, in their places."""
        parts = []
        before = 0
        counts = np.diff(tokens.offsets)
        table = np.stack([tokens.words, tokens.starts, tokens.lengths, tokens.flags.astype(np.int32)])
        for number in numbers:
            at = tokens.offsets[number]
            own = self._tokens(sentences[number])
            parts += [table[:, before:at], own]
            counts[number] = own.shape[1]
            before = at
        words, starts, lengths, flags = np.concatenate([*parts, table[:, before:]], axis=1)
        return Tokens(np.append(0, np.cumsum(counts)), words, starts, lengths, flags.astype(np.uint8))

    def _tokens(self, text: str) -> npt.NDArray[np.int32]:
        """The tokens of a text by spaCy itself: rows words, starts, lengths, flags as in `Tokens`, (4, num_tokens)."""
        with self._language.memory_zone():
            document = self._language.tokenizer(text)
            columns = document.to_array(["SPACY", "IDX", "LENGTH", "IS_PUNCT", "IS_SPACE", "LIKE_NUM"])
        blanks, starts, lengths, is_punct, is_space, like_num = columns.reshape(-1, 6).T.astype(np.int32)
        texts = [text[start:end] for start, end in zip(starts.tolist(), (starts + lengths).tolist(), strict=True)]
        words = np.fromiter(map(self._word, texts), np.int32, len(texts)) + blanks
        if self._any_token:
            flags = np.full(len(texts), VALID | START | END, np.int32)
        else:
            is_stop = np.fromiter((text in self._stop_words for text in texts), np.int32, len(texts))
            is_gap = is_punct | is_space
            flags = VALID * (1 - is_gap) + START * (1 - (like_num | is_stop)) + END * (1 - (is_gap | is_stop))
        return np.stack([words, starts, lengths, flags]).astype(np.int32)

    def _word(self, text: str) -> int:
        """Twice the number of a word.

        The lower case of a letter outside ASCII may depend on its neighbours (the final sigma): such words are told
        apart as they stand.
        """
        key = text.lower() if self._lowercase and text.isascii() else text
        return 2 * self._words.setdefault(key, len(self._words))


def _attribute_ids() -> list[int]:
    """SpaCy's numbers of the properties of a word that are read here."""
    from spacy import attrs  # noqa: PLC0415 - after `blank_english`, which keeps torch out

    return [attrs.IS_PUNCT, attrs.IS_SPACE, attrs.LIKE_NUM]


def _is_simple(sentence: str) -> bool:
    """Whether single blanks between other characters are a sentence's only white space."""
    return bool(sentence) and "  " not in sentence and sentence[0] != " " != sentence[-1] and sentence.isprintable()


@compiled
def spread(
    numbers: Array, offsets: Array, piece_offsets: Array, piece_lengths: Array, piece_tokens: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """The tokens of sentences given as pieces; returns the fields of `Tokens`.

    Args:
        numbers: int32, the pieces of all sentences.
        offsets: int64, (num_sentences + 1,), first piece of each sentence.
        piece_offsets: int64, (num_pieces + 1,), first token of each piece.
        piece_lengths: int32, (num_pieces,), characters.
        piece_tokens: int32, (num_tokens_of_pieces, 3): word, length, flags.
    """
    total = 0
    for number in numbers:
        total += piece_offsets[number + 1] - piece_offsets[number]
    token_offsets = np.zeros(offsets.size, np.int64)
    words = np.empty(total, np.int32)
    starts = np.empty(total, np.int32)
    lengths = np.empty(total, np.int32)
    flags = np.empty(total, np.uint8)
    out = 0
    for sentence in range(offsets.size - 1):
        start = 0
        for at in range(offsets[sentence], offsets[sentence + 1]):
            number = numbers[at]
            place = start
            for token in range(piece_offsets[number], piece_offsets[number + 1]):
                words[out] = piece_tokens[token, 0]
                starts[out] = place
                lengths[out] = piece_tokens[token, 1]
                flags[out] = piece_tokens[token, 2]
                place += piece_tokens[token, 1]
                out += 1
            if at + 1 < offsets[sentence + 1]:
                words[out - 1] += 1
            start += piece_lengths[number] + 1
        token_offsets[sentence + 1] = out
    return token_offsets, words, starts, lengths, flags
