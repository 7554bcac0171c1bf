"""Names of a few concepts in the plane, before and after alignment, with the same question asked in numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bali.errors import ArtefactError
from bali.io.parquet import check_artefact
from bali.reporting.results import Results
from bali.reporting.svg import MARKERS, Drawing
from bali.schemas import NAMES
from bali.vocabulary import QUICKUMLS

NUM_CONCEPTS = 8  # as many as colours that can be told apart
MIN_NAMES, MAX_NAMES = 4, 12
NUM_CANDIDATES = 2000  # most mentioned concepts among which those with enough names are looked for
SIZE = (400.0, 340.0)
MARGIN = 26.0
Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]  # names -> (num_names, dim)


@dataclass(frozen=True)
class Concept:
    """A concept of the figure."""

    cui: str
    preferred_name: str
    names: Sequence[str]


@dataclass(frozen=True)
class Panel:
    """One model's picture and figures: cosines, and the share of names whose nearest other name is of their concept."""

    model: str
    figure: str
    within: float
    between: float
    neighbour: float


def choose_concepts(results: Results) -> list[Concept]:
    """The most mentioned concepts that have at least `MIN_NAMES` names, each of another semantic type."""
    counts = results.table("subgraphs/mention_counts.parquet", "mention_counts")
    concepts = results.table("umls/concepts.parquet", "concepts", ["cui", "preferred_name", "tuis"])
    path = results.path("umls/names.parquet")
    if counts is None or concepts is None or path is None:
        return []
    counts = counts.filter(pc.equal(counts["source"], QUICKUMLS))
    ordered = counts.sort_by([("num_sentences", "descending"), ("cui", "ascending")])
    cuis = ordered["cui"].slice(0, NUM_CANDIDATES).to_pylist()
    names = _names(path, cuis)
    about = concepts.filter(pc.is_in(concepts["cui"], pa.array(cuis, pa.string()))).to_pylist()
    rows = {row["cui"]: row for row in about}
    chosen: dict[str, Concept] = {}
    for cui in cuis:
        row, found = rows.get(cui), names.get(cui, [])
        if row is None or len(found) < MIN_NAMES or len(chosen) == NUM_CONCEPTS:
            continue
        chosen.setdefault((row["tuis"] or [""])[0], Concept(cui, row["preferred_name"], found[:MAX_NAMES]))
    return list(chosen.values())


def panel(model: str, concepts: Sequence[Concept], encode: Encode) -> Panel:
    """Encode all names of the concepts and draw them on their first two principal components."""
    names = [name for concept in concepts for name in concept.names]
    owner = np.array([i for i, concept in enumerate(concepts) for _ in concept.names])
    vectors = np.asarray(encode(names), np.float64)  # (num_names, dim)
    assert vectors.shape[0] == len(names), f"{model}: {len(names)} names, {vectors.shape[0]} vectors"
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    within, between, neighbour = geometry(vectors, owner)
    return Panel(model, _draw(model, principal_plane(vectors), owner, concepts), within, between, neighbour)


def geometry(vectors: npt.NDArray[np.float64], owner: npt.NDArray[np.int64]) -> tuple[float, float, float]:
    """Mean cosine of names of one concept, and of two; share of names with a nearest one of their own concept.

    Args:
        vectors: (num_names, dim), rows of unit length.
        owner: (num_names,) number of each name's concept.
    """
    cosines = vectors @ vectors.T  # (num_names, num_names)
    same = owner[:, None] == owner[None, :]
    other = ~np.eye(len(owner), dtype=bool)
    nearest = np.where(other, cosines, -np.inf).argmax(axis=1)
    return (
        float(cosines[same & other].mean()),
        float(cosines[~same].mean()),
        float((owner[nearest] == owner).mean()),
    )


def principal_plane(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The first two principal components (num_rows, 2), each turned so that its largest loading is positive."""
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    return np.asarray(centred @ axes.T)


def _draw(
    model: str, points: npt.NDArray[np.float64], owner: npt.NDArray[np.int64], concepts: Sequence[Concept]
) -> str:
    drawing = Drawing(*SIZE, f"Name vectors of {len(concepts)} concepts by {model}, first two principal components")
    low, high = points.min(axis=0), points.max(axis=0)
    unit = (points - low) / np.where(high > low, high - low, 1.0)
    pixels = MARGIN + unit * (np.array(SIZE) - 2 * MARGIN)
    for i, concept in enumerate(concepts):
        mine = pixels[owner == i]
        for (x, y), name in zip(mine.tolist(), concept.names, strict=True):
            drawing.marker((x, y), MARKERS[i % len(MARKERS)], f"dot s{i + 1}", f"{name} ({concept.preferred_name})")
    return drawing.markup()


def _names(path: Path, cuis: Sequence[str]) -> dict[str, list[str]]:
    """The names of each CUI, distinct up to case, sorted; row groups without a candidate are not read."""
    check_artefact(path, NAMES)
    if not cuis:
        return {}
    try:
        table = pq.read_table(path, columns=["cui", "name"], filters=pc.field("cui").isin(sorted(cuis)))
    except (pa.ArrowException, OSError) as error:
        raise ArtefactError(f"{path}: damaged: {str(error).splitlines()[0]}. Run its stage again.") from error
    found: dict[str, dict[str, str]] = {}
    for cui, name in zip(table["cui"].to_pylist(), table["name"].to_pylist(), strict=True):
        found.setdefault(cui, {}).setdefault(name.lower(), name)
    return {cui: [names[key] for key in sorted(names)] for cui, names in found.items()}
