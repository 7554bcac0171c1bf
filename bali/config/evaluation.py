"""The section of the evaluation and its tasks."""

from pydantic import Field

from bali.strict import Section
from bali.vocabulary import BASE_MODEL


class EntityLinkingDataset(Section):
    """Gold mentions in PubTator files; `train` (and dev) only serve to find the mentions seen before."""

    test: list[str] = Field(min_length=1, description="PubTator files")
    train: list[str] = Field([], description="PubTator files; mentions in them are left out of the refined subset")
    types: list[str] = Field([], description="entity types to keep; empty keeps all")


class EntityLinking(Section):
    """Zero-shot entity linking against the names of the release."""

    datasets: dict[str, EntityLinkingDataset] = Field({})
    identifier_map: str | None = Field(None, description="TSV (identifier, CUI) for gold ids that are not CUIs")


class PubMedQADataset(Section):
    """PubMedQA's own files: ori_pqal.json and test_ground_truth.json."""

    questions: str
    test_ids: str


class PubMedQA(Section):
    """Fine-tuned question answering: question + contexts -> yes, no, maybe."""

    datasets: dict[str, PubMedQADataset] = Field({})
    learning_rate: float = Field(3e-5, gt=0)
    num_epochs: int = Field(10, ge=1)
    batch_size: int = Field(16, ge=1)
    max_length: int = Field(512, ge=16, description="tokens")
    num_dev: int = Field(50, ge=1, description="questions of the training part used to choose the epoch")


class ConceptRetrieval(Section):
    """Mention -> concept retrieval on the validation sentences."""

    max_mentions: int = Field(5000, ge=1, description="mentions scored, taken evenly over the validation set")


class Tasks(Section):
    """The evaluation tasks; a task that is null is not run."""

    entity_linking: EntityLinking | None = None
    pubmedqa: PubMedQA | None = None
    concept_retrieval: ConceptRetrieval | None = None


class Evaluation(Section):
    """What is evaluated, and how often (stage evaluate)."""

    models: list[str] = Field([BASE_MODEL], min_length=1, description="base and names of experiments")
    seeds: list[int] = Field([0, 1, 2], min_length=1, description="fine-tuned tasks run once per seed")
    num_bootstrap: int = Field(1000, ge=100, description="resamples of the 95 % intervals")
    batch_size: int = Field(128, ge=1, description="texts encoded at once")
    tasks: Tasks = Tasks()
