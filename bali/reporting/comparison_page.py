"""What `bali compare` writes: the page, and the same numbers as CSV."""

from collections.abc import Iterator
from itertools import accumulate, product
from typing import Any

import polars as pl
from markupsafe import Markup

import bali
from bali.reporting import rendering
from bali.reporting.metric_names import MetricKey
from bali.reporting.metric_table import Difference
from bali.reporting.page import shown_datasets
from bali.reporting.run_comparison import Column, RunComparison, RunsTable

MAX_NAMED = 3  # runs that the title names
MAX_UPRIGHT = 8  # columns that fit on upright paper
# The second row of the heads begins with a model, which scrolls, and not with the measure, which does not.
ROW_STYLE = """table.all tr.notes td { white-space: normal; padding: 0 0 .4rem; }
table.all tr:has(+ tr.notes) > * { border-bottom: 0; }"""
CSV_COLUMNS = {
    "run": pl.String,
    "model": pl.String,
    "task": pl.String,
    "dataset": pl.String,
    "split": pl.String,
    "metric": pl.String,
    "is_main": pl.Boolean,
    "value": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "n": pl.Int64,
    "num_seeds": pl.Int64,
    "first_run": pl.String,
    "difference": pl.Float64,
    "difference_ci_low": pl.Float64,
    "difference_ci_high": pl.Float64,
    "p_value": pl.Float64,
    "p_corrected": pl.Float64,
}


def comparison_page(comparison: RunComparison, csv_name: str) -> str:
    """The self-contained HTML page.

    Args:
        comparison: what is shown.
        csv_name: name of the file with the same numbers, beside the page.
    """
    template = rendering.environment().get_template("comparison.html")
    return template.render(
        comparison=comparison,
        table=comparison.table,
        title=_title([run.name for run in comparison.runs]),
        shown_datasets=shown_datasets(comparison.table),
        csv_name=csv_name,
        version=bali.__version__,
        style=rendering.style() + _column_style(comparison.table),
    )


def comparison_csv(comparison: RunComparison) -> str:
    """One row per run, model and measure, in the order of the page; an empty field is a number that does not exist."""
    return pl.DataFrame(list(_rows(comparison)), schema=CSV_COLUMNS, orient="row").write_csv()


def _rows(comparison: RunComparison) -> Iterator[tuple[Any, ...]]:
    table = comparison.table
    to_first = {(key, model): difference for (key, model, _), difference in table.differences.items()}
    for group in table.groups:
        for column in group:
            for key in table.keys:
                if (key, column.id) in table.cells:
                    yield *_measured(comparison, key, column), *_compared(table.first, to_first.get((key, column.id)))


def _measured(comparison: RunComparison, key: MetricKey, column: Column) -> tuple[Any, ...]:
    cell = comparison.table.cells[key, column.id]
    numbers = (cell.value, cell.ci_low, cell.ci_high, cell.num_examples, cell.num_seeds)
    return column.run, column.model, *key, key in comparison.table.main, *numbers


def _compared(first: str, found: Difference | None) -> tuple[Any, ...]:
    if found is None:
        return (None,) * 6
    return first, found.value, found.ci_low, found.ci_high, found.p_value, found.p_corrected


def _column_style(table: RunsTable) -> Markup:
    """Style that depends on the columns: a rule before each run but the first, and wide paper for many columns."""
    starts = list(accumulate(len(group) for group in table.groups))[:-1]
    heads = {"main": 1, "all": 2}  # cells of a row before the models
    cells = [f"table.{name} td:nth-child({heads[name] + start + 1})" for name, start in product(heads, starts)]
    selectors = ", ".join([*cells, "table th.first"])
    rules = [f"{selectors} {{ border-left: 1px solid var(--rule); padding-left: .75rem; }}"]
    if len(table.columns) > MAX_UPRIGHT:
        rules.append("@page { size: landscape; }")
    return Markup("\n".join([*rules, ROW_STYLE, ""]))


def _title(names: list[str]) -> str:
    if len(names) > MAX_NAMED:
        return f"{len(names)} runs side by side"
    return f"{', '.join(names[:-1])} and {names[-1]} side by side"
