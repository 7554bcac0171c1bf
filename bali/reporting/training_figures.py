"""Loss curves of each experiment, from the training logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bali.reporting.axes import Axes, Point
from bali.reporting.results import Results
from bali.reporting.svg import series_classes

SIZE = (420.0, 250.0)
TITLES = {
    "loss": "Total loss",
    "mlm_loss": "Masked language modelling loss",
    "alignment_loss": "Alignment loss",
    "mention_retrieval_accuracy": "Mention → concept accuracy, validation",
}  # drawn first and in this order; any other logged quantity follows by name
NOT_DRAWN = ("learning_rate", "gradient_norm")
MAX_POINTS = {"train": 300, "validation": 60}  # of a curve: about as many as its pixels and dots can show


@dataclass(frozen=True)
class Curve:
    """One quantity over all experiments: thin train, thick validation."""

    title: str
    figure: str


@dataclass(frozen=True)
class TrainingCurves:
    """The figures and the colour class of each experiment."""

    experiments: Sequence[tuple[str, str]]
    curves: Sequence[Curve]
    last_values: Sequence[tuple[str, str, str, int, float]]  # experiment, split, name, step, value


def training_curves(results: Results, experiments: Sequence[str]) -> TrainingCurves | None:
    """The curves of the experiments that have a log; None where none has."""
    logs = {name: log for name in experiments if (log := _log(results, name))}
    if not logs:
        return None
    css = {name: css for name, css in series_classes(experiments).items() if name in logs}
    names = {quantity for log in logs.values() for _, quantity in log}
    ordered = [n for n in TITLES if n in names]
    ordered += sorted(n for n in names - set(TITLES) if not n.endswith(NOT_DRAWN))
    curves = [Curve(TITLES.get(n, n.replace("_", " ")), _figure(n, logs, css)) for n in ordered]
    last = [
        (experiment, split, quantity, int(points[-1][0]), points[-1][1])
        for experiment, log in logs.items()
        for (split, quantity), points in sorted(log.items())
        if quantity in ordered
    ]
    return TrainingCurves(list(css.items()), curves, last)


def thinned(points: Sequence[Point], num: int) -> list[Point]:
    """At most `num` of the points, evenly spread, the first and the last among them."""
    if len(points) <= num:
        return list(points)
    return [points[i * (len(points) - 1) // (num - 1)] for i in range(num)]


Log = Mapping[tuple[str, str], Sequence[Point]]  # (split, quantity) -> (step, value) by step


def _log(results: Results, experiment: str) -> Log:
    table = results.table(f"models/{experiment}/training_log.parquet", "training_log")
    log: dict[tuple[str, str], list[Point]] = {}
    for row in table.to_pylist() if table is not None else []:
        if row["value"] is not None and row["value"] == row["value"]:
            log.setdefault((row["split"], row["name"]), []).append((row["step"], row["value"]))
    return {key: sorted(points) for key, points in log.items()}


def _figure(quantity: str, logs: Mapping[str, Log], css: Mapping[str, str]) -> str:
    series = [
        (experiment, split, thinned(log[split, quantity], MAX_POINTS[split]))
        for experiment, log in logs.items()
        for split in ("train", "validation")
        if (split, quantity) in log
    ]
    points = [point for _, _, line in series for point in line]
    title = f"{TITLES.get(quantity, quantity)} by optimiser step of {', '.join(logs)}"
    axes = Axes.fit(points, SIZE, title)
    axes.frame("step", "")
    for experiment, split, line in series:
        weight = "thick" if split == "validation" else "thin"
        pixels = [axes.at(point) for point in line]
        axes.drawing.polyline(pixels, f"line {weight} {css[experiment]}")
        if split == "validation" or len(line) == 1:
            for pixel, (step, value) in zip(pixels, line, strict=True):
                axes.drawing.circle(
                    pixel, 2.6, f"dot {css[experiment]}", f"{experiment}, {split}, step {step}: {value:.4g}"
                )
    return axes.drawing.markup()
