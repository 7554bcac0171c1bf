"""Sentences with diseases and drugs tagged word by word, in the IOB line format of the NER sets."""

import re
from pathlib import Path

from source.documents import Author
from source.knowledge import Knowledge
from source.language import Sentence

TYPE_OF_TABLE = {"diseases": "Disease", "neoplasms": "Disease", "drugs": "Chemical"}
NUM_SENTENCES = {"train": 240, "devel": 60, "test": 120}
_NUM_FACTS = 4
_SEED = 83
_WORD = re.compile(r"\w+|[^\w\s]")


def write_tagging(
    knowledge: Knowledge, names: dict[str, dict[str, list[str]]], seen: set[str], directory: Path
) -> None:
    """Write train.tsv, devel.tsv, test.tsv; `names`: the forms of each part; `seen`: sentences not to be repeated."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, (part, num_sentences) in enumerate(NUM_SENTENCES.items()):
        author = Author(knowledge, names[part], _SEED + number)
        author.avoid(seen)
        sentences: list[Sentence] = []
        while len(sentences) < num_sentences:
            sentences += author.write(_NUM_FACTS, with_fillers=False).sentences
        text = "\n".join(_tagged(sentence) for sentence in sentences[:num_sentences])
        (directory / f"{part}.tsv").write_text(text, encoding="utf-8", newline="\n")


def _tagged(sentence: Sentence) -> str:
    """A line for each word: the word, a tab, its tag."""
    lines = []
    for word in _WORD.finditer(sentence.text):
        inside = [m for m in sentence.mentions if m.start <= word.start() < m.end]
        kinds = [(m, TYPE_OF_TABLE[m.concept.table]) for m in inside if m.concept.table in TYPE_OF_TABLE]
        tag = "O"
        if kinds:
            mention, kind = kinds[0]
            tag = f"{'B' if word.start() == mention.start else 'I'}-{kind}"
        lines.append(f"{word.group()}\t{tag}\n")
    return "".join(lines)
