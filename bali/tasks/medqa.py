"""MedQA-USMLE (Jin et al. 2021, doi:10.3390/app11146421): the US medical licensing exam, 4 or 5 options."""

from pydantic import Field

from bali.tasks.multiple_choice_files import read_choices
from bali.tasks.options import FineTuned, SplitFiles
from bali.tasks.task import MultipleChoice


class MedQA(FineTuned):
    """Multiple choice: question + option -> score. The batch is published as 4 x 8 accumulated."""

    datasets: dict[str, SplitFiles] = Field({})
    learning_rate: float | list[float] = Field(2e-5, description="peak; of a list, the best on dev counts")
    num_epochs: int = Field(2, ge=1, description="at most; the best on dev counts")
    batch_size: int = Field(32, ge=1, description="questions per step")
    max_length: int = Field(512, ge=16, description="tokens of a question with one option")


TASK = MultipleChoice(
    name="medqa",
    title="medical exam questions (MedQA)",
    section=MedQA,
    main=(("test", "accuracy"),),
    source="data_clean.zip is linked from jind11/MedQA on GitHub (questions/US/*.jsonl, or US/4_options/*.jsonl).",
    read=read_choices,
)
