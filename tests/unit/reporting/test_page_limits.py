"""What must never be on the page: text of a private corpus, and more than 5 MB."""

import re

import numpy as np
import polars as pl
import pytest
from fake_artefacts import write
from fake_evaluation import comparison_row, metric_row
from fake_results import CONFIG, write_annotations, write_results

from bali.config import Config
from bali.io.parquet import read_artefact
from bali.reporting.graph_figures import degree_figure
from bali.reporting.metric_table import metric_table
from bali.reporting.page import collect, page, shown_datasets
from bali.reporting.results import Results
from bali.reporting.training_figures import thinned
from bali.schemas import ARTEFACTS
from bali.strict import decode
from bali.tasks import TASKS

SENTINEL = "zyzzyva"
TEXT_COLUMNS = {
    "sentences": ["text"],
    "documents": ["title", "text"],
    "mentions": ["surface", "term"],
    "predictions": ["example_id", "gold", "predicted", "text"],
    "linking_errors": ["surface", "predicted_surface", "sentence"],
    "overlaps": ["example_id"],
}


@pytest.fixture
def results(tmp_path):
    return Results(write_results(tmp_path))


def html_of(results, **changes):
    return page(collect(results, decode(Config, {**CONFIG, **changes}), lambda folder: None))


def marked(column):
    return pl.when(pl.col(column) != "").then(pl.concat_str(column, pl.lit(SENTINEL))).otherwise(pl.lit(""))


def mark_texts(results):
    """Put the sentinel into every text of the corpus and the evaluation sets."""
    write_annotations(results.root)
    kinds = set()
    for name, provenance in results.provenances():
        kind = provenance["artefact"]
        if kind in TEXT_COLUMNS:
            table = pl.DataFrame(read_artefact(results.root / name, ARTEFACTS[kind]))
            frame = table.with_columns(**{column: marked(column) for column in TEXT_COLUMNS[kind]})
            write(results.root, name, kind, frame.to_dicts())
            kinds.add(kind)
    assert kinds == set(TEXT_COLUMNS)


def test_a_page_without_text_holds_none_and_says_so(results):
    mark_texts(results)
    shown, hidden = html_of(results), html_of(results, report={"show_text": False})
    assert shown.count(SENTINEL) > 20
    assert "Text was left out" not in shown
    assert "Text was left out of this page" in hidden
    assert "20 fixed, 4 broken" in hidden
    assert "name not in the dictionary" in hidden
    for text in (SENTINEL, "patients", "dry cough", "improved"):
        assert text in shown, text
        assert text not in hidden, text


def test_a_run_of_many_models_and_measures_stays_below_5_mb(results):
    models = ["base", *(f"an_experiment_with_a_long_name_{i}" for i in range(14)), "majority", "random", "trigrams"]
    keys = [
        (task, f"some_dataset_{dataset}", split, metric)
        for task in TASKS
        for dataset in range(5)
        for split, metric in [*TASKS[task].main[:1], *(("test", f"metric_{i}_mean") for i in range(12))]
    ]
    assert len(keys) * len(models) > 10_000
    metrics = [metric_row(model, key, 0.5, seed) for key in keys for model in models for seed in range(2)]
    comparisons = [comparison_row(model, "base", key, 0.1, 0.5) for key in keys for model in models[1:]]
    write(results.root, "report/metrics.parquet", "metrics", metrics)
    write(results.root, "report/comparisons.parquet", "comparisons", comparisons)
    log = [
        {"step": step, "split": split, "name": f"loss_{i}", "value": 1.0 / step}
        for split, every in (("train", 20), ("validation", 100))
        for i in range(8)
        for step in range(20, 20_000, every)
    ]
    for name in CONFIG["experiments"]:
        write(results.root, f"models/{name}/training_log.parquet", "training_log", log)
    html = html_of(results)
    assert 500_000 < len(html.encode()) < 5_000_000
    left_out = re.search(r"(\d+) more datasets stand in <code>report/metrics.parquet", html)
    assert left_out is not None
    assert int(left_out.group(1)) > 0


def test_all_datasets_are_shown_where_they_fit(results):
    table = metric_table(results, [])
    assert shown_datasets(table) == table.datasets() != []


def test_thinned_points_keep_both_ends_and_their_order():
    points = [(float(i), 1.0) for i in range(1000)]
    kept = thinned(points, 300)
    assert (kept[0], kept[-1], len(kept)) == (points[0], points[-1], 300)
    assert kept == sorted(set(kept))
    assert thinned(points[:300], 300) == points[:300]


def test_degrees_that_fall_on_one_pixel_are_one_dot():
    markup = degree_figure(np.repeat(np.arange(1, 30_000), 2))
    assert 50 < markup.count("<circle") < 3000


def test_a_very_long_configuration_is_cut(results):
    html = html_of(results, corpus={"held_out_pmids": list(range(1, 100_000))})
    assert "… cut here" in html
    assert len(html) < 1_000_000
