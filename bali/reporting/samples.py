"""Sample sentences with their linked mentions: right and wrong ones where there are annotations, and ambiguous ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bali.errors import ArtefactError
from bali.io.parquet import check_artefact
from bali.reporting.results import Results
from bali.schemas import SENTENCES
from bali.vocabulary import PUBTATOR, QUICKUMLS

NUM_SAMPLES = 8  # in all, of a corpus without annotations; half as many of each kind
NUM_SHARDS = 8  # first shards that are looked at
NUM_SCANNED = 1 << 14  # mentions of each of them
LENGTHS = (60, 260)  # characters of a sample sentence
COLUMNS = ("pmid", "sentence_id", "start", "end", "cui", "term", "similarity", "num_candidates", "source")
RIGHT, WRONG = "right", "wrong"
Row = dict[str, Any]
SentenceKey = tuple[int, int]  # pmid, sentence_id


@dataclass(frozen=True)
class Piece:
    """A stretch of a sentence; `mention` is None between the mentions."""

    text: str
    mention: dict[str, Any] | None


@dataclass(frozen=True)
class Sample:
    """A sentence cut at its mentions; the pieces' texts joined give the sentence."""

    pmid: int
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class SampleSet:
    """Samples of one kind."""

    title: str
    samples: Sequence[Sample]


def sample_sets(results: Results) -> list[SampleSet]:
    """Sentences with two to five links, spread evenly over a shard; the same on every run.

    The shard is the first with annotations, else the first with such sentences; `verdict` of a link is right or wrong
    where its span is annotated, else "", and `gold` has the annotated CUIs.
    """
    chosen: list[SampleSet] = []
    for path in results.files("mentions/*.parquet")[:NUM_SHARDS]:
        sentences = results.path(f"corpus/sentences/{path.name}")
        rows = results.first_rows(path, "mentions", list(COLUMNS), NUM_SCANNED).to_pylist()
        is_annotated = any(row["source"] == PUBTATOR for row in rows)
        if sentences is None or (chosen and not is_annotated):
            continue
        if found := _of_shard(rows, sentences):
            chosen = found
            if is_annotated:
                break
    return chosen


def cut(text: str, mentions: Sequence[dict[str, Any]]) -> list[Piece]:
    """Cut a sentence at its mentions (sorted by start); of overlapping ones the first is kept."""
    pieces, end = [], 0
    for mention in sorted(mentions, key=lambda m: (m["start"], -m["end"])):
        if mention["start"] < end:
            continue
        if mention["start"] > end:
            pieces.append(Piece(text[end : mention["start"]], None))
        end = mention["end"]
        pieces.append(Piece(text[mention["start"] : end], mention))
    return [*pieces, Piece(text[end:], None)] if end < len(text) else pieces


def _of_shard(rows: Sequence[Row], sentence_path: Path) -> list[SampleSet]:
    by_sentence: dict[SentenceKey, list[Row]] = {}
    for row in _judged(rows):
        by_sentence.setdefault((row["pmid"], row["sentence_id"]), []).append(row)
    wanted = {key: found for key, found in sorted(by_sentence.items()) if 2 <= len(found) <= 5}
    texts = _texts(sentence_path, sorted({pmid for pmid, _ in wanted}))
    usable = {k: found for k, found in wanted.items() if LENGTHS[0] <= len(texts.get(k, "")) <= LENGTHS[1]}
    sets = []
    for title, keys, num in _kinds(usable):
        spread = _spread(_varied(keys, usable), num)
        if spread:
            sets.append(SampleSet(title, [Sample(key[0], cut(texts[key], usable[key])) for key in spread]))
    return sets


def _judged(rows: Sequence[Row]) -> list[Row]:
    """The links, each with its verdict and the annotated CUIs of its span."""
    gold: dict[tuple[int, int, int, int], set[str]] = {}
    for row in rows:
        if row["source"] == PUBTATOR:
            gold.setdefault(_span(row), set()).add(row["cui"])
    links = []
    for row in rows:
        if row["source"] == QUICKUMLS:
            cuis = gold.get(_span(row), set())
            verdict = "" if not cuis else RIGHT if row["cui"] in cuis else WRONG
            links.append({**row, "verdict": verdict, "gold": sorted(cuis)})
    return links


def _kinds(links: Mapping[SentenceKey, Sequence[Row]]) -> list[tuple[str, list[SentenceKey], int]]:
    """(title, sentences, how many to show); each sentence is of one kind."""
    wrong = [key for key, rows in links.items() if any(row["verdict"] == WRONG for row in rows)]
    rest = [key for key in links if key not in set(wrong)]
    ambiguous = [key for key in rest if any(row["num_candidates"] > 1 for row in links[key])]
    rest = [key for key in rest if key not in set(ambiguous)]
    right = [key for key in rest if any(row["verdict"] == RIGHT for row in links[key])]
    half = NUM_SAMPLES // 2
    if not wrong and not right:
        return [("Sample", rest, NUM_SAMPLES), ("Ambiguous: several concepts have the name", ambiguous, half)]
    return [
        ("Right: linked as annotated", right, half),
        ("Wrong: annotated with another concept", wrong, half),
        ("Ambiguous: several concepts have the name", ambiguous, half),
    ]


def _span(row: Row) -> tuple[int, int, int, int]:
    return row["pmid"], row["sentence_id"], row["start"], row["end"]


def _spread(keys: Sequence[SentenceKey], num: int) -> list[SentenceKey]:
    """At most `num` of them, evenly spread."""
    step = max(len(keys) / num, 1)
    return [keys[int(i * step)] for i in range(min(num, len(keys)))]


def _varied(keys: Sequence[SentenceKey], mentions: Mapping[SentenceKey, Sequence[Row]]) -> list[SentenceKey]:
    """Without the sentences all of whose concepts were already seen three times."""
    seen: Counter[str] = Counter()
    kept = []
    for key in keys:
        cuis = {m["cui"] for m in mentions[key]}
        if any(seen[cui] < 3 for cui in cuis):
            kept.append(key)
        seen.update(cuis)
    return kept


def _texts(path: Path, pmids: Sequence[int]) -> dict[SentenceKey, str]:
    """(pmid, sentence_id) -> text, of some documents; row groups without them are not read."""
    check_artefact(path, SENTENCES)
    if not pmids:
        return {}
    span = (pc.field("pmid") >= pmids[0]) & (pc.field("pmid") <= pmids[-1])
    try:
        table = pq.read_table(path, columns=["pmid", "sentence_id", "text"], filters=span)
    except (pa.ArrowException, OSError) as error:
        raise ArtefactError(f"{path}: damaged: {str(error).splitlines()[0]}. Run its stage again.") from error
    return {(row["pmid"], row["sentence_id"]): row["text"] for row in table.to_pylist()}
