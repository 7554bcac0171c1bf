"""How the vectors of names and mentions lie in the model's space: figures that describe, none is better high or low.

All vectors have unit length; d is the Euclidean distance of two, so d^2 = 2 - 2 cos. Of each metric there are two, for
names pooled by [CLS] and by the mean. Dataset `names`, lower-cased names of the release:

- alignment: mean d^2 of two names of one concept (Wang & Isola, ICML 2020, section 4.1, with alpha = 2);
- uniformity: log of the mean of exp(-2 d^2) over all pairs of distinct random names (same place, t = 2);
- anisotropy: mean cosine of two random names (Ethayarajh, EMNLP 2019, there of words in contexts).

Dataset `mentions`, mentions in validation sentences (the mean of their token states) and the preferred names of their
concepts, a name as often as it is mentioned:

- modality_gap: distance of the centroids of mentions and names (Liang et al., NeurIPS 2022);
- mention_name_cosine: mean cosine of a mention and the preferred name of its concept.

The samples depend on the data only, so all models are measured on the same ones; a mention that is cut off has weight
0. Resamples for the interval of uniformity draw names, and leave out pairs of a name with itself.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

from bali.evaluation.results import MetricRow, PredictionRow, TaskInputs, TaskResult
from bali.evaluation.sampling import SAMPLE_SEED, random_rows
from bali.evaluation.statistics import Estimate, percentile_interval, resample_counts
from bali.evaluation.systems.system import Floats, MentionInText, Pooled
from bali.evaluation.validation_mentions import ValidationMention, choose_mentions
from bali.io.parquet import check_artefact
from bali.schemas import DICTIONARY, NODES
from bali.tasks.task import Task

logger = logging.getLogger(__name__)

NAMES, MENTIONS = ("names", "all"), ("mentions", "validation")  # dataset, split
_CONCEPTS_PER_PAIR = 4  # concepts looked at for each pair of names: many have one name only
_SMALLEST_NORM = 1e-12


@runtime_checkable
class VectorSystem(Protocol):
    """A system that has vectors."""

    def name_vectors(self, names: Sequence[str]) -> Pooled[Floats]:
        """(num_names, hidden) vectors of names."""
        ...

    def mention_vectors(self, mentions: Sequence[MentionInText]) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """(num_found, hidden) mean states of the mentions' tokens, and (num_mentions,) which were not cut off."""
        ...


class NamePair(NamedTuple):
    """Two names; `example_id` is the same for every model."""

    example_id: str
    first: str
    second: str


def run(task: Task, inputs: TaskInputs) -> TaskResult:
    """Describe the vectors of names and mentions.

    Raises:
        ArtefactError: an artefact is missing or damaged.
        InputError: the model folder is broken.
    """
    assert isinstance(inputs.system, VectorSystem), "the plan gives this task no system without vectors"
    section = inputs.section(task)
    nodes_path = inputs.graph_dir / "nodes.parquet"
    check_artefact(nodes_path, NODES)
    nodes = pl.read_parquet(nodes_path, columns=["cui", "preferred_name"])
    result = TaskResult(inputs=[nodes_path, inputs.dictionary, *inputs.validation])
    num_resamples = inputs.config.evaluation.num_bootstrap
    _measure_names(result, inputs.system, _Names(inputs.dictionary, nodes["cui"], section.max_names), num_resamples)
    mentions, num_all = choose_mentions(inputs.validation, frozenset(nodes["cui"].to_list()), section.max_mentions)
    if mentions:
        _measure_mentions(result, inputs.system, (mentions, _preferred_names(nodes, mentions)), num_resamples)
        result.counts[MENTIONS[0]]["mentions of concepts of the graph"] = num_all
    else:
        _skip(result, f"evaluation.tasks.{task.name}: no validation example mentions a concept of the graph; skipped.")
    logger.info("embedding geometry: %s", result.counts)
    return result


