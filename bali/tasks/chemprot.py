"""ChemProt (BioCreative VI track 5; Krallinger et al. 2017): how does a chemical act on a gene of the same sentence?

Read from the corpus itself or from the rows of a preparation. SciBERT's has 13 relations and no pairs without one:
micro-F1 is accuracy there, and not comparable with that of BLURB, which has the five groups CPR:3, 4, 5, 6, 9 and
`false`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from bali.tasks.chemprot_corpus import GROUPS, read_corpus
from bali.tasks.examples import LabelledText, Splits
from bali.tasks.labelled_rows import read_labelled_rows
from bali.tasks.markers import NO_RELATION, MarkedPairs, is_negative
from bali.tasks.options import FineTuned, SplitFiles
from bali.tasks.parts import name_of, read_parts

_PAIR_ID = re.compile(r"([0-9]{1,9})\.T[0-9]+\.T[0-9]+")  # ids of BLUE and BLURB begin with the PMID
_GROUP = re.compile(r"CPR:[0-9]+")


class ChemProt(FineTuned):
    """Chemical-protein relation: a group of relations, or false for none."""

    datasets: dict[str, SplitFiles] = Field({})
    learning_rate: float | list[float] = Field(3e-5, description="peak; of a list, the best on dev counts")
    num_epochs: int = Field(10, ge=1, description="at most; the best on dev counts")
    batch_size: int = Field(32, ge=1, description="pairs per step")
    max_length: int = Field(256, ge=16, description="tokens")


def read(dataset: SplitFiles) -> Splits[LabelledText]:
    """Read folders of the corpus, or rows (TSV, JSON lines) of a preparation.

    Raises:
        InputError: a file is missing, damaged, or in another format.
    """
    return read_parts(dataset, _read_entry)


def _read_entry(path: Path, left_out: Counter[str]) -> Iterator[LabelledText]:
    if path.is_dir():
        yield from read_corpus(path, left_out)
        return
    for row in read_labelled_rows(path):
        known = _PAIR_ID.fullmatch(row.row_id)
        pmid = int(known[1]) if known else None
        yield LabelledText(f"{name_of(path)}:{row.line}", row.text, None, _label(row.label), pmid)


def _label(label: str) -> str:
    """The label as it stands, but one name for no relation; groups that the task does not score are none."""
    is_unscored = _GROUP.fullmatch(label) and label not in GROUPS
    return NO_RELATION if is_unscored or is_negative(label) else label


TASK = MarkedPairs(
    name="chemprot",
    title="chemical–protein relation",
    section=ChemProt,
    main=(("test", "micro_f1"),),
    source="ChemProt_Corpus.zip is on biocreative.bioinformatics.udel.edu (BioCreative VI, track 5; registration).",
    read=read,
    metrics=("micro_f1", "accuracy", "macro_f1"),
    negative=frozenset({NO_RELATION}),
)
