"""Geometry of the vectors of names and mentions: no files of its own."""

from pydantic import Field

from bali.strict import Section
from bali.tasks.task import Task


class EmbeddingGeometry(Section):
    """Alignment, uniformity, anisotropy and the gap between mentions and names: they describe, they do not rank."""

    max_names: int = Field(5000, ge=2, description="names, and pairs of names of one concept, drawn at random")
    max_mentions: int = Field(5000, ge=1, description="mentions, taken evenly over the validation set")


TASK = Task(
    name="embedding_geometry",
    title="embedding geometry",
    section=EmbeddingGeometry,
    main=(),
    descriptive=frozenset({"alignment", "uniformity", "anisotropy", "modality_gap", "mention_name_cosine"}),
    reads=frozenset({"graph", "validation", "dictionary"}),
    has_baselines=False,
)
