"""Look for the gold pairs of the evaluation sets among the edges of the graph."""

import argparse
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from bali.evaluation.identifiers import map_identifiers, split_identifiers
from bali.io.census import Census
from bali.io.parquet import derive, write_artefact
from bali.overlap.pairs import GoldPair, concepts_of_terms, pair_overlaps
from bali.pubmed.pubtator import Relation, read_relations
from bali.schemas import OVERLAPS
from bali.stages.evaluation_sets import EvaluationSet, evaluation_sets, set_options
from bali.stages.options import add_option_arguments, read_config
from bali.tasks.entity_linking import TASK as ENTITY_LINKING
from bali.tasks.task import Similarity

logger = logging.getLogger(__name__)

_MENTIONS_ONLY = ".concept"  # BioSyn's format has no relations
_UMLS_FILES = ("names.parquet", "codes.parquet", "retired_cuis.parquet")
_GRAPH_FILES = ("nodes.parquet", "edges.parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    parser.add_argument("--graph-dir", type=Path, required=True, help="folder of the graph")
    parser.add_argument("--output", type=Path, required=True, help="overlaps to write")
    parser.add_argument("--census", type=Path, required=True, help="census to write: how many pairs were compared")


def run(arguments: argparse.Namespace) -> None:
    """Write which relations of linking sets and which rated pairs of terms are edges.

    Raises:
        InputError: a file of a set or the identifier map is broken.
        ArtefactError: an artefact of the release or the graph is missing or damaged.
    """
    config = read_config(arguments)
    sets = evaluation_sets(config)
    linking = config.evaluation.tasks.entity_linking
    identifier_map = None if linking is None or linking.identifier_map is None else Path(linking.identifier_map)
    if identifier_map is not None and not identifier_map.is_file():
        logger.warning("evaluation.tasks.entity_linking.identifier_map: no file %s; it is skipped", identifier_map)
        sets = [evaluated for evaluated in sets if evaluated.task is not ENTITY_LINKING]
        identifier_map = None
    umls_dir, graph_dir = arguments.umls_dir, arguments.graph_dir
    pairs = [*_related(sets, umls_dir, identifier_map), *_rated(sets, umls_dir)]
    census = Census("find_pair_overlaps")
    found = pair_overlaps(pairs, graph_dir, census)
    inputs = {path for evaluated in sets for path in evaluated.files()}
    inputs |= {umls_dir / name for name in _UMLS_FILES} | {graph_dir / name for name in _GRAPH_FILES}
    inputs |= {identifier_map} if identifier_map else set()
    provenance = derive("overlaps", set_options(sets), inputs)
    write_artefact(arguments.output, found.sort(OVERLAPS.names).to_arrow(), OVERLAPS, provenance)
    census.write(arguments.census)
    num_found = found.select(pl.struct("task", "dataset", "example_id").n_unique()).item()
    logger.info("%d of %d gold pairs are edges of the graph", num_found, len(pairs))


def _related(sets: Sequence[EvaluationSet], umls_dir: Path, identifier_map: Path | None) -> Iterator[GoldPair]:
    """The relations of the linking sets' test files, once for each document."""
    relations = [
        (name, relation)
        for task, name, dataset in sets
        if task is ENTITY_LINKING
        for relation in dict.fromkeys(_relations(dataset.test))
    ]
    split = {text: split_identifiers(text) for _, relation in relations for text in (relation.first, relation.second)}
    identifiers = {identifier for parts in split.values() for identifier in parts}
    concepts = map_identifiers(identifiers, umls_dir, identifier_map) if identifiers else {}
    cuis = {text: frozenset().union(*(concepts.get(part, ()) for part in parts)) for text, parts in split.items()}
    for name, relation in relations:
        example_id = f"{relation.pmid} {relation.type} {relation.first} {relation.second}"
        yield GoldPair(ENTITY_LINKING.name, name, example_id, cuis[relation.first], cuis[relation.second])


def _relations(paths: Sequence[str]) -> Iterator[Relation]:
    for path in map(Path, paths):
        if path.is_file() and path.suffix != _MENTIONS_ONLY:
            yield from read_relations(path)


def _rated(sets: Sequence[EvaluationSet], umls_dir: Path) -> Iterator[GoldPair]:
    """The pairs of terms that people rated, where a term is a name of one concept."""
    rated = [
        (task.name, name, pair)
        for task, name, dataset in sets
        if isinstance(task, Similarity)
        for pair in task.read(dataset)
    ]
    concepts = concepts_of_terms([term for *_, pair in rated for term in (pair.first, pair.second)], umls_dir)
    for task_name, name, pair in rated:
        sides = (concepts.get(term, frozenset()) for term in (pair.first, pair.second))
        yield GoldPair(task_name, name, pair.example_id, *sides)
