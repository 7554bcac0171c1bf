"""Model cards and SOURCES.md: Markdown from the templates."""

from collections.abc import Sequence
from typing import Any

import yaml

from bali.config import Config
from bali.reporting import sources
from bali.reporting.metric_names import change, label, number
from bali.reporting.metric_table import MetricTable
from bali.reporting.rendering import environment
from bali.reporting.sources import Licences
from bali.vocabulary import BASE_MODEL


def model_card(name: str, config: Config, table: MetricTable | None, licences: Licences) -> str:
    """The Markdown card of one experiment: what it is, how it was trained, how it did, what its user owes to whom."""
    rows = _metric_rows(name, table) if table is not None else []
    return (
        environment()
        .get_template("model_card.txt")
        .render(
            name=name,
            is_aligned=config.experiment(name).graph_encoder != "none",
            base_model=config.pretraining.base_model,
            options=yaml.safe_dump(config.experiment(name).model_dump(exclude={"base_model"}), sort_keys=True),
            seed=config.seed,
            umls_release=config.umls.release,
            rows=rows,
            licences=licences,
            notice=sources.NLM_NOTICE,
        )
    )


def sources_page(licences: Licences) -> str:
    """The Markdown text of SOURCES.md."""
    template = environment().get_template("sources.txt")
    return template.render(licences=licences, notice=sources.NLM_NOTICE, duties=sources.DUTIES)


def _metric_rows(name: str, table: MetricTable) -> Sequence[dict[str, Any]]:
    rows = []
    for key in table.keys:
        cell, base = table.cells.get((key, name)), table.cells.get((key, BASE_MODEL))
        if cell is not None:
            rows.append(
                {
                    "label": label(key),
                    "split": key.split,
                    "value": f"{number(key, cell.value)} [{number(key, cell.ci_low)}, {number(key, cell.ci_high)}]",
                    "base": number(key, base.value) if base else "",
                    "difference": f"{d.mark} {change(key, d.value)}" if (d := cell.difference) else "",
                    "is_main": key in table.main,
                }
            )
    return rows
