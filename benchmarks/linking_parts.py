"""The parts of `benchmarks.linking` that run in a process of their own; each prints what it measured as a JSON object.

Libraries are imported where they are used, so that the start of one part is not charged with those of another.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

MIB = 1 << 20
READY = "ready"
_DEMO_CITATIONS = 5000  # that both readers of XML get


@dataclass(frozen=True)
class Part:
    """What a part works on.

    Attributes:
        folder: umls/, fast/, quickumls/ and the table of sentences; rows are written there.
        first: number of the first abstract.
        end: number after the last one.
        size: names or abstracts to make.
    """

    folder: Path
    first: int = 0
    end: int = 0
    size: int = 0

    def sentences(self) -> list[str]:
        """The sentences of the abstracts."""
        from benchmarks.linking_texts import SENTENCES, read_sentences  # noqa: PLC0415

        return read_sentences(self.folder / SENTENCES, self.first, self.end)


def release(part: Part) -> None:
    """Make a dictionary of `size` names; prints the number of rows."""
    from benchmarks.linking_names import base_names, recombine, write_release  # noqa: PLC0415

    base = base_names()
    rows = write_release(recombine(base, part.size), part.folder / "umls")
    _report(rows=rows, base_names=len(base))


def texts(part: Part) -> None:
    """Write the sentences of `size` abstracts; prints how many there are and where they come from."""
    from benchmarks.linking_texts import SENTENCES, read_texts, write_sentences  # noqa: PLC0415

    found = read_texts(part.size)
    write_sentences(found.abstracts, part.folder / SENTENCES)
    _report(texts=found.kind, abstracts=len(found.abstracts), sentences=sum(map(len, found.abstracts)))


def floor(part: Part) -> None:
    """Tokenise by spaCy's blank pipeline and drop the tokens."""
    import spacy  # noqa: PLC0415

    sentences = part.sentences()
    tokenise = spacy.blank("en")
    begin = time.perf_counter()
    tokens = sum(len(tokenise(sentence)) for sentence in sentences)
    _report(seconds=time.perf_counter() - begin, tokens=tokens)


def fast(part: Part) -> None:
    """Link by our back end; writes the rows."""
    from bali.linking.candidates import MatcherOptions, open_finder  # noqa: PLC0415

    sentences = part.sentences()
    finder = open_finder("fast", part.folder / "fast", MatcherOptions())
    begin = time.perf_counter()
    rows = finder.candidates(sentences)
    seconds = time.perf_counter() - begin
    _report(seconds=seconds, rows=rows.height, writing_seconds=_write(rows, part.folder / "fast.parquet"))


def package(part: Part) -> None:
    """Link by the package as its users call it, sentence by sentence, nothing remembered; writes the rows."""
    import spacy  # noqa: PLC0415

    from bali.linking.candidates import MatcherOptions  # noqa: PLC0415
    from bali.linking.index_files import DATABASE  # noqa: PLC0415
    from bali.linking.quickumls.adapter import open_matcher  # noqa: PLC0415

    sentences = part.sentences()
    tokenise = spacy.blank("en")
    database = part.folder / "quickumls" / DATABASE
    matcher = open_matcher(database, MatcherOptions())
    begin = time.perf_counter()
    found = [matcher._match(tokenise(sentence)) for sentence in sentences]
    seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    rows = as_rows(found, database)
    making = time.perf_counter() - begin
    written = _write(rows, part.folder / "quickumls.parquet")
    _report(seconds=seconds, rows=rows.height, writing_seconds=making + written)


def as_rows(found: list[list[list[dict[str, Any]]]], database: Path) -> "pl.DataFrame":
    """The package's answers as a table in the schema `bali.linking.candidates.CANDIDATES`.

    Args:
        found: of each sentence, of each span, the candidates.
        database: the package's, with the sources' ranks beside it.
    """
    import polars as pl  # noqa: PLC0415

    from bali.linking.candidates import CANDIDATES  # noqa: PLC0415
    from bali.linking.quickumls.database import RANKS  # noqa: PLC0415

    kinds = {name: kind for name, kind in CANDIDATES.items() if name != "source_rank"}
    spans = [(number, group) for number, of_sentence in enumerate(found) for group in of_sentence]
    rows = [
        (sentence, span, *(c[key] for key in ("start", "end", "cui", "term")), *_typed(c))
        for span, (sentence, group) in enumerate(spans)
        for c in group
    ]
    ranks = pl.read_parquet(database / RANKS)
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    return frame.join(ranks, on=["term", "cui"], how="left", maintain_order="left").select(CANDIDATES.names())


def on_word(part: Part) -> None:
    """Open our back end, say so, and on each line of standard input link once; stays until the input ends.

    Prints the seconds and the memory of the process: private (uss), its share (pss) and all (rss), MiB.
    """
    import psutil  # noqa: PLC0415

    from bali.linking.candidates import MatcherOptions, open_finder  # noqa: PLC0415

    sentences = part.sentences()
    finder = open_finder("fast", part.folder / "fast", MatcherOptions())
    print(READY, flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        rows = finder.candidates(sentences)
        seconds = time.perf_counter() - begin
        memory = psutil.Process().memory_full_info()
        kinds = {kind: getattr(memory, kind) / MIB for kind in ("uss", "pss", "rss")}
        _report(seconds=seconds, rows=rows.height, **kinds)


def package_index(part: Part) -> None:
    """Build the package's database."""
    from bali.linking.building import build_index  # noqa: PLC0415
    from bali.linking.terms import TermOptions  # noqa: PLC0415

    census = build_index(part.folder / "umls", part.folder / "quickumls", "quickumls", TermOptions())
    _report(terms=census.notes["terms"])


def compare(part: Part) -> None:
    """Compare the rows of both back ends: every column, in order."""
    import polars as pl  # noqa: PLC0415

    ours, theirs = (pl.read_parquet(part.folder / f"{name}.parquet") for name in ("fast", "quickumls"))
    _report(identical=ours.equals(theirs) and ours.schema == theirs.schema, rows=theirs.height)


def xml(part: Part) -> None:
    """Our reader of PubMed's XML against the package pubmed_parser on the largest real file or on the demo."""
    from benchmarks.linking_names import DATA  # noqa: PLC0415
    from benchmarks.linking_texts import corpus_files  # noqa: PLC0415

    try:
        from benchmarks import pubmed_xml  # noqa: PLC0415
    except ImportError as error:
        _report(xml_ratio_to_pubmed_parser=None, xml_left_out=str(error))
        return
    if DATA in os.environ:
        path = max((file for file in corpus_files() if file.suffix == ".gz"), key=lambda file: file.stat().st_size)
    else:
        path = pubmed_xml.demo_file(part.folder, _DEMO_CITATIONS)
    _report(**{name: round(value, 2) for name, value in pubmed_xml.compare(path).items()})


PARTS: dict[str, Callable[[Part], None]] = {
    function.__name__: function
    for function in (release, texts, floor, fast, package, on_word, package_index, compare, xml)
}


def _typed(candidate: dict[str, Any]) -> tuple[float, list[str], bool]:
    return float(candidate["similarity"]), sorted(candidate["semtypes"]), bool(candidate["preferred"])


def _write(rows: "pl.DataFrame", path: Path) -> float:
    """Write rows to compare later; returns the seconds."""
    begin = time.perf_counter()
    rows.write_parquet(path)
    return time.perf_counter() - begin


def _report(**values: Any) -> None:
    print(json.dumps(values), flush=True)
