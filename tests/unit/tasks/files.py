from pathlib import Path

import pytest

from bali.errors import InputError
from bali.tasks.options import SplitFiles

DATA = Path(__file__).parent / "data"


def path(name):
    return str(DATA / name)


def parts(kind=SplitFiles, **names):
    """A dataset of the fixtures: test="gad_test.tsv", train=["a", "b"]."""
    return kind(**{key: [path(n) for n in ([v] if isinstance(v, str) else v)] for key, v in names.items()})


def num_examples(splits):
    return len(splits.train) + len(splits.dev) + len(splits.test)


def refused(read, file, content, kind=SplitFiles, **options):
    """The one line with which a reader refuses a file of this content; it names the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as error:
        read(kind(test=[str(file)], **options))
    message = str(error.value)
    assert file.name in message
    assert "\n" not in message
    return message
