"""GAD (Bravo et al. 2015, doi:10.1186/s12859-015-0472-9): does a sentence link the gene and the disease in it?

The ten folds are those of BioBERT (Lee et al. 2020), each a dataset of its own; BLURB's single split reads as well.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from bali.errors import InputError
from bali.tasks.examples import LabelledText, Splits
from bali.tasks.labelled_rows import read_labelled_rows
from bali.tasks.options import FineTuned, SplitFiles
from bali.tasks.parts import name_of, read_parts
from bali.tasks.task import Classification

LABELS = ("0", "1")


class GAD(FineTuned):
    """Gene-disease association: 1 where the sentence states one, else 0."""

    datasets: dict[str, SplitFiles] = Field({})
    learning_rate: float | list[float] = Field(3e-5, description="peak; of a list, the best on dev counts")
    num_epochs: int = Field(10, ge=1, description="at most; the best on dev counts")
    batch_size: int = Field(32, ge=1, description="sentences per step")
    max_length: int = Field(256, ge=16, description="tokens")


def read(dataset: SplitFiles) -> Splits[LabelledText]:
    """Read TSV (sentence, label, or index, sentence, label with a header) or JSON lines; told by the file's first line.

    Raises:
        InputError: a file is missing or damaged, a row has other columns, or a label is neither 0 nor 1.
    """
    return read_parts(dataset, _read_file)


def _read_file(path: Path, _left_out: Counter[str]) -> Iterator[LabelledText]:
    for row in read_labelled_rows(path):
        if row.label not in LABELS:
            raise InputError(f"{path} line {row.line}: expected the label 0 or 1, got {row.label!r:.40}.")
        yield LabelledText(f"{name_of(path)}:{row.line}", row.text, None, row.label)


TASK = Classification(
    name="gad",
    title="gene–disease association",
    section=GAD,
    main=(("test", "f1"),),
    source="The folds are in BioBERT's relation extraction data (dmis-lab/biobert on GitHub).",
    read=read,
    labels=LABELS,
    metrics=("f1", "accuracy"),
    positive="1",
)
