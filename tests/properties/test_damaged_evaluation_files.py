"""A damaged evaluation file is read or refused in one line that names it: no reader fails in another way."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bali.errors import InputError
from bali.tasks import TASKS

DATA = Path(__file__).parents[1] / "unit/tasks/data"
CASES = [
    ("bioasq", "bioasq_training.json"),
    ("medqa", "medqa_test.jsonl"),
    ("medmcqa", "medmcqa_dev.json"),
    ("chemprot", "chemprot_blurb.tsv"),
    ("chemprot", "chemprot_training"),
    ("ddi", "ddi/DrugBank/Alpha_ddi.xml"),
    ("gad", "gad_test.tsv"),
    ("ner", "ner_bioes.tsv"),
    ("similarity", "umnsrs.csv"),
]
# A piece is a string, a number, a bracket or the text between tabs; it is replaced by one of these.
PIECE = re.compile(rb'"[^"]*"|\d+|[\[{<]|[^\t\n]+')
DAMAGE = st.sampled_from(
    [
        b"",
        b"null",
        b"-1",
        b"0",
        b"[]",
        b"{}",
        b'"x"',
        b"true",
        b"\t",
        b"\n",
        b'"',
        b"\0",
        b"\xff",
        b"NaN",
        b"1e999",
        b"9" * 30,
    ]
)
PLACE = st.floats(0, 1, exclude_max=True)


def damaged(content, damages):
    for place, piece in damages:
        spans = [match.span() for match in PIECE.finditer(content)]
        start, end = spans[int(place * len(spans))] if spans else (0, 0)
        content = content[:start] + piece + content[end:]
    return content


@pytest.mark.parametrize(("name", "entry"), CASES, ids=lambda part: part.replace("/", "-"))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.integers(0, 9), damages=st.lists(st.tuples(PLACE, DAMAGE), min_size=1, max_size=3))
@example(file=0, damages=[])
def test_damaged_files_are_read_or_refused(tmp_path, name, entry, file, damages):
    target = tmp_path / Path(entry).name
    if (DATA / entry).is_dir():
        shutil.copytree(DATA / entry, target, dirs_exist_ok=True)
        files = sorted(target.iterdir())
    else:
        files = [target]
        shutil.copy(DATA / entry, target)
    chosen = files[file % len(files)]
    chosen.write_bytes(damaged(chosen.read_bytes(), damages))
    task = TASKS[name]
    model = task.section.model_fields["datasets"].annotation.__args__[1]
    dataset = model(**{"pairs" if name == "similarity" else "test": [str(target)]})
    refusal, texts = "", []
    try:
        texts = list(task.texts(dataset))
    except InputError as error:
        refusal = str(error)
    assert bool(texts) != bool(refusal)
    assert not refusal or (damages and str(tmp_path) in refusal and "\n" not in refusal)
