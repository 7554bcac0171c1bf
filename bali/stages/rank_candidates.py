"""Choose among the concepts of each of a shard's mentions by its context, with a language model."""

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from bali.evaluation.encoder import Encoder
from bali.evaluation.language_model import load_language_model
from bali.io.census import Census
from bali.io.parquet import check_artefact, derive, iterate_artefact, open_artefact
from bali.linking.context import Pairs, choose_by_context, concept_texts, pair, replace_concepts
from bali.schemas import CANDIDATES, MENTIONS, NAMES, SEMANTIC_TYPES, SENTENCES
from bali.stages.options import add_option_arguments, read_config, stage_options
from bali.training.device import set_up_device

logger = logging.getLogger(__name__)

SENTENCES_PER_BATCH = 8192
_TEXTS_PER_PASS = 64
_MAX_LENGTH = 512  # tokens of a sentence; a mention that is cut keeps its concept by order
_MODEL_FILES = ("*.json", "*.txt", "*.safetensors", "*.bin", "*.model")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--sentences", type=Path, required=True, help="sentences of the shard")
    parser.add_argument("--mentions", type=Path, required=True, help="mentions of the shard, by order")
    parser.add_argument("--candidates", type=Path, required=True, help="candidates of the mentions")
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    parser.add_argument("--model-dir", type=Path, required=True, help="Hugging Face folder of an encoder")
    parser.add_argument("--output", type=Path, required=True, help="mentions to write")
    parser.add_argument("--census", type=Path, required=True, help="census to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the shard's mentions with the concepts that their context speaks for, and the census.

    Raises:
        ArtefactError: an artefact is missing or damaged.
        InputError: the model folder is broken.
    """
    config = read_config(arguments)
    options = stage_options(config, "compute")
    release = [arguments.umls_dir / f"{name}.parquet" for name in ("names", "semantic_types")]
    texts, suffixes = _concept_texts(arguments.umls_dir, arguments.candidates)
    model = load_language_model(arguments.model_dir, set_up_device(config.compute).device)
    encoder = Encoder(model, _TEXTS_PER_PASS, _MAX_LENGTH)
    census = Census("rank_candidates")
    model_files = sorted(path for pattern in _MODEL_FILES for path in arguments.model_dir.glob(pattern))
    inputs = [arguments.sentences, arguments.mentions, arguments.candidates, *release, *model_files]
    with open_artefact(arguments.output, MENTIONS, derive("mentions", options, inputs)) as writer:
        for sentences, mentions, candidates in _batches(arguments):
            pairs = pair(mentions, candidates, texts, suffixes)
            ranked = _rank(mentions, pairs, sentences, encoder, census)
            writer.write(ranked.to_arrow().cast(MENTIONS))
            logger.info("%d mentions, %s", writer.num_rows, census.notes)
    tally = census.table("mentions")
    tally.rows_in, tally.rows_out = check_artefact(arguments.mentions, MENTIONS).metadata.num_rows, writer.num_rows
    census.write(arguments.census)


class _Following:
    """Rows of an artefact that is sorted by sentence, taken from its start up to one sentence after another."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._batches = iterate_artefact(path, schema)
        self._rest = pl.DataFrame(schema.empty_table())

    def up_to(self, pmid: int, sentence_id: int) -> pl.DataFrame:
        """The rows not yet taken of sentences up to this one."""
        is_before = (pl.col("pmid") < pmid) | ((pl.col("pmid") == pmid) & (pl.col("sentence_id") <= sentence_id))
        taken = []
        while True:
            before = self._rest.filter(is_before)
            taken.append(before)
            self._rest = self._rest.slice(before.height)
            batch = None if self._rest.height else next(self._batches, None)
            if batch is None:
                return pl.concat(taken)
            self._rest = pl.DataFrame(batch)


def _batches(arguments: argparse.Namespace) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    """Sentences with their mentions and candidates."""
    mentions = _Following(arguments.mentions, MENTIONS)
    candidates = _Following(arguments.candidates, CANDIDATES)
    for batch in iterate_artefact(arguments.sentences, SENTENCES, batch_rows=SENTENCES_PER_BATCH):
        sentences = pl.DataFrame(batch)
        last = sentences.select("pmid", "sentence_id").row(-1)
        yield sentences, mentions.up_to(*last), candidates.up_to(*last)


def _rank(
    mentions: pl.DataFrame, pairs: Pairs, sentences: pl.DataFrame, encoder: Encoder, census: Census
) -> pl.DataFrame:
    """The mentions with the concepts that were chosen; the census notes how many were looked at, changed, cut."""
    keys = ["pmid", "sentence_id"]
    spans = pairs.mentions.group_by(keys, maintain_order=True).agg(spans=pl.concat_list("start", "end"))
    spans = spans.join(sentences, on=keys, how="left", maintain_order="left")
    if spans.is_empty():
        return mentions
    vectors = encoder.encode_spans(spans["text"].to_list(), spans["spans"].to_list())
    text_vectors = encoder.encode(pairs.texts.to_list()).mean
    chosen = choose_by_context(pairs, vectors.found, vectors.vectors.cpu().numpy(), text_vectors.cpu().numpy())
    ranked = replace_concepts(mentions, pairs, chosen)
    counts = {
        "mentions with several most similar concepts": pairs.mentions.height,
        "concept changed by context": int((ranked["cui"] != mentions["cui"]).sum()),
        "cut, or without a token: concept by order": int(np.sum(~vectors.found)),
    }
    for note, count in counts.items():
        census.notes[note] = int(census.notes.get(note, 0)) + count
    return ranked


def _concept_texts(umls_dir: Path, candidates: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What stands for the concepts of the candidates, as `concept_texts` gives it."""
    cuis = pl.concat(piece.unique() for piece in _pieces(candidates, CANDIDATES, ["cui"])).unique()
    names = _pieces(umls_dir / "names.parquet", NAMES, ["cui", "name", "is_preferred"])
    types = _pieces(umls_dir / "semantic_types.parquet", SEMANTIC_TYPES, ["cui", "tui", "sty"])
    return concept_texts(*(pl.concat(p.join(cuis, on="cui", how="semi") for p in pieces) for pieces in (names, types)))


def _pieces(path: Path, schema: pa.Schema, columns: list[str]) -> Iterator[pl.DataFrame]:
    """Columns of an artefact, batch by batch after an empty table."""
    yield pl.DataFrame(schema.empty_table()).select(columns)
    for batch in iterate_artefact(path, schema, columns):
        yield pl.DataFrame(batch)
