"""The sections of the data side: release, graph, corpus, linking, subgraphs, examples."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from bali.strict import Section
from bali.vocabulary import (
    CorpusFormat,
    DuplicateTexts,
    LinkingBackend,
    Overlapping,
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
    held_out_fraction: float = Field(
        0.0, ge=0, lt=0.5, description="share of the pairs of joined concepts kept out of the graph, to be predicted"
    )


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
