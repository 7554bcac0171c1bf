"""Link prediction, zero-shot: is the other end of a held-out edge near, by the names of the concepts alone?

Of a held-out edge one end, the head, is given, and the concepts are ranked by how near their preferred names (stripped,
lower-cased) are to the head's. Every pair of concepts is asked once in each direction. The ranking is filtered (Bordes
et al., NeurIPS 2013, section 4): the head itself and its other neighbours, in the graph or held out, are left out.
Among equally near concepts the rank is the realistic one, the mean of the best and the worst possible (Berrendorf et
al., arXiv 2002.06914), so a system that cannot tell concepts apart gets the rank of chance.

The protocol is blind to relations: names have no notion of one, so a neighbour by any relation is right. It measures
whether neighbours in the graph are near in the model's space, which is not what a trained link predictor is scored on.
Candidates are the concepts of the graph; beyond 50,000, those of the questions and a fixed sample of 50,000 others, so
ranks of graphs of different size are not comparable. A concept without a name text is a candidate like any other.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bali.evaluation.results import PredictionRow, TaskInputs, TaskResult
from bali.evaluation.sampling import candidate_rows, evenly_spaced
from bali.evaluation.systems.system import Floats, Pooled, System
from bali.io.parquet import check_artefact, iterate_artefact
from bali.schemas import EDGES, HELD_OUT_EDGES, NODES
from bali.tasks.task import Task

logger = logging.getLogger(__name__)

DATASET, SPLIT = "held_out_edges", "test"
_CUTOFFS = (1, 10)
# Scores in one step count as equal: the last bits of a cosine depend on the shape of the matrices it was computed in.
_SCORE_STEPS = 1 << 20
Rows = npt.NDArray[np.int64]
Keys = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Questions:
    """Held-out pairs, each with a direction, sorted by head and tail.

    Attributes:
        head: (num_questions,) row of the given concept in `concepts`.
        tail: (num_questions,) row of the concept to find.
        concepts: (num_concepts,) node ids of heads, tails and all other candidates, increasing.
        neighbours: sorted keys of all (head, neighbour) pairs of rows, of graph and held-out edges.
        num_pairs: unordered pairs that are held out.
    """

    head: Rows
    tail: Rows
    concepts: Rows
    neighbours: Keys
    num_pairs: int

    def heads(self) -> Iterator[tuple[int, Rows, Rows]]:
        """Each head in order: its row, the rows to find, and those of all its neighbours."""
        num_concepts = len(self.concepts)
        heads, starts = np.unique(self.head, return_index=True)
        for head, (start, end) in zip(heads.tolist(), pairwise([*starts.tolist(), len(self.head)]), strict=True):
            low, high = np.searchsorted(self.neighbours, [head * num_concepts, (head + 1) * num_concepts])
            yield head, self.tail[start:end], self.neighbours[low:high] % num_concepts


def run(task: Task, inputs: TaskInputs) -> TaskResult:
    """Rank the tails of held-out edges.

    Raises:
        ArtefactError: an artefact is missing or damaged.
        InputError: the model folder is broken.
    """
    paths = [inputs.graph_dir / f"{name}.parquet" for name in ("nodes", "edges", "held_out_edges")]
    result = TaskResult(inputs=paths)
    nodes = _read_nodes(paths[0])
    questions = choose_questions(paths[1], paths[2], len(nodes), inputs.section(task).max_edges)
    if not len(questions.head):
        line = (
            f"evaluation.tasks.{task.name}: the graph has no held-out edges; skipped. graph.held_out_fraction is 0 or"
            " too small for this graph: set it, e.g. to 0.01, and train again."
        )
        logger.warning(line)
        result.skipped.append(line)
        return result
    concepts = nodes[questions.concepts]
    result.predictions = list(_rows(inputs.system, questions, concepts["cui"].to_list(), concepts["name"].to_list()))
    result.counts[DATASET] = {
        "held-out pairs of concepts": questions.num_pairs,
        "questions": len(questions.head),
        "candidate concepts": len(concepts),
    }
    logger.info("link prediction: %s", result.counts[DATASET])
    return result


def choose_questions(edges: Path, held_out: Path, num_nodes: int, max_edges: int) -> Questions:
    """The questions, evenly spaced over all, with the concepts and neighbours that they need.

    Args:
        edges: artefact of the graph's edges.
        held_out: artefact of the held-out edges.
        num_nodes: nodes of the graph.
        max_edges: questions at most.

    Raises:
        ArtefactError: a file is missing or damaged.
    """
    batches = [_key(source, target, num_nodes) for source, target in _ends(held_out, HELD_OUT_EDGES)]
    directed = np.unique(np.concatenate([np.zeros(0, np.int64), *(key for pair in batches for key in pair)]))
    chosen = directed[evenly_spaced(len(directed), max_edges)]
    heads, tails = np.divmod(chosen, num_nodes)
    concepts = candidate_rows(num_nodes, np.union1d(heads, tails))
    row_of = np.full(num_nodes, -1, np.int64)
    row_of[concepts] = np.arange(len(concepts))
    is_head = np.zeros(num_nodes, np.bool_)
    is_head[heads] = True
    found = [np.zeros(0, np.int64)]
    for path, schema in ((edges, EDGES), (held_out, HELD_OUT_EDGES)):
        for source, target in _ends(path, schema):
            for head, neighbour in ((source, target), (target, source)):
                kept = is_head[head] & (row_of[neighbour] >= 0)
                found.append(row_of[head[kept]] * len(concepts) + row_of[neighbour[kept]])
    return Questions(row_of[heads], row_of[tails], concepts, np.unique(np.concatenate(found)), len(directed) // 2)


def realistic_ranks(scores: Floats, tails: Rows, left_out: Rows) -> Floats:
    """The filtered realistic rank of each tail, from 1: (best + worst) / 2 among equals.

    Args:
        scores: (num_candidates,), more is nearer; not changed.
        tails: (num_tails,) candidates to rank, each among those that are not left out, and itself.
        left_out: candidates that are not ranked; the tails may be among them.
    """
    wanted = scores[tails]
    others = np.delete(scores, np.union1d(left_out, tails))
    ranks = [1 + np.count_nonzero(others > score) + np.count_nonzero(others == score) / 2 for score in wanted]
    return np.array(ranks, np.float64)


def _rows(system: System, questions: Questions, cuis: Sequence[str], names: Sequence[str]) -> Iterator[PredictionRow]:
    heads = list(questions.heads())
    scored = _each_row(system.scores(names, [head for head, _, _ in heads]))
    for (head, tails, neighbours), scores_by_pooling in zip(heads, scored, strict=True):
        left_out = np.append(neighbours, head)
        for pooling, scores in scores_by_pooling.items():
            ranks = realistic_ranks(scores, tails, left_out)
            open_scores = scores.copy()
            open_scores[left_out] = -np.inf
            best = int(np.argmax(open_scores))
            for tail, rank in zip(tails.tolist(), ranks.tolist(), strict=True):
                nearest = tail if scores[tail] >= open_scores[best] else best
                shown = (f"{cuis[tail]} {names[tail]}", f"{cuis[nearest]} {names[nearest]}", names[head])
                for metric, value in _metrics(rank):
                    key = (DATASET, SPLIT, f"{cuis[head]}:{cuis[tail]}", f"{metric}_{pooling}")
                    yield PredictionRow(*key, value, 1.0, *shown)


def _each_row(blocks: Iterator[Pooled[Floats]]) -> Iterator[Mapping[str, Floats]]:
    """The scores of each row, (num_names,) under each pooling, in steps that are told apart."""
    for block in blocks:
        for rows in zip(*block.values(), strict=True):
            yield {pooling: np.rint(row * _SCORE_STEPS) for pooling, row in zip(block, rows, strict=True)}


def _metrics(rank: float) -> Iterator[tuple[str, float]]:
    yield "mrr", 1 / rank
    for cutoff in _CUTOFFS:
        yield f"hits@{cutoff}", float(rank <= cutoff)


def _read_nodes(path: Path) -> pl.DataFrame:
    """`cui` and `name` (stripped, lower-cased) of the concepts; the row is the node id."""
    check_artefact(path, NODES)
    name = pl.col("preferred_name").str.strip_chars().str.to_lowercase().alias("name")
    return pl.scan_parquet(path).select("cui", name).collect()


def _ends(path: Path, schema: pa.Schema) -> Iterator[tuple[Rows, Rows]]:
    """Sources and targets of an artefact of edges, in batches, without loops."""
    for batch in iterate_artefact(path, schema, ["source", "target"]):
        source, target = (batch[name].to_numpy().astype(np.int64) for name in ("source", "target"))
        proper = source != target
        yield source[proper], target[proper]


def _key(source: Rows, target: Rows, num_nodes: int) -> tuple[Keys, Keys]:
    """A key for each direction of each edge; their order is that of (head, tail)."""
    return source * num_nodes + target, target * num_nodes + source
