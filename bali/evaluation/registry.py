"""How each kind of task is run: a protocol by its class, or by its name where it is one of a kind.

The modules are imported by name, not looked up, so that the code digest of stage evaluate covers them.
"""

from collections.abc import Callable
from typing import Any

from bali.evaluation import (
    classification,
    concept_retrieval,
    embedding_geometry,
    entity_linking,
    link_prediction,
    multiple_choice,
    similarity,
    tagging,
)
from bali.evaluation.results import TaskInputs, TaskResult
from bali.tasks.task import Classification, MultipleChoice, Similarity, Tagging, Task

# A protocol takes its own kind of task.
Protocol = Callable[[Any, TaskInputs], TaskResult]
_BY_KIND: dict[type[Task], Protocol] = {
    Classification: classification.run,
    MultipleChoice: multiple_choice.run,
    Tagging: tagging.run,
    Similarity: similarity.run,
}
_BY_NAME: dict[str, Protocol] = {
    "entity_linking": entity_linking.run,
    "concept_retrieval": concept_retrieval.run,
    "link_prediction": link_prediction.run,
    "embedding_geometry": embedding_geometry.run,
}


def run_task(task: Task, inputs: TaskInputs) -> TaskResult:
    """Run a task by its protocol.

    Raises:
        InputError: a file that is there is broken.
        ArtefactError: an artefact of another stage is missing or damaged.
    """
    by_kind = next((protocol for kind, protocol in _BY_KIND.items() if isinstance(task, kind)), None)
    return (by_kind or _BY_NAME[task.name])(task, inputs)
