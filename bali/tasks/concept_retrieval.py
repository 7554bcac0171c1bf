"""Mention -> concept retrieval on the validation sentences: no files of its own."""

from pydantic import Field

from bali.strict import Section
from bali.tasks.task import Task


class ConceptRetrieval(Section):
    """Mention -> concept retrieval on the validation sentences."""

    max_mentions: int = Field(5000, ge=1, description="mentions scored, taken evenly over the validation set")


TASK = Task(
    name="concept_retrieval",
    title="mention → concept retrieval",
    section=ConceptRetrieval,
    main=(("validation", "accuracy@1_mean"),),
    reads=frozenset({"graph", "validation", "dictionary"}),
)
