"""Results directories that hold what `bali compare` reads, made by the code that the pipeline makes them with."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bali.evaluation.results import PredictionRow, TaskResult
from bali.evaluation.summary import metric_rows, metrics_table, read_evaluation
from bali.io.files import write_json
from bali.io.parquet import Provenance, write_artefact
from bali.reporting.metric_names import MetricKey
from bali.schemas import METRICS, PREDICTIONS

PUBMEDQA = MetricKey("pubmedqa", "pqal", "test", "accuracy")
NCBI = MetricKey("entity_linking", "ncbi_disease", "all", "accuracy@1_mean")
NCBI_5 = MetricKey("entity_linking", "ncbi_disease", "all", "accuracy@5_mean")
BC5CDR = MetricKey("entity_linking", "bc5cdr", "all", "accuracy@1_mean")
NUM = 200

# measure -> for each seed the numbers of the right examples
Right = Mapping[MetricKey, Sequence[range]]


def write_run(
    root: Path, models: Mapping[str, Right], examples: Mapping[MetricKey, range] | None = None, release: str = "demo"
) -> Path:
    """Evaluations of models and their metrics.

    Args:
        root: the results directory.
        models: name -> which of its examples are right.
        examples: measure -> numbers of its examples; 0 to NUM by default.
        release: of the UMLS.
    """
    evaluations = []
    for model, right in models.items():
        for task in sorted({key.task for key in right}):
            keys = [key for key in sorted(right) if key.task == task]
            for seed in range(len(right[keys[0]])):
                numbers = {key: (examples or {}).get(key, range(NUM)) for key in keys}
                rows = [_row(key, i, i in right[key][seed]) for key in keys for i in numbers[key]]
                evaluations.append(_write_evaluation(root, (model, task, seed), TaskResult(rows)))
    metrics = metrics_table(map(read_evaluation, evaluations), "tiny_bert")
    path = root / "report/metrics.parquet"
    write_artefact(path, metrics, METRICS, Provenance("metrics", release))
    return root


def _row(key: MetricKey, number: int, is_right: bool) -> PredictionRow:
    answer = "yes" if is_right else "no"
    what = (key.dataset, key.split, f"e{number:04d}", key.metric)
    return PredictionRow(*what, float(is_right), 1.0, "yes", answer, f"text {number}")


def _write_evaluation(root: Path, measured: tuple[str, str, int], result: TaskResult) -> Path:
    model, task, seed = measured
    path = root / "evaluation" / model / task / f"{seed}.json"
    provenance = Provenance("predictions", "demo")
    write_artefact(path.with_suffix(".predictions.parquet"), result.table(), PREDICTIONS, provenance)
    write_json(path, {"model": model, "task": task, "seed": seed, "datasets": metric_rows(result, 100), "skipped": []})
    return path
