"""Score the linker against the annotations that came with the corpus: measures, errors, threshold curve."""

import argparse
import logging
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from bali.config import Linking
from bali.errors import InputError
from bali.io.parquet import check_artefact, derive, read_artefact, write_artefact
from bali.linking.candidates import accepted_types
from bali.linking.identifiers.resolving import resolve_identifiers
from bali.linking.quality.common_errors import common_errors, with_examples
from bali.linking.quality.outcomes import count_outcomes, outcomes
from bali.linking.quality.release_rows import dictionary_of, preferred_names, types_of
from bali.linking.quality.scoring import document_spans, gold_spans, score_levels, score_types
from bali.linking.quality.threshold_curve import threshold_curve
from bali.schemas import ANNOTATIONS, ARTEFACTS, MENTIONS, SENTENCES
from bali.stages.linking_types import kept_types, matcher_types
from bali.stages.options import add_option_arguments, positive_number, read_config, stage_options
from bali.vocabulary import Tui

logger = logging.getLogger(__name__)

FILES = {
    "linking_quality": "quality.parquet",
    "linking_by_type": "by_type.parquet",
    "linking_curve": "threshold_curve.parquet",
    "linking_outcomes": "outcomes.parquet",
    "linking_errors": "errors.parquet",
}
RELEASE = ("names", "concepts", "semantic_types", "codes", "retired_cuis")
Shards = dict[str, dict[str, Path]]  # name -> kind of artefact -> file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--annotations", type=Path, nargs="+", required=True, help="annotations of all shards")
    parser.add_argument("--sentences", type=Path, nargs="+", required=True, help="sentences of all shards")
    parser.add_argument("--mentions", type=Path, nargs="+", required=True, help="mentions of all shards")
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    parser.add_argument("--output-dir", type=Path, required=True, help=f"folder of {', '.join(FILES.values())}")
    parser.add_argument(
        "--num-errors", type=positive_number, default=25, help="commonest errors of each kind (default: 25)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the scores; tables without rows where the corpus has no annotation."""
    config = read_config(arguments)
    options = {**stage_options(config, "linking"), "num_errors": arguments.num_errors}
    shards = _shards(arguments)
    release = [arguments.umls_dir / f"{name}.parquet" for name in RELEASE]
    inputs = [*(path for shard in shards.values() for path in shard.values()), *release]
    for kind, frame in _tables(shards, arguments.umls_dir, config.linking, arguments.num_errors).items():
        table = frame.select(ARTEFACTS[kind].names).to_arrow().cast(ARTEFACTS[kind])
        write_artefact(arguments.output_dir / FILES[kind], table, ARTEFACTS[kind], derive(kind, options, inputs))
        _log(kind, frame)


def _shards(arguments: argparse.Namespace) -> Shards:
    """The files of each shard by its name.

    Raises:
        InputError: the three lists do not name the same shards, or one twice.
    """
    kinds = ("annotations", "sentences", "mentions")
    names = [[path.stem for path in getattr(arguments, kind)] for kind in kinds]
    if names[1:] != names[:-1] or len(set(names[0])) < len(names[0]):
        found = "; ".join(f"--{kind} {' '.join(stems)}" for kind, stems in zip(kinds, names, strict=True))
        raise InputError(
            f"expected --annotations, --sentences and --mentions of the same shards in order, got {found}."
        )
    return {name: {kind: getattr(arguments, kind)[i] for kind in kinds} for i, name in enumerate(names[0])}


def _tables(shards: Shards, umls_dir: Path, linking: Linking, num_errors: int) -> dict[str, pl.DataFrame]:
    """The artefacts by kind."""
    annotations = pl.concat(
        pl.DataFrame(read_artefact(paths["annotations"], ANNOTATIONS)).with_columns(shard=pl.lit(name))
        for name, paths in shards.items()
    )
    gold = gold_spans(annotations, resolve_identifiers(annotations["identifier"], umls_dir))
    predicted = pl.concat(_predicted(name, paths, gold) for name, paths in shards.items())
    cuis = pl.concat([gold["cui"], predicted["cui"]]).unique()
    types = types_of(umls_dir, cuis)
    dictionary = dictionary_of(umls_dir, gold["cui"], types, _required_types(linking))
    rows = outcomes(gold, predicted, dictionary)
    errors = common_errors(rows, num_errors)
    sentences = pl.concat(_texts(name, paths, errors) for name, paths in shards.items())
    is_share = linking.similarity != "overlap"  # that measure counts trigrams: no threshold of 0-1 can be raised on it
    return {
        "linking_quality": score_levels(gold, predicted),
        "linking_by_type": score_types(gold, predicted, types),
        "linking_curve": threshold_curve(gold if is_share else gold.clear(), predicted, linking.threshold),
        "linking_outcomes": count_outcomes(rows),
        "linking_errors": with_examples(errors, sentences, preferred_names(umls_dir, cuis)),
    }


def _required_types(linking: Linking) -> list[frozenset[Tui]]:
    """The sets of types of which a concept must have one each: what the matcher accepts and what the filters keep."""
    types = accepted_types(matcher_types(linking)), kept_types(linking)
    return [tuis for tuis in types if tuis is not None]


def _predicted(shard: str, paths: dict[str, Path], gold: pl.DataFrame) -> pl.DataFrame:
    """The links in the shard's documents that have annotations, as a predicted frame."""
    pmids = gold.filter(pl.col("shard") == shard).select("pmid").unique()
    spans = ["pmid", "sentence_id", "start"]
    sentences = _of_documents(paths["sentences"], SENTENCES, spans, pmids)
    columns = [*spans, "end", "surface", "cui", "similarity", "source"]
    mentions = _of_documents(paths["mentions"], MENTIONS, columns, pmids)
    return document_spans(mentions, sentences).with_columns(shard=pl.lit(shard))


def _texts(shard: str, paths: dict[str, Path], errors: pl.DataFrame) -> pl.DataFrame:
    """The sentences of the documents of the examples of this shard."""
    pmids = errors.filter(pl.col("shard") == shard).select("pmid").unique()
    sentences = _of_documents(paths["sentences"], SENTENCES, ["pmid", "start", "end", "text"], pmids)
    return sentences.with_columns(shard=pl.lit(shard))


def _of_documents(path: Path, schema: pa.Schema, columns: list[str], pmids: pl.DataFrame) -> pl.DataFrame:
    """Some columns of a shard, for the given documents; other documents' rows never stand in memory together."""
    check_artefact(path, schema)
    if pmids.is_empty():
        return pl.DataFrame(schema.empty_table().select(columns))
    rows = pl.scan_parquet(path).select(columns).join(pmids.lazy(), on="pmid", how="semi")
    return rows.collect(engine="streaming")


def _log(kind: str, frame: pl.DataFrame) -> None:
    lines: dict[str, Any] = {
        "linking_quality": "%(shard)s, %(level)s: precision %(precision).3f, recall %(recall).3f, F1 %(f1).3f",
        "linking_outcomes": "%(shard)s, %(side)ss, %(kind)s: %(num)d",
    }
    for row in frame.to_dicts() if kind in lines else []:
        logger.info(lines[kind], row)
