"""The template environment: HTML is escaped, Markdown has its own filter for table cells."""

import math
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from bali.reporting.artefact_view import size_text
from bali.reporting.metric_names import (
    change,
    dataset,
    label,
    metric_name,
    number,
    percent,
    signed,
    subject,
    task_name,
)


@cache
def environment() -> Environment:
    """Templates of this package; an unknown variable in one is an error."""
    loader = PackageLoader("bali.reporting", "templates")
    options = select_autoescape(enabled_extensions=("html",), default=False)
    made = Environment(
        loader=loader,
        autoescape=options,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        count=lambda value: f"{value:,}" if isinstance(value, int) else str(value),
        capital=lambda text: text[:1].upper() + text[1:],
        cell=lambda text: _line(text).replace("|", "\\|"),
        drawing=Markup,  # markup of bali.reporting.svg, whose text is escaped where it is made
        dataset=dataset,
        duration=duration,
        label=label,
        line=_line,
        metric=metric_name,
        percent=percent,
        subject=subject,
        share=lambda value: "–" if value is None or math.isnan(value) else percent(value),
        signed=signed,
        size=size_text,
        task_name=task_name,
        words=lambda text: str(text).replace("_", " "),
    )
    made.globals.update(number=number, change=change)
    return made


def style() -> Markup:
    """The style sheet, to stand inside the page."""
    return Markup(files("bali.reporting").joinpath("templates/report.css").read_text(encoding="utf-8"))


def duration(seconds: float) -> str:
    """Seconds as a reader says them: 0.4 s, 12 s, 3 min 5 s, 2 h 4 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _line(text: Any) -> str:
    """White space of any kind as single blanks."""
    return " ".join(str(text).split())
