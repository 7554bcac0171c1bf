"""The configured evaluation sets, for the stages that compare them with what is trained on."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bali.config import Config
from bali.tasks import TASKS
from bali.tasks.task import Task

logger = logging.getLogger(__name__)


class EvaluationSet(NamedTuple):
    """A dataset of a task, whose files are all there.

    Attributes:
        task: that is tested on it.
        name: in the configuration.
        dataset: its section of the configuration.
    """

    task: Task
    name: str
    dataset: Any

    def files(self) -> list[Path]:
        """Its files; of a folder all that lie in it."""
        named = [Path(path) for paths in self.dataset.files().values() for path in paths]
        inside = (path.rglob("*") if path.is_dir() else [path] for path in named)
        return sorted({path for paths in inside for path in paths if path.is_file()})


def evaluation_sets(config: Config) -> list[EvaluationSet]:
    """The sets in the order of the tasks, then by name; one that lacks a file is logged, as it is not evaluated."""
    return list(_evaluation_sets(config))


def set_options(sets: list[EvaluationSet]) -> dict[str, Any]:
    """What of the configuration names the sets, as the value that goes into the artefacts' config digest."""
    options: dict[str, Any] = {}
    for task, name, dataset in sets:
        options.setdefault(task.name, {})[name] = dataset.model_dump()
    return options


def _evaluation_sets(config: Config) -> Iterator[EvaluationSet]:
    for task in TASKS.values():
        section = getattr(config.evaluation.tasks, task.name)
        for name, dataset in sorted(getattr(section, "datasets", {}).items()):
            absent = [path for paths in dataset.files().values() for path in paths if not Path(path).exists()]
            if absent:
                key = f"evaluation.tasks.{task.name}.datasets.{name}"
                logger.warning("%s: no file %s; nothing of %s is compared. %s", key, absent[0], name, task.source)
            else:
                yield EvaluationSet(task, name, dataset)
