"""QuickUMLS called as its documentation says, with our stop words where NLTK would have downloaded its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nltk.corpus
import nltk.data
import pytest
import spacy

from bali.linking.quickumls.package import QuickUMLS
from bali.linking.stop_words import stop_words

Row = tuple[int, int, int, str, str, float, tuple[str, ...], bool]


@contextmanager
def package_matcher(database: Path, folder: Path, **parameters: Any) -> Iterator[QuickUMLS]:
    """The matcher on a database; `folder` takes the word list. Parameters are the package's own."""
    words = folder / "corpora" / "stopwords"
    words.mkdir(parents=True, exist_ok=True)
    (words / "english").write_text("\n".join(stop_words()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nltk.data, "path", [str(folder)])
        patch.setattr(nltk.corpus, "stopwords", nltk.corpus.reader.WordListCorpusReader(str(words), ["english"]))
        matcher = QuickUMLS(str(database), spacy_component=True, **parameters)
    matcher.nlp = spacy.blank("en")
    yield matcher


def package_rows(matcher: QuickUMLS, sentences: Sequence[str], **parameters: bool) -> list[Row]:
    """What the matcher gives for sentences, in its order; the fields are those of `CANDIDATES`."""
    return [
        (
            number,
            candidate["start"],
            candidate["end"],
            candidate["cui"],
            candidate["term"],
            float(candidate["similarity"]),
            tuple(sorted(candidate["semtypes"])),
            bool(candidate["preferred"]),
        )
        for number, sentence in enumerate(sentences)
        for group in matcher._match(matcher.nlp(sentence), **parameters)
        for candidate in group
    ]
