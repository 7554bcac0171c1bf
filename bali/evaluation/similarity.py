"""Protocol of similarity: how alike two texts are to a system, correlated with what people say."""

import logging

from bali.evaluation.preparation import dataset_files
from bali.evaluation.results import PredictionRow, TaskInputs, TaskResult, present_datasets
from bali.tasks.task import Similarity

logger = logging.getLogger(__name__)

SPLIT = "test"
METRICS = ("spearman", "pearson")  # the pooling is added


def run(task: Similarity, inputs: TaskInputs) -> TaskResult:
    """Score the pairs of every dataset whose files are there.

    Raises:
        InputError: a file or the model folder is broken.
    """
    result = TaskResult()
    for name, dataset in present_datasets(task, inputs.section(task), result):
        pairs = task.read(dataset)
        scores = inputs.system.similarities([(pair.first, pair.second) for pair in pairs])
        for metric in METRICS:
            for pooling, values in scores.items():
                for pair, score in zip(pairs, values.tolist(), strict=True):
                    key = (name, SPLIT, pair.example_id, f"{metric}_{pooling}")
                    shown = (repr(pair.rating), f"{score:.4f}", f"{pair.first} | {pair.second}")
                    result.predictions.append(PredictionRow(*key, score, 1.0, *shown))
        result.counts[name] = {"pairs": len(pairs)}
        result.inputs += dataset_files(dataset)
        logger.info("%s %s: %d pairs", task.name, name, len(pairs))
    return result
