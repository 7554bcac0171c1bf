"""Sentence splitters on hand-made hard boundaries: precision, recall and F1, and texts a second on one core.

`python -m benchmarks.sentences` prints a table. `tests/unit/pubmed/boundaries.txt` holds the cases and says how they
are written; every third one of a kind is held out, so that a rule made for the others shows what it is worth.
Where pysbd or syntok are installed they are measured too; neither is needed.
"""

import argparse
import importlib
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from nltk.tokenize.punkt import PunktSentenceTokenizer

from bali.pubmed.sentences import split_sentences

CASES = Path(__file__).parents[1] / "tests" / "unit" / "pubmed" / "boundaries.txt"
BOUNDARY, LINE_FEED = "⏎", "␤"
_HELD_OUT_EVERY = 3

Splitter = Callable[[str], list[int]]


@dataclass(frozen=True)
class Case:
    """A text, its kind, and where in it sentences start (code points, the first one left out)."""

    kind: str
    text: str
    starts: frozenset[int]
    held_out: bool


@dataclass(frozen=True)
class Score:
    """Boundaries found rightly, found wrongly and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Share of the boundaries found that are true; 1 where none was found."""
        return self.right / max(self.right + self.wrong, 1) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of the true boundaries that were found; 1 where there are none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)


def read_cases(path: Path = CASES) -> list[Case]:
    """The cases of a file in the order of its lines."""
    kind, number, cases = "", 0, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            kind, number = line[3:].strip(), 0
        elif line.strip() and not line.startswith("#"):
            number += 1
            cases.append(_parse_case(kind, line, held_out=number % _HELD_OUT_EVERY == 0))
    return cases


def _parse_case(kind: str, line: str, *, held_out: bool) -> Case:
    parts = line.replace(LINE_FEED, "\n").split(BOUNDARY)
    starts, position = [], 0
    for part, following in pairwise(parts):
        position += len(part)
        starts.append(position + len(following) - len(following.lstrip()))
    return Case(kind, "".join(parts), frozenset(starts), held_out)


def score(splitter: Splitter, cases: Iterable[Case]) -> Score:
    """Boundaries of all `cases` together."""
    right = wrong = missed = 0
    for case in cases:
        found = set(splitter(case.text))
        right += len(found & case.starts)
        wrong += len(found - case.starts)
        missed += len(case.starts - found)
    return Score(right, wrong, missed)


def ours(text: str) -> list[int]:
    """Starts by `bali.pubmed.sentences`."""
    return [start for start, _ in split_sentences(text, [(0, len(text))])][1:]


def by_regular_expression(text: str) -> list[int]:
    """Starts by the rule of thumb: a stop, white space, a capital."""
    return [match.end() for match in re.finditer(r"[.!?]\s+(?=[A-Z])", text)]


def by_punkt(text: str) -> list[int]:
    """Starts by NLTK's Punkt without any training."""
    return [start for start, _ in PunktSentenceTokenizer().span_tokenize(text)][1:]


def find_splitters() -> dict[str, Splitter]:
    """Splitters by name: ours, the baselines, and those of other packages where they are installed."""
    splitters: dict[str, Splitter] = {
        "bali": ours,
        "regular expression": by_regular_expression,
        "Punkt, untrained": by_punkt,
    }
    for name, make in (("pysbd", _make_pysbd), ("syntok", _make_syntok)):
        try:
            splitters[name] = make()
        except ImportError:
            continue
    return splitters


def _make_pysbd() -> Splitter:
    segmenter = importlib.import_module("pysbd").Segmenter(language="en", clean=False)

    def split(text: str) -> list[int]:
        return _starts_of(text, [sentence.strip() for sentence in segmenter.segment(text)])

    return split


def _make_syntok() -> Splitter:
    segmenter = importlib.import_module("syntok.segmenter")

    def split(text: str) -> list[int]:
        sentences = [tokens for paragraph in segmenter.analyze(text) for tokens in paragraph]
        return [tokens[0].offset for tokens in sentences][1:]

    return split


def _starts_of(text: str, sentences: Iterable[str]) -> list[int]:
    starts, position = [], 0
    for sentence in filter(None, sentences):
        found = text.find(sentence, position)
        if found >= 0:
            starts.append(found)
            position = found + len(sentence)
    return starts[1:]


def time_splitter(splitter: Splitter, texts: list[str]) -> float:
    """Texts a second."""
    start = time.perf_counter()
    for text in texts:
        splitter(text)
    return len(texts) / (time.perf_counter() - start)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, help="texts to time on, one a line; left out: the cases, joined")
    arguments = parser.parse_args()
    cases = read_cases()
    groups = {"tuned on": [c for c in cases if not c.held_out], "held out": [c for c in cases if c.held_out]}
    joined = " ".join(case.text for case in cases)
    texts = arguments.texts.read_text(encoding="utf-8").splitlines() if arguments.texts else [joined]
    print(f"{len(cases)} cases, {sum(len(c.starts) for c in cases)} boundaries; precision / recall / F1")
    print(f"{'':20}{'tuned on':>22}{'held out':>22}{'texts a second':>18}")
    for name, splitter in find_splitters().items():
        scores = [score(splitter, group) for group in groups.values()]
        cells = "".join(f"{s.precision:>9.3f} {s.recall:.3f} {s.f1:.3f}"[:22].rjust(22) for s in scores)
        print(f"{name:20}{cells}{time_splitter(splitter, texts):>18,.0f}")


if __name__ == "__main__":
    main()
