"""The files that a training reads, their digests, and the batches made from them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bali.batching.batch import Batch
from bali.batching.collator import BatchOptions, Collator, GraphSide
from bali.batching.example_dataset import ExampleDataset
from bali.batching.name_table import NameTable
from bali.batching.randomness import Stream, generator
from bali.batching.sampler import BatchSampler
from bali.batching.subgraph_store import SubgraphStore
from bali.config import Pretraining
from bali.errors import InputError
from bali.io.files import digest_file
from bali.models.graph_encoders import reads_edges
from bali.training.loop import TrainingBatches
from bali.training.validation import MAX_BATCHES
from bali.vocabulary import NodeText

logger = logging.getLogger(__name__)

WITH_DEFINITIONS: NodeText = "names_and_definitions"  # of `pretraining.node_text`


@dataclass(frozen=True)
class TrainingInputs:
    """Files and folders of a training; example shards in order of precedence."""

    base_model: Path
    train: tuple[Path, ...]
    validation: tuple[Path, ...]
    subgraphs: Path
    graph_dir: Path
    umls_dir: Path

    @property
    def nodes(self) -> Path:
        """The nodes of the graph."""
        return self.graph_dir / "nodes.parquet"

    @property
    def relation_labels(self) -> Path:
        """The relations of the graph."""
        return self.graph_dir / "relation_labels.parquet"

    @property
    def names(self) -> Path:
        """The names of the release."""
        return self.umls_dir / "names.parquet"

    @property
    def definitions(self) -> Path:
        """The definitions of the release."""
        return self.umls_dir / "definitions.parquet"

    def artefacts(self, node_text: NodeText) -> Iterator[tuple[str, Path]]:
        """(name in records, path) of each Parquet file that a training with this `pretraining.node_text` reads."""
        yield from ((f"examples/{path.name}", path) for path in (*self.train, *self.validation))
        yield "subgraphs/subgraphs.parquet", self.subgraphs
        yield "graph/nodes.parquet", self.nodes
        yield "graph/relation_labels.parquet", self.relation_labels
        yield "umls/names.parquet", self.names
        if node_text == WITH_DEFINITIONS:
            yield "umls/definitions.parquet", self.definitions

    def digests(self, node_text: NodeText) -> dict[str, str]:
        """Name in records -> SHA-256 of every file that a training with this `pretraining.node_text` reads.

        Raises:
            InputError: a file is missing.
        """
        base = sorted(path for path in self.base_model.iterdir() if path.is_file()) if self.base_model.is_dir() else []
        files = [*self.artefacts(node_text), *((f"base_model/{path.name}", path) for path in base)]
        missing = [path for _, path in files if not path.is_file()]
        if missing:
            raise InputError(f"{missing[0]}: no such file. Run the stage that writes it first.")
        return {name: digest_file(path) for name, path in sorted(files)}


@dataclass(frozen=True)
class TrainingData:
    """Batches, and counts of what they are drawn from."""

    batches: TrainingBatches
    counts: dict[str, dict[str, int]]


def read_training_data(
    inputs: TrainingInputs, options: Pretraining, tokenizer: Any, seed: int, cache: Path
) -> TrainingData:
    """Open examples, subgraphs and names.

    Args:
        inputs: the files.
        options: of the experiment.
        tokenizer: of the base model.
        seed: of order, corruption and names.
        cache: folder for memory-mapped copies of examples and subgraphs; may be deleted after the training.

    Raises:
        ArtefactError: a file is missing or damaged.
        InputError: there is no training example, or definitions are asked for and no concept has one.
    """
    train = ExampleDataset(inputs.train, cache / "train.arrow")
    validation = ExampleDataset(inputs.validation, cache / "validation.arrow")
    if not len(train):
        raise InputError(
            "pretrain: expected training examples, found none in "
            f"{', '.join(map(str, inputs.train))}: no sentence of the corpus was linked, or all are held out."
        )
    if len(train) < options.batch_size:
        logger.warning("%d training sentences are fewer than pretraining.batch_size %d", len(train), options.batch_size)
    if not len(validation):
        logger.warning("no validation examples: raise examples.validation_fraction to have validation losses")
    graph = _read_graph_side(inputs, options, cache)
    collate = Collator(tokenizer, batch_options(options), graph)
    sampler = BatchSampler(train.num_characters, options.batch_size, seed)

    def make_batch(step: int) -> Batch:
        return collate(train.examples(sampler.rows(step)), generator(seed, Stream.COLLATION, step))

    validation_batches = list(
        _validation_batches(validation, options, Collator(tokenizer, _unmasked(options), graph), seed)
    )
    counts = {"train": train.count(), "validation": validation.count()}
    return TrainingData(TrainingBatches(make_batch, validation_batches), counts)


def batch_options(options: Pretraining) -> BatchOptions:
    """How the training sentences and names become tokens."""
    return BatchOptions(
        max_sentence_length=options.max_sentence_length,
        max_name_length=options.max_name_length,
        mlm_probability=options.mlm_probability,
        mention_masking=options.mention_masking,
        centre_name_masking=options.centre_name_masking,
    )


def _unmasked(options: Pretraining) -> BatchOptions:
    """Validation hides no mention and no name; the corruption for masked language modelling stays."""
    return batch_options(options.model_copy(update={"mention_masking": 0.0, "centre_name_masking": 0.0}))


def _read_graph_side(inputs: TrainingInputs, options: Pretraining, scratch: Path) -> GraphSide | None:
    if options.graph_encoder == "none":
        return None
    subgraphs = SubgraphStore.read(inputs.subgraphs, scratch)
    if not reads_edges(options.graph_encoder):
        subgraphs = subgraphs.roots_only()
    definitions = inputs.definitions if options.node_text == WITH_DEFINITIONS else None
    return GraphSide(subgraphs, NameTable.read(inputs.names, inputs.nodes, subgraphs.node_ids(), definitions))


def _validation_batches(dataset: ExampleDataset, options: Pretraining, collate: Collator, seed: int) -> Iterator[Batch]:
    if not len(dataset):
        return
    sampler = BatchSampler(dataset.num_characters, options.batch_size, seed)
    for number in range(min(sampler.batches_per_epoch, MAX_BATCHES)):
        yield collate(dataset.examples(sampler.rows(number)), generator(seed, Stream.VALIDATION, number))
