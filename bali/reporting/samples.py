"""Sample sentences with their linked mentions."""

from collections import Counter
from collections.abc import Sequence
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
from bali.vocabulary import QUICKUMLS

NUM_SAMPLES = 8
NUM_SCANNED = 1 << 14  # mentions of the first shards that are looked at
LENGTHS = (60, 260)  # characters of a sample sentence


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


def samples(results: Results, num_samples: int = NUM_SAMPLES) -> list[Sample]:
    """Sentences with two to five links, spread evenly over the first shard that has some; the same on every run."""
    for path in results.files("mentions/*.parquet"):
        sentences = results.path(f"corpus/sentences/{path.name}")
        if sentences is not None and (found := _of_shard(results, path, sentences, num_samples)):
            return found
    return []


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


def _of_shard(results: Results, path: Path, sentence_path: Path, num_samples: int) -> list[Sample]:
    columns = ["pmid", "sentence_id", "start", "end", "cui", "term", "similarity", "num_candidates", "source"]
    rows = results.first_rows(path, "mentions", columns, NUM_SCANNED).to_pylist()
    by_sentence: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in rows:
        if row["source"] == QUICKUMLS:
            by_sentence.setdefault((row["pmid"], row["sentence_id"]), []).append(row)
    wanted = {key: found for key, found in sorted(by_sentence.items()) if 2 <= len(found) <= 5}
    texts = _texts(sentence_path, sorted({pmid for pmid, _ in wanted}))
    usable = [key for key in wanted if LENGTHS[0] <= len(texts.get(key, "")) <= LENGTHS[1]]
    usable = _varied(usable, wanted)
    step = max(len(usable) / num_samples, 1)
    chosen = [usable[int(i * step)] for i in range(min(num_samples, len(usable)))]
    return [Sample(key[0], cut(texts[key], wanted[key])) for key in chosen]


def _varied(
    keys: Sequence[tuple[int, int]], mentions: dict[tuple[int, int], list[dict[str, Any]]]
) -> list[tuple[int, int]]:
    """Without the sentences all of whose concepts were already seen three times."""
    seen: Counter[str] = Counter()
    kept = []
    for key in keys:
        cuis = {m["cui"] for m in mentions[key]}
        if any(seen[cui] < 3 for cui in cuis):
            kept.append(key)
        seen.update(cuis)
    return kept


def _texts(path: Path, pmids: Sequence[int]) -> dict[tuple[int, int], str]:
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
