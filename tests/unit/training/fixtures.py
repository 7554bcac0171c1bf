"""A tiny world for the tensor side: 12 concepts, 34 names, a graph, 60 sentences, and a small BERT."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from bali.config import BaseModelRecipe, Compute
from bali.graph.csr import InEdges
from bali.io.census import Census
from bali.io.parquet import Provenance, write_artefact
from bali.models.language_model import save_language_model
from bali.schemas import ARTEFACTS
from bali.training.base_model import read_sentences, train_base_model
from bali.training.device import set_up_device
from bali.training.inputs import TrainingInputs

WORDS = ["renal", "hepatic", "cardiac", "gastric", "neural", "dermal"]
WORDS += ["ocular", "dental", "nasal", "spinal", "pulmonary", "thyroid"]
SHORT = ["kid", "liv", "hrt", "sto", "nrv", "skn", "eye", "tth", "nos", "spn", "lng", "thy"]
CUIS = [f"C{number:07d}" for number in range(101, 113)]
PATTERNS = ("patients with {0} often had {1} after surgery", "the {1} of {0} was treated", "{0} causes {1} in adults")


def names_of(concept: int) -> list[str]:
    """The names of a concept; the first is preferred."""
    names = [f"{WORDS[concept]} failure", f"failing {WORDS[concept]} organ", f"{SHORT[concept]} disease"]
    return names[: 2 + (concept % 6 != 5)]


def in_neighbours(concept: int) -> list[tuple[int, int]]:
    """(source, relation) of the edges into a concept; the last concept has none."""
    return [] if concept == 11 else [((concept + 1) % 12, concept % 2), ((concept + 5) % 12, 2)]


def definitions_of(concept: int) -> list[tuple[str, str]]:
    """(SAB, definition), of every third concept; the last of a concept repeats a name in other case."""
    if concept % 3 != 2:
        return []
    texts = [
        f"A disease of the {WORDS[concept]} organ.",
        f"Loss of {WORDS[concept]} function",
        names_of(concept)[1].upper(),
    ]
    return sorted(zip(("MSH", "NCI", "NCI"), texts, strict=True))


@dataclass(frozen=True)
class World:
    """Paths of the artefacts."""

    root: Path
    inputs: TrainingInputs
    sentences: Path
    held_out: Path


def world_at(root: Path) -> World:
    """The paths of a world below `root`."""
    inputs = TrainingInputs(
        base_model=root / "base_model",
        train=(root / "examples/train-a.parquet", root / "examples/train-b.parquet"),
        validation=(root / "examples/validation-a.parquet",),
        subgraphs=root / "subgraphs/subgraphs.parquet",
        graph_dir=root / "graph",
        umls_dir=root / "umls",
    )
    return World(root, inputs, root / "sentences.parquet", root / "held_out.parquet")


def make_world(root: Path, with_base_model: bool = True) -> World:
    """Write all artefacts below `root`."""
    world = world_at(root)
    inputs = world.inputs
    _write_knowledge(inputs)
    rows = [_sentence(number) for number in range(60)]
    for path, part in zip((*inputs.train, *inputs.validation), (rows[:20], rows[20:48], rows[48:]), strict=True):
        _write("examples", path, part)
    sentences = [
        {"pmid": row["pmid"], "sentence_id": 0, "start": 0, "end": len(row["text"]), "text": row["text"]}
        for row in rows
    ]
    _write("sentences", world.sentences, sentences)
    _write("held_out", world.held_out, [{"pmid": 1059, "reason": "config"}])
    if with_base_model:
        write_base_model(world)
    return world


def write_base_model(world: World, num_steps: int = 5) -> None:
    """Write a small BERT made from the sentences."""
    recipe = BaseModelRecipe(
        vocabulary_size=160, hidden_size=16, num_layers=2, num_heads=2, max_length=48, num_steps=num_steps, batch_size=8
    )
    texts = read_sentences([world.sentences], world.held_out, Census("build_base_model"))
    model, tokenizer = train_base_model(texts, recipe, set_up_device(Compute(accelerator="cpu")), seed=1)
    save_language_model(model, tokenizer, world.inputs.base_model)


def _sentence(number: int) -> dict[str, object]:
    first, second = number % 12, (number * 5 + 1) % 12
    chosen = [names_of(first)[number % 2], names_of(second)[(number // 2) % 2]]
    pattern = PATTERNS[number % 3]
    text = pattern.format(*chosen)
    if number % 10 == 0:
        text += f", and {chosen[0]} again"
    mentions = []
    for cui, name in zip((CUIS[first], CUIS[second]), chosen, strict=True):
        start = text.find(name)
        while start >= 0:
            mentions.append({"start": start, "end": start + len(name), "cui": cui})
            start = text.find(name, start + 1)
    unique = {mention["start"]: mention for mention in mentions}
    return {"pmid": 1000 + number, "sentence_id": 0, "text": text, "mentions": [unique[key] for key in sorted(unique)]}


def _write_knowledge(inputs: TrainingInputs) -> None:
    concepts = range(len(CUIS))
    names = [
        {"cui": CUIS[c], "aui": f"A{c:04d}{i}", "name": name, "sab": "TEST", "tty": "PT", "is_preferred": i == 0}
        | {"srl": 0, "suppress": "N"}
        for c in concepts
        for i, name in enumerate([*names_of(c), names_of(c)[0].upper()])
    ]
    _write("names", inputs.names, names)
    definitions = [
        {"cui": CUIS[c], "sab": sab, "definition": text} for c in concepts for sab, text in definitions_of(c)
    ]
    _write("definitions", inputs.definitions, definitions)
    nodes = [
        {
            "node_id": c,
            "cui": CUIS[c],
            "preferred_name": names_of(c)[0],
            "tuis": ["T047"],
            "degree": len(in_neighbours(c)),
        }
        for c in concepts
    ]
    _write("nodes", inputs.nodes, nodes)
    edges = [
        {"source": s, "target": c, "relation_id": r, "rel": "RO", "rela": f"r{r}", "sab": "TEST"}
        for c in concepts
        for s, r in sorted(in_neighbours(c))
    ]
    columns = [np.array([edge[name] for edge in edges]) for name in ("source", "target", "relation_id")]
    InEdges.from_edges(*columns, len(CUIS)).save(inputs.in_edges)
    counts = Counter(edge["relation_id"] for edge in edges)
    labels = [{"relation_id": r, "rel": "RO", "rela": f"r{r}", "num_edges": counts[r]} for r in range(max(counts) + 1)]
    _write("relation_labels", inputs.relation_labels, labels)
    _write("subgraphs", inputs.subgraphs, [_subgraph(c) for c in concepts])


def _subgraph(concept: int) -> dict[str, object]:
    neighbours = in_neighbours(concept)
    return {
        "root_cui": CUIS[concept],
        "root_id": concept,
        "num_hops": 1,
        "node_ids": [concept, *(source for source, _ in neighbours)],
        "node_hops": [0, *(1 for _ in neighbours)],
        "edge_source": [position + 1 for position, _ in enumerate(neighbours)],
        "edge_target": [0 for _ in neighbours],
        "edge_relation": [relation for _, relation in neighbours],
        "truncated": False,
    }


def _write(artefact: str, path: Path, rows: list[dict[str, object]]) -> None:
    schema = ARTEFACTS[artefact]
    table = pa.Table.from_pylist(rows, schema=schema)
    write_artefact(path, table, schema, Provenance(artefact, umls_release="test", restriction_levels=[0]))
