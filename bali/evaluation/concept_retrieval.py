"""Mention -> concept retrieval: is the concept's vector near the mention's vector in its validation sentence?

A mention is the mean of the model's token states over the mention, in the whole, uncorrupted sentence. A concept is the
vector of a name ([CLS] or mean: metrics `..._cls`, `..._mean`). Two datasets: `preferred_names`, one name per concept,
and `all_names`, the best name counts. Candidates are the concepts of the graph; beyond 50,000, those of the scored
mentions and a fixed sample of 50,000 others.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from bali.errors import InputError
from bali.evaluation.dictionary import make_dictionary, nearest_concepts, read_names
from bali.evaluation.encoder import Encoder, SpanVectors, Vectors
from bali.evaluation.language_model import load_language_model
from bali.evaluation.ranking import Example, prediction_rows
from bali.evaluation.results import TaskInputs, TaskResult
from bali.io.parquet import check_artefact, iterate_artefact
from bali.models.device import choose_device
from bali.schemas import EXAMPLES, NODES

logger = logging.getLogger(__name__)

MAX_OTHER_CONCEPTS = 50_000
_SAMPLE_SEED = 29
_MAX_LENGTH = 512  # tokens of a sentence; longer ones are cut, and a mention that the cut touches is left out
_SPLIT = "validation"


class Mention(NamedTuple):
    """A mention in a validation sentence."""

    example_id: str
    sentence: str
    start: int
    end: int
    cui: str


def run(inputs: TaskInputs) -> TaskResult:
    """Retrieve the concepts of validation mentions.

    Raises:
        ArtefactError: an artefact is missing or damaged.
        InputError: the model folder is broken.
    """
    section = inputs.config.evaluation.tasks.concept_retrieval
    assert section is not None, "the stage runs configured tasks only"
    nodes_path, names_path = inputs.graph_dir / "nodes.parquet", inputs.umls_dir / "names.parquet"
    nodes = _read_nodes(nodes_path)
    result = TaskResult(inputs=[nodes_path, names_path, *inputs.validation])
    mentions, num_mentions = _choose_mentions(inputs.validation, nodes, section.max_mentions)
    if not mentions:
        line = "evaluation.tasks.concept_retrieval: no validation example mentions a concept of the graph; skipped."
        logger.warning(line)
        result.skipped.append(line)
        return result
    model = load_language_model(inputs.model_dir, choose_device(inputs.config.compute.accelerator))
    encoder = Encoder(model, inputs.config.evaluation.batch_size, _MAX_LENGTH)
    spans = _encode_mentions(encoder, mentions)
    mentions = [mention for mention, found in zip(mentions, spans.found, strict=True) if found]
    if not mentions:
        raise InputError(
            f"{inputs.model_dir}: expected a tokenizer that gives the mentions tokens, found none for any."
        )
    candidates = _candidates(nodes, pl.Series([mention.cui for mention in mentions]))
    _retrieve(result, encoder, (mentions, spans), (candidates, names_path))
    counts: dict[str, int | float] = {
        "mentions of concepts of the graph": num_mentions,
        "mentions chosen": len(spans.found),
        "mentions left out: cut or without a token": len(spans.found) - len(mentions),
        "candidate concepts": len(candidates),
    }
    result.counts = {dataset: counts for dataset in ("preferred_names", "all_names")}
    logger.info("concept retrieval: %s", counts)
    return result


def evenly_spaced(num_all: int, num_chosen: int) -> np.ndarray:
    """At most `num_chosen` distinct positions below `num_all`, evenly spaced, increasing, from 0."""
    num_chosen = min(num_all, num_chosen)
    return np.arange(num_chosen) * num_all // max(1, num_chosen)


def _retrieve(
    result: TaskResult,
    encoder: Encoder,
    scored: tuple[Sequence[Mention], SpanVectors],
    concepts: tuple[pl.DataFrame, Path],
) -> None:
    (mentions, spans), (candidates, names_path) = scored, concepts
    examples = [Example(m.example_id, m.sentence[m.start : m.end], frozenset({m.cui}), m.cui) for m in mentions]
    preferred = candidates.select(pl.col("preferred_name").alias("name"), "cui")
    dictionaries = {
        "preferred_names": make_dictionary(preferred),
        "all_names": make_dictionary(read_names(names_path, candidates["cui"])),
    }
    for dataset, dictionary in dictionaries.items():
        nearest = nearest_concepts(dictionary, Vectors(spans.vectors, spans.vectors), encoder)
        for pooling, hits in nearest.items():
            result.predictions += prediction_rows(dataset, _SPLIT, pooling, examples, hits)


def _read_nodes(path: Path) -> pl.DataFrame:
    check_artefact(path, NODES)
    return pl.read_parquet(path, columns=["cui", "preferred_name"])


def _choose_mentions(paths: Sequence[Path], nodes: pl.DataFrame, max_mentions: int) -> tuple[list[Mention], int]:
    """Mentions evenly spaced over the mentions of graph concepts, and how many of these there are."""
    cuis = nodes["cui"].to_list()
    in_graph = frozenset(cuis)
    num_all = sum(1 for mention in _mentions(paths) if mention.cui in in_graph)
    chosen = frozenset(evenly_spaced(num_all, max_mentions).tolist())
    with_concept = (mention for mention in _mentions(paths) if mention.cui in in_graph)
    return [mention for position, mention in enumerate(with_concept) if position in chosen], num_all


def _mentions(paths: Sequence[Path]) -> Iterator[Mention]:
    """All mentions, by file name, then in the order of the file."""
    for path in sorted(paths):
        for batch in iterate_artefact(path, EXAMPLES):
            for row in batch.to_pylist():
                for m in row["mentions"]:
                    name = f"{row['pmid']}:{row['sentence_id']}:{m['start']}-{m['end']}"
                    yield Mention(name, row["text"], m["start"], m["end"], m["cui"])


def _encode_mentions(encoder: Encoder, mentions: Sequence[Mention]) -> SpanVectors:
    """Mentions of one sentence follow each other, so each sentence is encoded once."""
    sentences: list[str] = []
    spans: list[list[tuple[int, int]]] = []
    previous = None
    for mention in mentions:
        sentence_id = mention.example_id.rsplit(":", 1)[0]
        if sentence_id != previous:
            sentences.append(mention.sentence)
            spans.append([])
            previous = sentence_id
        spans[-1].append((mention.start, mention.end))
    return encoder.encode_spans(sentences, spans)


def _candidates(nodes: pl.DataFrame, mentioned: pl.Series) -> pl.DataFrame:
    is_mentioned = nodes["cui"].is_in(mentioned.unique().implode())
    others = np.flatnonzero(~is_mentioned.to_numpy())
    if len(others) > MAX_OTHER_CONCEPTS:
        rng = np.random.default_rng(np.random.SeedSequence(_SAMPLE_SEED))
        others = rng.choice(others, MAX_OTHER_CONCEPTS, replace=False)
    rows = np.sort(np.concatenate([np.flatnonzero(is_mentioned.to_numpy()), others]))
    return nodes[rows]
