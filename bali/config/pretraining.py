"""The sections of the training: the small base model, and alignment pre-training."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from bali.config.effects import KEY_NEEDS
from bali.strict import Section
from bali.vocabulary import (
    AlignmentLoss,
    GraphEncoder,
    LinearisedFormat,
    LinkPredictionMethod,
    NodeText,
    Pooling,
    Schedule,
)


class BaseModelRecipe(Section):
    """The small BERT that is made from the corpus where `pretraining.base_model` is `from_corpus`."""

    vocabulary_size: int = Field(2000, ge=100, description="WordPiece entries")
    hidden_size: int = Field(64, ge=8)
    num_layers: int = Field(2, ge=1)
    num_heads: int = Field(2, ge=1)
    max_length: int = Field(128, ge=16, description="positions, tokens")
    num_steps: int = Field(300, ge=1, description="optimiser steps of masked language modelling")
    batch_size: int = Field(32, ge=1, description="sentences")
    learning_rate: float = Field(1e-3, gt=0)


class Pretraining(Section):
    """Alignment pre-training (stage pretrain). Numbers that the paper does not give are ours."""

    base_model: str = Field("from_corpus", description="directory of a Hugging Face encoder, or from_corpus")
    frozen_layers: int = Field(0, ge=0, description="lowest layers of the language model (and embeddings) not trained")

    graph_encoder: GraphEncoder = Field("gat", description="none: masked language modelling only")
    num_graph_layers: int = Field(2, ge=1)
    num_graph_heads: int = Field(2, ge=1, description="of gat")
    num_bases: int = Field(8, ge=1, description="of rgcn: matrices that the relations share")
    dropout: float = Field(0.1, ge=0, lt=1, description="of the graph encoder")
    linearised_format: LinearisedFormat = Field("v1", description="v1: a statement an edge; v2: grouped by relation")
    relation_phrases: dict[str, str] = Field({}, description="of linearised: REL or RELA -> words, over our own table")
    max_graph_length: int = Field(128, ge=16, description="of linearised: tokens")
    max_hops: int | None = Field(None, ge=0, description="edges within these hops of the sampled ones; null: all")
    shuffle_edges: bool = Field(False, description="ablation: neighbours are other concepts, one for one")
    pooling: Pooling = Field("mean", description="of a mention's tokens")

    mlm_weight: float = Field(1.0, ge=0)
    alignment_weight: float = Field(1.0, ge=0)
    alignment_loss: AlignmentLoss = "infonce"
    temperature: float = Field(0.07, gt=0, description="of InfoNCE")
    learnable_temperature: bool = Field(False, description="temperature is where it starts")
    mask_related: bool = Field(False, description="concepts with an edge in the graph are no negatives of each other")
    mask_same_names: bool = Field(False, description="concepts with a name in common are no negatives of each other")
    mention_name_weight: float = Field(0.0, ge=0, description="mention against the root's own name")
    link_prediction: LinkPredictionMethod = "distmult"
    link_prediction_weight: float = Field(0.0, ge=0, description="held-out edges against other ends")
    infomax_weight: float = Field(0.0, ge=0, description="deep graph infomax: nodes against those with other names")
    corrupted_edges_weight: float = Field(0.0, ge=0, description="concept against itself with other neighbours")
    graph_mlm_weight: float = Field(0.0, ge=0, description="masked language modelling on the linearised graph")

    mlm_probability: float = Field(0.15, gt=0, lt=1, description="share of corrupted tokens")
    mention_masking: float = Field(0.15, ge=0, le=1, description="share of mentions replaced by [MASK]")
    centre_name_masking: float = Field(0.15, ge=0, le=1, description="share of root names replaced by [MASK]")
    max_sentence_length: int = Field(128, ge=8, description="tokens")
    node_text: NodeText = Field("names", description="what stands for a concept of a subgraph, drawn anew in each step")
    max_name_length: int = Field(32, ge=4, description="tokens")

    batch_size: int = Field(32, ge=2, description="sentences of one contrastive batch, over all processes")
    accumulation_steps: int = Field(1, ge=1, description="batches per optimiser step")
    sentences_at_once: int | None = Field(None, ge=1, description="cached gradients: sentences in memory; null: off")
    num_steps: int = Field(300, ge=1, description="optimiser steps")
    learning_rate: float = Field(2e-5, gt=0, description="of the language model")
    head_learning_rate: float = Field(3e-4, gt=0, description="of the graph encoder and new heads")
    schedule: Schedule = Field("cosine", description="after the warm-up, to zero")
    weight_decay: float = Field(0.01, ge=0)
    warmup_fraction: float = Field(0.05, ge=0, lt=1)
    max_gradient_norm: float = Field(1.0, gt=0)

    num_processes: int = Field(1, ge=1, description="of one training on one machine, each with its own GPU")
    compile: bool = Field(False, description="torch.compile of the language model")
    num_workers: int = Field(0, ge=0, description="processes that make batches; 0: a thread")
    checkpoint_every: int = Field(200, ge=1, description="steps; the run resumes from the last one")
    log_every: int = Field(20, ge=1, description="steps between the lines of the log")
    validate_every: int = Field(100, ge=1, description="steps")
    tensorboard: bool = Field(False, description="also event files, beside the checkpoints")
    locations: ClassVar[frozenset[str]] = frozenset({"base_model"})
    settings: ClassVar[frozenset[str]] = frozenset({"checkpoint_every", "log_every", "num_workers", "tensorboard"})

    @model_validator(mode="after")
    def _something_is_trained(self) -> Self:
        if self.graph_encoder == "none" and self.mlm_weight == 0:
            raise ValueError("mlm_weight 0 is refused where graph_encoder is none: nothing would be trained")
        if self.graph_encoder != "none" and not self.weighs_the_graph():
            raise ValueError(
                f"graph_encoder {self.graph_encoder!r} is without effect: no objective that reads its vectors has a "
                "weight above 0. Set alignment_weight, or graph_encoder: none"
            )
        if self.batch_size % self.num_processes:
            raise ValueError(
                f"num_processes must divide batch_size {self.batch_size}, got {self.num_processes}: the sentences of a "
                "batch are dealt out evenly"
            )
        return self

    def weighs_the_graph(self) -> bool:
        """Whether an objective that reads subgraphs has a weight above 0 and can act."""
        without = ("mlm_weight", "mention_name_weight")
        weights = [name for name in type(self).model_fields if name.endswith("_weight") and name not in without]
        return any(getattr(self, name) > 0 and not self.missing_for(name) for name in weights)

    def missing_for(self, key: str) -> str:
        """What `key` needs to have an effect and does not find here, in words; empty where it acts."""
        needs = KEY_NEEDS.get(key)
        return "" if needs is None or needs.is_met(self) else needs.words

    def effective(self) -> Self:
        """The same training with every key that has no effect on it at its default."""
        return self.model_copy(
            update={
                name: field.get_default() for name, field in type(self).model_fields.items() if self.missing_for(name)
            }
        )
