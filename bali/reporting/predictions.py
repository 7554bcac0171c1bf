"""The predictions of two models on one measure, example by example, means over their seeds."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bali.errors import ArtefactError
from bali.io.parquet import check_artefact
from bali.reporting.metric_names import MetricKey
from bali.reporting.results import Results
from bali.schemas import PREDICTIONS

COLUMNS = ("example_id", "value", "weight", "gold", "predicted")


def read_pair(results: Results, key: MetricKey, models: tuple[str, str], show_text: bool) -> pl.DataFrame | None:
    """The predictions of (base, model) side by side; None where either has none.

    Returns:
        One row per example, sorted by example_id: example_id, gold, text ("" where it is not shown), and for either
        model (`base_`, `model_`) score (mean over seeds, 0-1), right (share of the seeds that are entirely right), raw
        (mean of the value) and answer (of the first seed that answers as most do).

    Raises:
        ArtefactError: a file is damaged, or the two models were not asked the same examples.
    """
    base, model = (_of_model(results, key, name, show_text) for name in models)
    if base is None or model is None:
        return None
    shared = ["example_id", "gold", "text"]
    mine = {name: f"model_{name}" for name in ("score", "right", "raw", "answer")}
    theirs = {name: f"base_{name}" for name in mine}
    joined = base.rename(theirs).join(model.rename(mine).drop("gold", "text"), on="example_id", how="inner")
    if joined.height != base.height or joined.height != model.height:
        raise ArtefactError(
            f"evaluation/{models[1]}/{key.task}: expected the {base.height} examples of {models[0]} in {key.dataset},"
            f" found {model.height}, {joined.height} of them in both. Run stage evaluate again for both models."
        )
    return joined.select(*shared, *theirs.values(), *mine.values()).sort("example_id")


def _of_model(results: Results, key: MetricKey, model: str, show_text: bool) -> pl.DataFrame | None:
    """One row per example: example_id, gold, text, score, right, raw, answer."""
    paths = results.files(f"evaluation/{model}/{key.task}/*.predictions.parquet")
    tables = [_read(path, key, show_text) for path in paths]
    rows = [pl.DataFrame(table).with_columns(seed=pl.lit(i)) for i, table in enumerate(tables) if table.num_rows]
    if not rows:
        return None
    scored = pl.concat(rows).with_columns(
        # Nothing to find and nothing found is right: a sentence without entities, a pair without a relation.
        score=pl.when(pl.col("weight") == 0).then(1.0).otherwise(pl.col("value") / pl.col("weight")),
        text=pl.col("text") if show_text else pl.lit(""),
    )
    scored = scored.with_columns(is_right=pl.col("score") >= 1 - 1e-9)
    mostly = (pl.col("is_right") == (pl.col("is_right").mean() > 0.5)).cast(pl.Int8).arg_max()
    grouped = scored.sort("example_id", "seed").group_by("example_id", maintain_order=True)
    return grouped.agg(
        pl.col("gold", "text").first(),
        score=pl.col("score").mean(),
        right=pl.col("is_right").mean(),
        raw=pl.col("value").mean(),
        answer=pl.col("predicted").get(mostly),
    )


def _read(path: Path, key: MetricKey, show_text: bool) -> pa.Table:
    """The rows of one measure; without the texts unless they are shown."""
    check_artefact(path, PREDICTIONS)
    wanted = (
        (pc.field("dataset") == key.dataset) & (pc.field("split") == key.split) & (pc.field("metric") == key.metric)
    )
    columns: Sequence[str] = [*COLUMNS, "text"] if show_text else COLUMNS
    try:
        return pq.read_table(path, columns=list(columns), filters=wanted).replace_schema_metadata(None)
    except (pa.ArrowException, OSError) as error:
        raise ArtefactError(f"{path}: damaged: {str(error).splitlines()[0]}. Run stage evaluate again.") from error
