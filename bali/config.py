"""The configuration: one model per section, strict, every key with its unit and its reason.

An unknown key, a wrong type or a value that is not allowed is refused with the key, what was found and what is
allowed. Keys in `Section.locations` say where something lies (a rule sees it as its input), keys in `Section.settings`
how a run behaves (threads, logs); both stay out of `section_options`, the parameters that make a rule run again.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import yaml
from pydantic import Field, model_validator

from bali.errors import ConfigError
from bali.strict import Section, decode, suggest
from bali.vocabulary import (
    BASE_MODEL,
    MODEL_NAME_PATTERN,
    Accelerator,
    CorpusFormat,
    DuplicateTexts,
    GraphEncoder,
    LinkingBackend,
    NodeText,
    Overlapping,
    Precision,
    Ranker,
    Similarity,
)

All = Literal["all"]


class Umls(Section):
    """Which rows of the UMLS release enter (stage ingest)."""

    path: str | list[str] = Field(
        "resources/demo/umls",
        description="META directory, zip, or a list of RRF files; a release of RxNorm, MedGen, OBO or KGX",
    )
    release: str = Field("demo", description="name of the release, e.g. 2025AB; written into every artefact")
    languages: list[str] | All = Field(["ENG"], description="MRCONSO.LAT to keep")
    suppress: list[Literal["N", "O", "Y", "E"]] = Field(["N"], description="SUPPRESS flags to keep")
    sources: list[str] | All = Field("all", description="SAB to keep, in names and relations")
    exclude_sources: list[str] = Field([], description="SAB to drop, in names and relations")
    term_types: list[str] | All = Field("all", description="MRCONSO.TTY to keep")
    semantic_types: list[str] | All = Field("all", description="TUIs or semantic groups (e.g. DISO); concepts to keep")
    relations: list[str] | All = Field("all", description="REL or RELA to keep, each with its inverse")
    min_names: int = Field(1, ge=1, description="names that a concept must have after all other filters")
    max_srl: int = Field(0, ge=0, le=9, description="highest source restriction level to keep")
    locations: ClassVar[frozenset[str]] = frozenset({"path"})


class Graph(Section):
    """How relations become a graph (stage graph)."""

    inverse_edges: bool = Field(True, description="each relation also in the other direction")
    self_loops: bool = Field(False, description="keep relations of a concept with itself")
    max_degree: int | None = Field(None, ge=1, description="incoming edges kept per concept; null keeps all")


class Corpus(Section):
    """Which texts are read (stages parse_corpus, select_versions, split_sentences)."""

    inputs: list[str] = Field(
        ["resources/demo/pubmed/*.xml"],
        min_length=1,
        description="globs of files, or of folders of plain texts; a later entry wins",
    )
    format: CorpusFormat = Field("auto", description="auto: by the content; jsonl: also BERN2's")
    duplicate_texts: DuplicateTexts = Field(
        "keep", description="drop: of documents with one text the lowest PMID stays"
    )
    held_out_pmids: list[int] = Field([], description="PMIDs kept out of training, beside those of the evaluation sets")
    locations: ClassVar[frozenset[str]] = frozenset({"inputs", "held_out_pmids"})


class Linking(Section):
    """How mentions are found, filtered and linked (stages build_linker_index, link_mentions, rank_candidates).

    Names and defaults of the matcher's keys are QuickUMLS's.
    """

    backend: LinkingBackend = Field("fast", description="fast and quickumls give the same answers")
    threshold: float = Field(0.7, gt=0, le=1, description="lowest similarity, 0-1")
    similarity: Similarity = "jaccard"
    window: int = Field(5, ge=1, description="longest mention, tokens")
    min_match_length: int = Field(3, ge=1, description="shortest mention, characters")
    overlapping: Overlapping = Field("score", description="which of two overlapping mentions wins")
    semantic_types: list[str] | Literal["quickumls", "all"] = Field(
        "quickumls", description="TUIs or semantic groups that the matcher accepts, or its own list"
    )
    keep_uppercase: bool = Field(False, description="with lowercase off: mentions in capitals are not lower-cased")
    ignore_syntax: bool = Field(False, description="mentions may start and end with any token, also a stop word")
    lowercase: bool = Field(True, description="the dictionary is lower-cased")
    normalize_unicode: bool = Field(False, description="dictionary and text are matched in ASCII")
    source_rank: list[str] = Field([], description="SABs from best to worst, which break ties; others come after them")
    keep_types: list[str] | All = Field("all", description="TUIs or semantic groups; other candidates are dropped")
    stop_terms: list[str] = Field([], description="mentions to drop, in any case")
    short_and_ambiguous: bool = Field(False, description="drop the words of bali/linking/short_and_ambiguous.tsv")
    min_letters: int = Field(0, ge=0, description="letters that a mention must have")
    max_candidates: int | None = Field(None, ge=1, description="a mention with more concepts is dropped; null: none")
    keep_candidates: bool = Field(False, description="all candidates go to mentions/candidates, not the chosen only")
    ranker: Ranker = Field("order", description="context: a language model chooses among a mention's concepts")
    ranker_model: str | None = Field(None, description="directory of a Hugging Face encoder, for ranker: context")
    locations: ClassVar[frozenset[str]] = frozenset({"ranker_model"})

    @model_validator(mode="after")
    def _options_have_an_effect(self) -> Self:
        if self.ranker == "order" and self.ranker_model is not None:
            raise ValueError("ranker_model is without effect where ranker is order: set ranker: context")
        if self.keep_uppercase and self.lowercase:
            raise ValueError("keep_uppercase is without effect where lowercase is true: set lowercase: false")
        return self


class Subgraphs(Section):
    """The neighbourhood of a concept (stage sample_subgraphs)."""

    num_hops: int = Field(1, ge=0, le=8)
    fanout: list[int] = Field([3], description="neighbours sampled per node, one number per hop; -1 takes all")
    relations: list[str] | All = Field("all", description="REL or RELA of the edges that are followed")
    hub_degree: int | None = Field(None, ge=1, description="concepts with more edges are not walked through")

    @model_validator(mode="after")
    def _one_fanout_per_hop(self) -> Self:
        if len(self.fanout) != self.num_hops:
            raise ValueError(f"fanout must have num_hops = {self.num_hops} numbers, got {len(self.fanout)}")
        if any(f < -1 or f == 0 for f in self.fanout):
            raise ValueError(f"fanout must hold positive numbers or -1 (all), got {self.fanout}")
        return self


class Examples(Section):
    """Which sentences are trained on (stage make_examples)."""

    validation_fraction: float = Field(0.05, ge=0, lt=1, description="share of documents")
    max_sentences_per_concept: int | None = Field(None, ge=1, description="about; rare concepts keep all; null: all")
    mention_sources: list[Literal["quickumls", "pubtator"]] = Field(["quickumls"], min_length=1)


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
    graph_encoder: GraphEncoder = Field("gat", description="none: masked language modelling only")
    num_graph_layers: int = Field(2, ge=1)
    num_graph_heads: int = Field(2, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1, description="of the graph encoder")
    mlm_weight: float = Field(1.0, ge=0)
    alignment_weight: float = Field(1.0, ge=0)
    temperature: float = Field(0.07, gt=0, description="of InfoNCE")
    mlm_probability: float = Field(0.15, gt=0, lt=1, description="share of corrupted tokens")
    mention_masking: float = Field(0.15, ge=0, le=1, description="share of mentions replaced by [MASK]")
    centre_name_masking: float = Field(0.15, ge=0, le=1, description="share of root names replaced by [MASK]")
    max_sentence_length: int = Field(128, ge=8, description="tokens")
    node_text: NodeText = Field("names", description="what stands for a concept of a subgraph, drawn anew in each step")
    max_name_length: int = Field(32, ge=4, description="tokens")
    batch_size: int = Field(32, ge=2, description="sentences per optimiser step")
    num_steps: int = Field(300, ge=1, description="optimiser steps")
    learning_rate: float = Field(2e-5, gt=0, description="of the language model")
    head_learning_rate: float = Field(3e-4, gt=0, description="of the graph encoder and new heads")
    weight_decay: float = Field(0.01, ge=0)
    warmup_fraction: float = Field(0.05, ge=0, lt=1)
    max_gradient_norm: float = Field(1.0, gt=0)
    checkpoint_every: int = Field(200, ge=1, description="steps; the run resumes from the last one")
    log_every: int = Field(20, ge=1, description="steps between the lines of the log")
    validate_every: int = Field(100, ge=1, description="steps")
    locations: ClassVar[frozenset[str]] = frozenset({"base_model"})
    settings: ClassVar[frozenset[str]] = frozenset({"checkpoint_every", "log_every"})

    @model_validator(mode="after")
    def _options_have_an_effect(self) -> Self:
        if self.mlm_weight == 0 and (self.alignment_weight == 0 or self.graph_encoder == "none"):
            raise ValueError("mlm_weight and alignment_weight are both without effect: nothing would be trained")
        return self


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


class Compute(Section):
    """Where training and evaluation run. Equal bytes need equal values here (threads: the last bits of sums)."""

    accelerator: Accelerator = Field("auto", description="cuda refuses to fall back to the CPU")
    precision: Precision = Field("auto", description="auto: bfloat16 on a GPU that has it, else float32")
    cpu_threads: int = Field(1, ge=1, description="threads of one torch process")
    settings: ClassVar[frozenset[str]] = frozenset({"cpu_threads"})


class Config(Section):
    """The whole configuration file."""

    results_dir: str = "results"
    seed: int = 29
    umls: Umls = Umls()
    graph: Graph = Graph()
    corpus: Corpus = Corpus()
    linking: Linking = Linking()
    subgraphs: Subgraphs = Subgraphs()
    examples: Examples = Examples()
    base_model: BaseModelRecipe = BaseModelRecipe()
    pretraining: Pretraining = Pretraining()
    experiments: dict[str, dict[str, Any]] = Field({"bali_gat": {}, "mlm_only": {"graph_encoder": "none"}})
    evaluation: Evaluation = Evaluation()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _experiments_are_sound(self) -> Self:
        for name in self.experiments:
            if not MODEL_NAME_PATTERN.fullmatch(name) or name == BASE_MODEL:
                raise ValueError(f"experiments.{name}: a name has letters, digits, '_', '.', '-', and is not 'base'")
            self.experiment(name)
        known = [BASE_MODEL, *self.experiments]
        for name in self.evaluation.models:
            if name not in known:
                raise ValueError(f"evaluation.models: {name!r} is not base or an experiment.{suggest(name, known)}")
        return self

    def experiment(self, name: str) -> Pretraining:
        """The `pretraining` section with the keys that experiment `name` overrides."""
        overrides = self.experiments[name]
        if "base_model" in overrides:
            raise ConfigError(f"experiments.{name}.base_model: one run has one base model; set pretraining.base_model.")
        merged = {**self.pretraining.model_dump(), **overrides}
        return decode(Pretraining, merged, prefix=f"experiments.{name}")


def load_config(path: Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: the file is missing, is not YAML, or holds a key or value that is not allowed.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected YAML, got: {' '.join(str(error).split())}") from error
    return decode(Config, value or {}, prefix="", source=str(path))


def section_options(config: Config, sections: Iterable[str]) -> dict[str, Any]:
    """The named sections (or top-level keys) as a JSON value: what makes a rule run again."""
    options: dict[str, Any] = {}
    for name in sections:
        value = getattr(config, name)
        hidden = value.locations | value.settings if isinstance(value, Section) else frozenset()
        options[name] = value.model_dump(exclude=set(hidden)) if isinstance(value, Section) else value
    return options


def section_settings(config: Config) -> dict[str, Any]:
    """The keys of every section that change how a run behaves, not its result, as a JSON value."""
    sections = {name: getattr(config, name) for name in type(config).model_fields}
    return {
        name: value.model_dump(include=set(value.settings))
        for name, value in sections.items()
        if isinstance(value, Section) and value.settings
    }


def options_json(options: Mapping[str, Any]) -> str:
    """Options as one line of JSON with sorted keys."""
    return json.dumps(options, sort_keys=True, ensure_ascii=False)