class _Names:
    """Samples of the names of a dictionary.

    Args:
        path: of the dictionary.
        cuis: of the graph's concepts, in order.
        max_names: names, and pairs, at most.
    """

    def __init__(self, path: Path, cuis: pl.Series, max_names: int) -> None:
        self.num_rows = check_artefact(path, DICTIONARY).metadata.num_rows
        self._path, self._cuis, self._max_names = path, cuis, max_names

    def random(self) -> list[str]:
        """Distinct names, in random order."""
        rows = random_rows(np.arange(self.num_rows), self._max_names)
        wanted = pl.Series("row", rows, pl.UInt32)
        scanned = pl.scan_parquet(self._path, row_index_name="row").select("row", "name")
        found = scanned.filter(pl.col("row").is_in(wanted.implode())).collect(engine="streaming")
        return found.sort("row")["name"].gather(np.argsort(np.argsort(rows))).to_list()

    def pairs(self) -> list[NamePair]:
        """Two names of one concept for each of the first random concepts that have as many, by CUI."""
        rows = random_rows(np.arange(len(self._cuis)), _CONCEPTS_PER_PAIR * self._max_names)
        looked_at = self._cuis.gather(rows)
        exploded = pl.scan_parquet(self._path).select(pl.col("cuis").alias("cui"), "name").explode("cui")
        found = exploded.filter(pl.col("cui").is_in(looked_at.implode())).collect(engine="streaming")
        names = dict(found.sort("cui", "name").group_by("cui", maintain_order=True).agg("name").iter_rows())
        chosen = [cui for cui in looked_at.to_list() if len(names.get(cui, ())) > 1][: self._max_names]
        rng = np.random.default_rng(np.random.SeedSequence([SAMPLE_SEED, len(chosen)]))
        pairs = []
        for cui in sorted(chosen):
            first, second = rng.choice(len(names[cui]), 2, replace=False).tolist()
            pairs.append(NamePair(cui, names[cui][first], names[cui][second]))
        return pairs


def uniformity(vectors: Floats, num_resamples: int) -> Estimate:
    """Log of the mean of exp(-2 d^2) over pairs of distinct vectors, of all and of resamples of the vectors.

    Args:
        vectors: (n, hidden) of unit length, n at least 2.
        num_resamples: how many.
    """
    kernel = vectors @ vectors.T  # (n, n)
    kernel -= 1
    kernel *= 4  # -2 d^2 = -4 + 4 cos
    np.exp(kernel, out=kernel)
    np.fill_diagonal(kernel, 0)
    num_vectors = len(vectors)
    value = float(np.log(kernel.sum() / (num_vectors**2 - num_vectors)))
    resampled = []
    for counts in resample_counts(num_vectors, num_resamples):
        num_pairs = num_vectors**2 - (counts**2).sum(axis=1)
        means = np.einsum("rn,rn->r", counts @ kernel, counts) / np.maximum(num_pairs, 1)
        resampled.append(np.where(num_pairs > 0, np.log(np.where(num_pairs > 0, means, 1)), value))
    return Estimate(value, np.concatenate(resampled))


def centroid_distance(first: Floats, second: Floats, num_resamples: int) -> Estimate:
    """Distance of the centroids of two sets of vectors that belong together row by row, and of resamples of the rows.

    Args:
        first: (n, hidden), n at least 1.
        second: (n, hidden).
        num_resamples: how many.
    """
    differences = first - second
    sums = [counts @ differences for counts in resample_counts(len(differences), num_resamples)]
    resampled = np.linalg.norm(np.concatenate(sums) / len(differences), axis=1)
    return Estimate(float(np.linalg.norm(differences.mean(axis=0))), resampled)


