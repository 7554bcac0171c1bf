import re
from pathlib import Path

import pytest
import yaml

from bali.config.evaluation import Tasks
from bali.strict import decode
from bali.tasks import TASKS

PAGE = (Path(__file__).parents[3] / "docs/evaluation_data.md").read_text(encoding="utf-8")
SNIPPETS = [yaml.safe_load(snippet)["evaluation"]["tasks"] for snippet in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=",".join)
def test_snippets_are_valid(snippet):
    tasks = decode(Tasks, snippet)
    for name in snippet:
        for dataset in getattr(tasks, name).datasets.values():
            assert any(dataset.files().values())


def test_all_sets_have_a_snippet_and_a_row():
    shown = {name for snippet in SNIPPETS for name in snippet}
    assert shown == {"bioasq", "medqa", "medmcqa", "chemprot", "ddi", "gad", "ner", "similarity"}
    assert all(f"| `{name}` |" in PAGE and TASKS[name].source for name in shown)


def test_values_of_the_published_scripts():
    tasks = decode(Tasks, {name: {} for name in ("bioasq", "medqa", "chemprot", "ddi", "gad", "ner")})
    published = {
        "bioasq": (2e-5, 20, 16, 512),
        "medqa": (2e-5, 2, 32, 512),
        "chemprot": (3e-5, 10, 32, 256),
        "ddi": (2e-5, 5, 32, 256),
        "gad": (3e-5, 10, 32, 256),
        "ner": (5e-5, 20, 32, 512),
    }
    keys = ("learning_rate", "num_epochs", "batch_size", "max_length")
    assert {name: tuple(getattr(getattr(tasks, name), key) for key in keys) for name in published} == published
