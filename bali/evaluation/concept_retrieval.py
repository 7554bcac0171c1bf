"""Mention -> concept retrieval: is the concept's vector near the mention's vector in its validation sentence?

For a model a mention is the mean of its token states over the mention, in the whole, uncorrupted sentence. A concept is
the vector of a name ([CLS] or mean: metrics `..._cls`, `..._mean`). Two datasets: `preferred_names`, one name per
concept, and `all_names`, the best name counts. Candidates are the concepts of the graph; beyond 50,000, those of the
scored mentions and a fixed sample of 50,000 others. A mention that a system has no answer for, e.g. because it lies
beyond the tokens that a sentence is cut to, counts as wrong: all systems are scored on the same mentions.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from bali.evaluation.dictionary import make_dictionary, read_dictionary
from bali.evaluation.ranking import Example, prediction_rows
from bali.evaluation.results import TaskInputs, TaskResult
from bali.evaluation.sampling import candidate_rows
from bali.evaluation.validation_mentions import ValidationMention, choose_mentions
from bali.io.parquet import check_artefact
from bali.schemas import NODES
from bali.tasks.task import Task

logger = logging.getLogger(__name__)

SPLIT = "validation"


def run(task: Task, inputs: TaskInputs) -> TaskResult:
    """Retrieve the concepts of validation mentions.

    Raises:
        ArtefactError: an artefact is missing or damaged.
        InputError: the model folder is broken.
    """
    nodes_path = inputs.graph_dir / "nodes.parquet"
    nodes = _read_nodes(nodes_path)
    result = TaskResult(inputs=[nodes_path, inputs.dictionary, *inputs.validation])
    in_graph = frozenset(nodes["cui"].to_list())
    mentions, num_mentions = choose_mentions(inputs.validation, in_graph, inputs.section(task).max_mentions)
    if not mentions:
        line = f"evaluation.tasks.{task.name}: no validation example mentions a concept of the graph; skipped."
        logger.warning(line)
        result.skipped.append(line)
        return result
    candidates = nodes[candidate_rows(len(nodes), _mentioned_rows(nodes, mentions))]
    counts: dict[str, int | float] = {
        "mentions of concepts of the graph": num_mentions,
        "mentions chosen": len(mentions),
        "candidate concepts": len(candidates),
    }
    dictionaries = {
        "preferred_names": make_dictionary(candidates.select(pl.col("preferred_name").alias("name"), "cui")),
        "all_names": read_dictionary(inputs.dictionary, candidates["cui"]),
    }
    examples = [Example(m.example_id, m.surface, frozenset({m.cui}), m.cui) for m in mentions]
    for dataset, dictionary in dictionaries.items():
        nearest = inputs.system.nearest_in_context(dictionary, [mention.place for mention in mentions])
        for pooling, hits in nearest.items():
            result.predictions += prediction_rows(dataset, SPLIT, pooling, examples, hits)
        num_unanswered = min(sum(not found for found in hits) for hits in nearest.values())
        names = {"names searched": len(dictionary), "mentions without an answer": num_unanswered}
        result.counts[dataset] = counts | names
        logger.info("concept retrieval, %s: %s", dataset, result.counts[dataset])
    return result


def _read_nodes(path: Path) -> pl.DataFrame:
    check_artefact(path, NODES)
    return pl.read_parquet(path, columns=["cui", "preferred_name"])


def _mentioned_rows(nodes: pl.DataFrame, mentions: Sequence[ValidationMention]) -> np.ndarray:
    mentioned = pl.Series([mention.cui for mention in mentions], dtype=pl.String).unique()
    return np.flatnonzero(nodes["cui"].is_in(mentioned.implode()).to_numpy())
