"""The section of the evaluation; the sections of its tasks lie with the tasks (`bali.tasks`)."""

from pydantic import Field

from bali.strict import Section
from bali.tasks.bioasq import BioASQ
from bali.tasks.chemprot import ChemProt
from bali.tasks.concept_retrieval import ConceptRetrieval
from bali.tasks.ddi import DDI
from bali.tasks.embedding_geometry import EmbeddingGeometry
from bali.tasks.entity_linking import EntityLinking
from bali.tasks.gad import GAD
from bali.tasks.link_prediction import LinkPrediction
from bali.tasks.medmcqa import MedMCQA
from bali.tasks.medqa import MedQA
from bali.tasks.ner import Ner
from bali.tasks.pubmedqa import PubMedQA
from bali.tasks.similarity import Similarity
from bali.vocabulary import BASE_MODEL


class Tasks(Section):
    """The evaluation tasks; a task that is null is not run."""

    entity_linking: EntityLinking | None = None
    concept_retrieval: ConceptRetrieval | None = None
    pubmedqa: PubMedQA | None = None
    bioasq: BioASQ | None = None
    medqa: MedQA | None = None
    medmcqa: MedMCQA | None = None
    chemprot: ChemProt | None = None
    ddi: DDI | None = None
    gad: GAD | None = None
    ner: Ner | None = None
    similarity: Similarity | None = None
    link_prediction: LinkPrediction | None = None
    embedding_geometry: EmbeddingGeometry | None = None


class Evaluation(Section):
    """What is evaluated, and how often (stage evaluate)."""

    models: list[str] = Field([BASE_MODEL], min_length=1, description="base and names of experiments")
    other_models: dict[str, str] = Field(
        {}, description="name -> folder, or hub id that `bali fetch model` fetched; evaluated beside the models"
    )
    baselines: bool = Field(True, description="majority class, random and character trigrams beside the models")
    seeds: list[int] = Field([0, 1, 2], min_length=1, description="fine-tuned tasks run once per seed")
    num_bootstrap: int = Field(
        5000, ge=100, description="resamples behind intervals and p-values (at least 2 in so many)"
    )
    batch_size: int = Field(128, ge=1, description="texts encoded at once; of short ones more")
    tasks: Tasks = Tasks()
