"""Link prediction on held-out edges: no files of its own."""

from pydantic import Field

from bali.strict import Section
from bali.tasks.task import Task


class LinkPrediction(Section):
    """Which concepts a concept is linked with, from the names alone; needs graph.held_out_fraction above 0."""

    max_edges: int = Field(5000, ge=1, description="held-out edges scored, taken evenly; each direction counts as one")


TASK = Task(
    name="link_prediction",
    title="link prediction",
    section=LinkPrediction,
    main=(("test", "mrr_mean"),),
    reads=frozenset({"graph"}),
)
