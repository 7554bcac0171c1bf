"""From the files of a training to its batches."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bali.batching.batch import Batch
from bali.batching.collator import Collator, Share
from bali.batching.example_dataset import ExampleDataset, copy_examples
from bali.batching.false_negatives import FalseNegatives
from bali.batching.graph_side import GraphOptions, GraphSide
from bali.batching.linearised_texts import LinearisedOptions, LinearisedSide
from bali.batching.name_table import NameTable
from bali.batching.randomness import Draws, Stream
from bali.batching.sampler import BatchSampler
from bali.batching.sentences import SentenceOptions, SentenceSide
from bali.batching.subgraph_store import SubgraphStore
from bali.config import Pretraining
from bali.errors import ConfigError, InputError
from bali.graph.folder import open_in_edges, read_relation_pairs
from bali.graph.relation_phrases import relation_phrases
from bali.models.graph_encoders import reads_edges
from bali.strict import suggest
from bali.training.inputs import WITH_DEFINITIONS, TrainingInputs
from bali.training.loading import TrainingBatches
from bali.training.processes import Processes
from bali.training.validation import MAX_BATCHES

logger = logging.getLogger(__name__)

_MAX_SUGGESTED = 50  # relations that an error lists


@dataclass(frozen=True)
class TrainingData:
    """Batches, and counts of what they are drawn from."""

    batches: TrainingBatches
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class _Knowledge:
    """What is read once and serves the training and the validation batches."""

    subgraphs: SubgraphStore
    names: NameTable
    phrases: Sequence[str]
    false_negatives: FalseNegatives | None


def read_training_data(
    inputs: TrainingInputs, options: Pretraining, tokenizer: Any, seed: int, place: tuple[Path, Processes]
) -> TrainingData:
    """Open examples, subgraphs and names.

    Args:
        inputs: the files.
        options: of the experiment.
        tokenizer: of the base model.
        seed: of order, corruption and names.
        place: a folder for memory-mapped copies of examples and subgraphs, which may be deleted after the training;
            and the processes of the training, of which the first one makes the copies.

    Raises:
        ArtefactError: a file is missing or damaged.
        InputError: there is no training example, or definitions are asked for and no concept has one.
        ConfigError: a phrase is given for a relation that the graph does not have.
    """
    cache, processes = place
    train, validation = _open_examples(inputs, cache, processes)
    if not len(train):
        raise InputError(
            "pretrain: expected training examples, found none in "
            f"{', '.join(map(str, inputs.train))}: no sentence of the corpus was linked, or all are held out."
        )
    if len(train) < processes.size:
        raise InputError(
            f"pretrain: expected a training sentence for each of {processes.size} processes, found {len(train)}. Lower "
            "pretraining.num_processes."
        )
    if len(train) < options.batch_size:
        logger.warning("%d training sentences are fewer than pretraining.batch_size %d", len(train), options.batch_size)
    if not len(validation):
        logger.warning("no validation examples: raise examples.validation_fraction to have validation losses")
    knowledge = _read_knowledge(inputs, options, seed, cache) if options.graph_encoder != "none" else None
    collate = _collator(tokenizer, options, knowledge, Share(processes.rank, processes.size))
    sampler = BatchSampler(train.num_characters, options.batch_size, seed)

    def make_batch(number: int) -> Batch:
        return collate(train.examples(sampler.rows(number)), Draws(seed, Stream.COLLATION, number))

    def make_largest() -> Batch:
        return collate(train.examples(sampler.longest_rows()), Draws(seed, Stream.DRY_RUN, 0))

    unmasked = options.model_copy(update={"mention_masking": 0.0, "centre_name_masking": 0.0})
    validation_batches = list(
        _validation_batches(validation, options, _collator(tokenizer, unmasked, knowledge, Share()), seed)
    )
    counts = {"train": train.count(), "validation": validation.count()}
    return TrainingData(TrainingBatches(make_batch, validation_batches, make_largest), counts)


def sentence_options(options: Pretraining) -> SentenceOptions:
    """How the sentences become tokens."""
    return SentenceOptions(
        max_length=options.max_sentence_length,
        mlm_probability=options.mlm_probability,
        mention_masking=options.mention_masking,
        at_once=options.sentences_at_once,
    )


def _open_examples(inputs: TrainingInputs, cache: Path, processes: Processes) -> tuple[ExampleDataset, ExampleDataset]:
    copies = cache / "train.arrow", cache / "validation.arrow"
    if processes.is_first:
        for shards, copy in zip((inputs.train, inputs.validation), copies, strict=True):
            copy_examples(shards, copy)
    processes.wait()
    return ExampleDataset(copies[0]), ExampleDataset(copies[1])


def _read_knowledge(inputs: TrainingInputs, options: Pretraining, seed: int, scratch: Path) -> _Knowledge:
    subgraphs = SubgraphStore.read(inputs.subgraphs, scratch, options.max_hops)
    if not reads_edges(options.graph_encoder):
        subgraphs = subgraphs.roots_only()
    if options.shuffle_edges:
        subgraphs = subgraphs.shuffled(seed)
    definitions = inputs.definitions if options.node_text == WITH_DEFINITIONS else None
    names = NameTable.read(
        inputs.names, inputs.nodes, subgraphs.node_ids(), definitions, with_keys=options.mask_same_names
    )
    false_negatives = None
    if options.mask_related or options.mask_same_names:
        in_edges = open_in_edges(inputs.graph_dir) if options.mask_related else None
        false_negatives = FalseNegatives(subgraphs, in_edges, names if options.mask_same_names else None)
    return _Knowledge(subgraphs, names, _read_phrases(inputs, options), false_negatives)


def _read_phrases(inputs: TrainingInputs, options: Pretraining) -> list[str]:
    pairs = read_relation_pairs(inputs.relation_labels)
    known = sorted({rela or rel for rel, rela in pairs})
    for relation in options.relation_phrases:
        if relation not in known:
            raise ConfigError(
                f"pretraining.relation_phrases: {relation!r} is no relation of the graph."
                f"{suggest(relation, known[:_MAX_SUGGESTED])}"
            )
    return relation_phrases(pairs, options.relation_phrases)


def _collator(tokenizer: Any, options: Pretraining, knowledge: _Knowledge | None, share: Share) -> Collator:
    if knowledge is None:
        return Collator(SentenceSide(tokenizer, sentence_options(options), None), share=share)
    sentences = SentenceSide(tokenizer, sentence_options(options), knowledge.subgraphs.rows)
    tokens_at_once = options.sentences_at_once and options.sentences_at_once * options.max_sentence_length
    linearised = None
    if options.graph_encoder == "linearised":
        how = LinearisedOptions(
            format=options.linearised_format,
            max_length=options.max_graph_length,
            max_name_length=options.max_name_length,
            mlm_probability=options.mlm_probability if options.graph_mlm_weight else 0.0,
            tokens_at_once=tokens_at_once,
        )
        linearised = LinearisedSide(tokenizer, how, knowledge.phrases)
    wanted = GraphOptions(
        max_name_length=options.max_name_length,
        centre_name_masking=options.centre_name_masking,
        tokens_at_once=tokens_at_once,
        with_root_names=options.mention_name_weight > 0,
        with_links=options.link_prediction_weight > 0,
        with_corrupted_edges=options.corrupted_edges_weight > 0,
        with_shuffled_texts=options.infomax_weight > 0,
    )
    graph = GraphSide(tokenizer, wanted, knowledge.subgraphs, knowledge.names, linearised)
    return Collator(sentences, graph, knowledge.false_negatives, share)


def _validation_batches(dataset: ExampleDataset, options: Pretraining, collate: Collator, seed: int) -> Iterator[Batch]:
    if not len(dataset):
        return
    sampler = BatchSampler(dataset.num_characters, options.batch_size, seed)
    for number in range(min(sampler.batches_per_epoch, MAX_BATCHES)):
        yield collate(dataset.examples(sampler.rows(number)), Draws(seed, Stream.VALIDATION, number))
