"""Sentences, names and subgraphs for timing a training: generated, of the sizes that real ones have.

What the numbers were made like. Where sources differ the harder figure for our training is taken: longer texts leave
less padding to save, and more distinct nodes leave fewer names to encode once.

- Names: median 4 words, mean about 33 characters, with a heavy tail, as the English names of UMLS; about 4 a concept.
- Sentences: median 26 words, as PubMed's (open annotated abstracts: 21); 1 to 4 mentions, mean 1.6. Concepts are
  mentioned by a Zipf-Mandelbrot law whose first one has 4 % of the mentions, as in annotated abstracts.
- Graph: edges with mirrors, incoming ones a node: median 3, mean 8, as in an open Metathesaurus of 31,000 concepts (3
  and 7). Subgraphs of 3 hops with 3 neighbours a node, sampled by `bali.graph`, have 23 nodes in the mean (there: 29).
  In a batch of 256 sentences 73 % of the nodes are distinct, in one of 32 it is 93 % (there: 47 % and 75 %).
- Tokens with [CLS] and [SEP], of a learnt WordPiece vocabulary: sentences median 35 (there: 33), names mean 8.4 (there,
  where names are short: 5.9; 37 % more characters a name would give 8).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali import concept_ids
from bali.graph.csr import InEdges
from bali.graph.subgraphs import SubgraphOptions, sample_subgraphs
from bali.io.census import Census
from bali.io.parquet import Provenance, write_artefact
from bali.models.wordpiece import count_words, learn_vocabulary, make_tokenizer
from bali.schemas import ARTEFACTS
from bali.training.inputs import TrainingInputs

NUM_RELATIONS = 200
_ONSETS = ("b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "ph", "th", "tr", "st", "gl")
_SYLLABLES = [onset + vowel for onset in _ONSETS for vowel in "aeiou"]
_ENDINGS = ("", "", "n", "l", "s", "ic", "itis", "osis", "emia", "al", "ine", "ase", "oma")
_VOCABULARY_SENTENCES = 4000  # enough to learn a vocabulary from
_MAX_MENTIONS = 4
_NUM_VALIDATION = 8  # sentences; nothing is validated

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WorldSize:
    """How much is generated.

    Attributes:
        num_concepts: nodes of the graph.
        num_sentences: of the corpus.
        num_words: of the language.
        vocabulary_size: WordPiece entries.
        fanout: neighbours taken a node, one number a hop.
    """

    num_concepts: int = 40_000
    num_sentences: int = 20_000
    num_words: int = 30_000
    vocabulary_size: int = 8000
    fanout: tuple[int, ...] = (3, 3, 3)


@dataclass(frozen=True)
class World:
    """The artefacts of a training, and a tokenizer for its texts."""

    inputs: TrainingInputs
    tokenizer: Any


def make_world(folder: Path, size: WorldSize, seed: int) -> World:
    """Write all artefacts that a training reads below `folder`."""
    rng = np.random.default_rng(seed)
    words = _make_words(rng, size.num_words)
    names = [_make_names(rng, words) for _ in range(size.num_concepts)]
    inputs = TrainingInputs(
        base_model=folder / "base_model",
        train=(folder / "examples" / "train.parquet",),
        validation=(folder / "examples" / "validation.parquet",),
        subgraphs=folder / "subgraphs.parquet",
        graph_dir=folder / "graph",
        umls_dir=folder / "umls",
    )
    in_edges = _make_graph(rng, size.num_concepts)
    concepts = np.arange(1, size.num_concepts + 1, dtype=np.int32)
    cuis = concept_ids.write(concepts).to_pylist()
    sentences = [_make_sentence(rng, words, names, cuis) for _ in range(size.num_sentences)]
    mentioned = sorted({mention["cui"] for sentence in sentences for mention in sentence["mentions"]})
    roots = concept_ids.parse(pa.array(mentioned)) - 1
    tables = sample_subgraphs(in_edges, concepts, roots, SubgraphOptions(size.fanout, seed), Census("bench"))
    _write("subgraphs", inputs.subgraphs, pa.concat_tables(tables).to_pylist())
    rows = [row | {"pmid": number, "sentence_id": 0} for number, row in enumerate(sentences)]
    _write("examples", inputs.train[0], rows[:-_NUM_VALIDATION])
    _write("examples", inputs.validation[0], rows[-_NUM_VALIDATION:])
    _write_knowledge(inputs, in_edges, cuis, names)
    texts = [row["text"] for row in sentences[:_VOCABULARY_SENTENCES]] + [name for own in names for name in own]
    return World(inputs, make_tokenizer(learn_vocabulary(count_words(texts), size.vocabulary_size), 512))


def _make_words(rng: np.random.Generator, number: int) -> list[str]:
    """Distinct words, frequent ones first and shorter."""
    shortest = 1 + np.log1p(np.arange(number)) / np.log(number) * rng.uniform(0, 2.5, number)
    words: dict[str, None] = {}
    for length in shortest.astype(int):
        stem = "".join(_SYLLABLES[i] for i in rng.integers(0, len(_SYLLABLES), length))
        word = stem + _ENDINGS[rng.integers(len(_ENDINGS))]
        while word in words:
            word += _SYLLABLES[rng.integers(len(_SYLLABLES))]
        words[word] = None
    return list(words)


def _zipf(rng: np.random.Generator, number: int, limit: int, offset: float) -> Ints:
    """(number,) ranks below `limit`; rank r has a probability near 1 / (r + offset)."""
    uniform = rng.random(number)
    ranks: Ints = (offset * ((limit + offset) / offset) ** uniform - offset).astype(np.int64)
    return ranks


def _make_names(rng: np.random.Generator, words: list[str]) -> list[str]:
    """The names of a concept: mostly of rarer words, since names are about something."""
    lengths = np.clip(rng.lognormal(np.log(4), 0.6, min(25, rng.geometric(0.24))), 1, 40).round().astype(int)
    return [" ".join(words[i] for i in _zipf(rng, length, len(words), 100)) for length in lengths]


def _make_sentence(
    rng: np.random.Generator, words: list[str], names: list[list[str]], cuis: list[str]
) -> dict[str, Any]:
    """A row of examples: words, and names of concepts at places of their own."""
    num_words = int(np.clip(rng.lognormal(np.log(19), 0.5), 4, 150))
    pieces = [words[i] for i in _zipf(rng, num_words, len(words), 1)]
    num_mentions = min(_MAX_MENTIONS, rng.geometric(0.62))
    # Odd factor: popular concepts lie anywhere among the nodes, not at the popular sources of edges alone.
    concepts = _zipf(rng, num_mentions, len(names), 2) * 7919 % len(names)
    places = np.sort(rng.choice(num_words, num_mentions, replace=False))
    mentions, text = [], ""
    for place, piece in enumerate(pieces):
        for concept in concepts[places == place]:
            name = names[concept][rng.integers(len(names[concept]))]
            mentions.append({"start": len(text), "end": len(text) + len(name), "cui": cuis[concept]})
            text += name + " "
        text += piece + " "
    return {"text": text.strip() + ".", "mentions": mentions}


def _make_graph(rng: np.random.Generator, num_concepts: int) -> InEdges:
    """Edges into each concept, each with its mirror, sorted by target, source and relation."""
    ends = np.cumsum(rng.lognormal(0, 1.4, num_concepts))
    pairs = np.searchsorted(ends, rng.random((num_concepts * 4, 2)) * ends[-1])
    relation = _zipf(rng, len(pairs), NUM_RELATIONS // 2, 3) * 2
    edges = np.concatenate([np.column_stack([pairs, relation]), np.column_stack([pairs[:, ::-1], relation + 1])])
    rows = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)
    return InEdges.from_edges(rows[:, 1], rows[:, 0], rows[:, 2], num_concepts)


def _write_knowledge(inputs: TrainingInputs, in_edges: InEdges, cuis: list[str], names: list[list[str]]) -> None:
    degrees = np.diff(in_edges.indptr).tolist()
    nodes = [
        {"node_id": i, "cui": cui, "preferred_name": names[i][0], "tuis": ["T047"], "degree": degrees[i]}
        for i, cui in enumerate(cuis)
    ]
    counts = np.bincount(in_edges.relation, minlength=NUM_RELATIONS).tolist()
    labels = [{"relation_id": i, "rel": "RO", "rela": f"r{i}", "num_edges": count} for i, count in enumerate(counts)]
    common = {"sab": "TEST", "tty": "PT", "srl": 0, "suppress": "N"}
    rows = [
        {"cui": cui, "aui": f"A{i:07d}{j}", "name": name, "is_preferred": j == 0, **common}
        for i, cui in enumerate(cuis)
        for j, name in enumerate(names[i])
    ]
    for artefact, path, content in (
        ("nodes", inputs.nodes, nodes),
        ("relation_labels", inputs.relation_labels, labels),
        ("names", inputs.names, rows),
    ):
        _write(artefact, path, content)


def _write(artefact: str, path: Path, rows: list[dict[str, Any]]) -> None:
    schema = ARTEFACTS[artefact]
    write_artefact(path, pa.Table.from_pylist(rows, schema=schema), schema, Provenance(artefact))