def _measure_names(result: TaskResult, system: VectorSystem, names: _Names, num_resamples: int) -> None:
    if names.num_rows < 2:
        _skip(result, "evaluation.tasks.embedding_geometry: the dictionary has fewer than two names; skipped.")
        return
    random_names, same_concept = names.random(), names.pairs()
    halves = random_names[0::2], random_names[1::2]
    random_pairs = [NamePair(f"pair {n}", *pair) for n, pair in enumerate(zip(*halves, strict=False), start=1)]
    for pooling, vectors in _unit(system.name_vectors(random_names)).items():
        cosines = _cosines(vectors[0::2][: len(random_pairs)], vectors[1::2])
        result.predictions += _rows(f"anisotropy_{pooling}", random_pairs, cosines)
        result.metrics.append(_metric(NAMES, f"uniformity_{pooling}", uniformity(vectors, num_resamples), len(vectors)))
    if same_concept:
        texts = [text for pair in same_concept for text in (pair.first, pair.second)]
        for pooling, vectors in _unit(system.name_vectors(texts)).items():
            distances = 2 - 2 * _cosines(vectors[0::2], vectors[1::2])
            result.predictions += _rows(f"alignment_{pooling}", same_concept, distances)
    result.counts[NAMES[0]] = {
        "random names": len(random_names),
        "pairs of random names": len(random_pairs),
        "pairs of names of one concept": len(same_concept),
    }


def _measure_mentions(
    result: TaskResult,
    system: VectorSystem,
    pairs: tuple[Sequence[ValidationMention], Sequence[str]],
    num_resamples: int,
) -> None:
    mentions, names = pairs
    found_vectors, found = system.mention_vectors([mention.place for mention in mentions])
    of_mentions = _unit_length(found_vectors)
    for pooling, all_names in _unit(system.name_vectors(names)).items():
        of_names = all_names[found]
        cosines = np.zeros(len(mentions))
        cosines[found] = _cosines(of_mentions, of_names)
        for mention, name, cosine, weight in zip(mentions, names, cosines.tolist(), found.tolist(), strict=True):
            key = (*MENTIONS, mention.example_id, f"mention_name_cosine_{pooling}")
            shown = (f"{mention.cui} {name}", f"{cosine:.4f}", mention.surface)
            result.predictions.append(PredictionRow(*key, cosine, float(weight), *shown))
        if len(of_names):
            gap = centroid_distance(of_mentions, of_names, num_resamples)
            result.metrics.append(_metric(MENTIONS, f"modality_gap_{pooling}", gap, len(of_names)))
    num_cut = len(mentions) - int(found.sum())
    result.counts[MENTIONS[0]] = {"mentions chosen": len(mentions), "mentions cut off or without a token": num_cut}


def _preferred_names(nodes: pl.DataFrame, mentions: Sequence[ValidationMention]) -> list[str]:
    """The stripped, lower-cased preferred name of each mention's concept."""
    name = pl.col("preferred_name").str.strip_chars().str.to_lowercase()
    cuis = pl.Series([mention.cui for mention in mentions])
    names = dict(nodes.filter(pl.col("cui").is_in(cuis.unique().implode())).select("cui", name).iter_rows())
    return [names[cui] for cui in cuis]


def _rows(metric: str, pairs: Sequence[NamePair], values: Floats) -> Iterator[PredictionRow]:
    for pair, value in zip(pairs, values.tolist(), strict=True):
        shown = ("", f"{value:.4f}", f"{pair.first} | {pair.second}")
        yield PredictionRow(*NAMES, pair.example_id, metric, value, 1.0, *shown)


def _metric(dataset: tuple[str, str], metric: str, estimate: Estimate, num_examples: int) -> MetricRow:
    return MetricRow(*dataset, metric, *percentile_interval(estimate), num_examples)


def _unit(pooled: Pooled[Floats]) -> dict[str, Floats]:
    return {pooling: _unit_length(vectors) for pooling, vectors in pooled.items()}


def _unit_length(vectors: Floats) -> Floats:
    vectors = vectors.astype(np.float64)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _SMALLEST_NORM)


def _cosines(first: Floats, second: Floats) -> Floats:
    """(num_rows,) cosines of unit vectors, row by row."""
    return np.einsum("nh,nh->n", first, second)


def _skip(result: TaskResult, line: str) -> None:
    logger.warning(line)
    result.skipped.append(line)
