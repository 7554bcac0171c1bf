"""How good the linking is: the scores of the linker, what became of each annotation, the commonest errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from bali.linking.quality.outcomes import ANNOTATION, LINK, MEANINGS, kind_rank
from bali.linking.quality.scoring import COUNTS, IN_DICTIONARY, LEVELS, OVERLAP, SPAN_AND_CUI, SPAN_ONLY, with_measures
from bali.reporting.results import Results
from bali.reporting.samples import Piece, cut
from bali.reporting.threshold_figure import ThresholdFigure, threshold_figures

ALL_SHARDS = "all shards"
NUM_SHARDS = 8  # shown one by one
NUM_TYPES = 15
NUM_ERRORS = 10  # of each kind
CONTEXT = 110  # characters of an example on either side of the mention
LEVEL_NAMES = {
    SPAN_AND_CUI: "span and CUI",
    SPAN_ONLY: "span only",
    OVERLAP: "overlapping span, same CUI",
    IN_DICTIONARY: "span and CUI, concept in the dictionary",
}


@dataclass(frozen=True)
class Outcome:
    """How often a kind occurred, as a share of the annotations or links."""

    kind: str
    meaning: str
    num: int
    share: float


@dataclass(frozen=True)
class CommonError:
    """A frequent error; `pieces` is its example, cut at the mention."""

    row: dict[str, Any]
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class LinkingQuality:
    """What the page shows.

    Attributes:
        levels: rows of LINKING_QUALITY with the level's name in `label`; over all shards first.
        num_hidden_shards: shards with annotations that have no row of their own.
        types: rows of LINKING_BY_TYPE over all shards, the most annotated first.
        num_hidden_types: annotated types without a row.
        unannotated: (type, number of links) of types that no annotation has, the most linked first.
        annotations: what became of the annotations.
        links: what became of the links.
        errors: (kind, its meaning, how often, the commonest).
        curves: the threshold curve.
    """

    levels: Sequence[dict[str, Any]]
    num_hidden_shards: int
    types: Sequence[dict[str, Any]]
    num_hidden_types: int
    unannotated: Sequence[tuple[str, int]]
    annotations: Sequence[Outcome]
    links: Sequence[Outcome]
    errors: Sequence[tuple[str, str, int, Sequence[CommonError]]]
    curves: Sequence[ThresholdFigure]


def linking_quality(results: Results, show_text: bool = True) -> LinkingQuality | None:
    """The tables of `bali score-linking` below `linking/`; None where there are none or they have no row.

    Args:
        results: what is read.
        show_text: whether the commonest errors, which show the corpus, are read.
    """
    quality = _frame(results, "quality", "linking_quality")
    if quality.is_empty():
        return None
    levels, num_hidden = _levels(quality)
    types = _summed(_frame(results, "by_type", "linking_by_type"), ["tui", "sty"])
    annotated = types.filter(pl.col("num_gold") > 0).sort(-pl.col("num_gold"), "tui")
    others = types.filter(pl.col("num_gold") == 0).sort(-pl.col("num_predicted"), "tui").head(6)
    outcomes = _frame(results, "outcomes", "linking_outcomes")
    annotations, links = (_outcomes(outcomes, side) for side in (ANNOTATION, LINK))
    curve = _summed(_frame(results, "threshold_curve", "linking_curve"), ["level", "threshold"])
    return LinkingQuality(
        levels=levels,
        num_hidden_shards=num_hidden,
        types=annotated.head(NUM_TYPES).to_dicts(),
        num_hidden_types=max(annotated.height - NUM_TYPES, 0),
        unannotated=list(others.select("sty", "num_predicted").iter_rows()),
        annotations=annotations,
        links=links,
        errors=_errors(_frame(results, "errors", "linking_errors"), [*annotations, *links]) if show_text else [],
        curves=threshold_figures(curve.sort("level", "threshold")),
    )


def context(sentence: str, start: int, end: int) -> list[Piece]:
    """A sentence cut at the mention [start, end), far words left out."""
    first, last = max(start - CONTEXT, 0), min(end + CONTEXT, len(sentence))
    if first:
        first = sentence.find(" ", first, start) + 1 or first
    if last < len(sentence):
        last = max(sentence.rfind(" ", end, last), end)
    pieces = cut(sentence[first:last], [{"start": start - first, "end": end - first}]) if start < end else []
    before, after = (["…"] if is_cut else [] for is_cut in (first > 0, last < len(sentence)))
    return [*(Piece(text, None) for text in before), *pieces, *(Piece(text, None) for text in after)]


def _frame(results: Results, name: str, kind: str) -> pl.DataFrame:
    table = results.table(f"linking/{name}.parquet", kind)
    return pl.DataFrame(table) if table is not None else pl.DataFrame()


def _summed(rows: pl.DataFrame, groups: Sequence[str]) -> pl.DataFrame:
    """The counts over all shards, with their measures."""
    if rows.is_empty():
        return pl.DataFrame(schema={**dict.fromkeys(groups, pl.String), **dict.fromkeys(COUNTS, pl.Int64)})
    return with_measures(rows.group_by(groups).agg(pl.col(COUNTS).sum()))


def _levels(quality: pl.DataFrame) -> tuple[list[dict[str, Any]], int]:
    """The rows to show and the number of shards without one: the best annotated shards, below the sum of all."""
    shards = quality.group_by("shard").agg(pl.col("num_gold").max()).sort(-pl.col("num_gold"), "shard")["shard"]
    shown = sorted(shards.head(NUM_SHARDS))
    frames = [quality.filter(pl.col("shard") == shard) for shard in shown]
    if len(shards) > 1:
        frames.insert(0, _summed(quality, ["level"]).with_columns(shard=pl.lit(ALL_SHARDS)).select(quality.columns))
    by_level = {level: rank for rank, level in enumerate(LEVELS)}
    rows = [row for frame in frames for row in sorted(frame.to_dicts(), key=lambda row: by_level[row["level"]])]
    return [{**row, "label": LEVEL_NAMES[row["level"]]} for row in rows], len(shards) - len(shown)


def _outcomes(outcomes: pl.DataFrame, side: str) -> list[Outcome]:
    if outcomes.is_empty():
        return []
    of_side = outcomes.filter(pl.col("side") == side)
    counts = of_side.group_by("kind").agg(pl.col("num").sum()).sort(kind_rank(pl.col("kind")))
    total = counts["num"].sum()
    return [Outcome(kind, MEANINGS[kind], num, num / total) for kind, num in counts.iter_rows()]


def _errors(errors: pl.DataFrame, outcomes: Sequence[Outcome]) -> list[tuple[str, str, int, Sequence[CommonError]]]:
    """The errors by kind; a kind that both sides count is told from the annotations' side, which comes first."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.kind, outcome.num)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in errors.to_dicts():
        by_kind.setdefault(row["kind"], []).append(row)
    return [
        (kind, MEANINGS[kind], counts.get(kind, 0), [_common_error(row) for row in rows[:NUM_ERRORS]])
        for kind, rows in by_kind.items()
    ]


def _common_error(row: dict[str, Any]) -> CommonError:
    return CommonError(row, context(row["sentence"], row["start"], row["end"]))
