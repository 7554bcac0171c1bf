"""MedMCQA (Pal et al. 2022, proceedings.mlr.press/v174/pal22a): questions of Indian medical entrance exams, 4 options.

The answers of its test part are not published: its dev part is what others report on, and serves as test here.
"""

from pydantic import Field

from bali.tasks.medqa import MedQA
from bali.tasks.multiple_choice_files import read_choices
from bali.tasks.options import SplitFiles
from bali.tasks.task import MultipleChoice


class MedMCQA(MedQA):
    """Multiple choice: question + option -> score. No values are published: these are MedQA's."""

    datasets: dict[str, SplitFiles] = Field({})


TASK = MultipleChoice(
    name="medmcqa",
    title="medical exam questions (MedMCQA)",
    section=MedMCQA,
    main=(("test", "accuracy"),),
    source="data.zip is linked from medmcqa/medmcqa on GitHub (train.json, dev.json).",
    read=read_choices,
)
