"""The evaluation results that say why a task was not run."""

from bali.errors import ArtefactError
from bali.reporting.results import Results


def skipped_tasks(results: Results) -> list[str]:
    """The distinct lines of the tasks that were skipped, in order of the files' names."""
    lines: dict[str, None] = {}
    for path in results.files("evaluation/*/*/*.json"):
        name = str(path.relative_to(results.root))
        value = results.json(name)
        if not isinstance(value, dict):
            raise ArtefactError(
                f"{path}: expected a JSON object, got {type(value).__name__}. Run `bali evaluate` again."
            )
        found = value.get("skipped") or []
        lines.update(dict.fromkeys([found] if isinstance(found, str) else map(str, found)))
    return list(lines)
