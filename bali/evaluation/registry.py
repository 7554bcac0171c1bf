"""The evaluation tasks: name in the configuration -> module with `run(inputs) -> TaskResult`.

A new task is one module here, one section in `bali.config.Tasks`, and one test. The modules are imported by name, not
looked up, so that the code digest of stage evaluate covers them.
"""

from collections.abc import Callable

from bali.evaluation import concept_retrieval, entity_linking, pubmedqa
from bali.evaluation.results import TaskInputs, TaskResult

TASKS: dict[str, Callable[[TaskInputs], TaskResult]] = {
    "entity_linking": entity_linking.run,
    "pubmedqa": pubmedqa.run,
    "concept_retrieval": concept_retrieval.run,
}
