"""A tiny BERT with random weights, and a release, graph and examples that go with it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

from bali.config import Config
from bali.evaluation.results import TaskInputs
from bali.evaluation.systems.language_model import LanguageModelSystem
from bali.evaluation.systems.system import System
from bali.io.parquet import Provenance, write_artefact
from bali.schemas import ARTEFACTS
from bali.strict import decode

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
WORDS = ["fever", "cough", "asthma", "aspirin", "ibuprofen", "heart", "attack", "infarction", "kidney", "failure"]
WORDS += ["renal", "severe", "acute", "chronic", "with", "and"]
MAX_LENGTH = 48
NAMES = [
    ("C0000001", "Fever"),
    ("C0000001", "Pyrexia"),
    ("C0000002", "Cough"),
    ("C0000003", "Asthma"),
    ("C0000004", "Aspirin"),
    ("C0000004", "acetylsalicylic acid"),
    ("C0000005", "Heart attack"),
    ("C0000005", "Myocardial infarction"),
    ("C0000006", "Kidney failure"),
    ("C0000006", "Renal failure"),
]


def write_model(folder: Path, seed: int = 0) -> Path:
    """A BERT of 16 dimensions whose vocabulary has every letter, so that no text is unknown."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(pieces) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(str(vocabulary), model_max_length=MAX_LENGTH)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=MAX_LENGTH,
        initializer_range=0.5,  # large, so that texts differ
    )
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write(path: Path, kind: str, rows: Sequence[dict[str, Any]]) -> Path:
    """An artefact from rows; absent columns are null."""
    schema = ARTEFACTS[kind]
    write_artefact(path, pa.Table.from_pylist(list(rows), schema=schema), schema, Provenance(kind, "test"))
    return path


def write_umls(
    folder: Path,
    names: Iterable[tuple[str, str]] = NAMES,
    codes: Iterable[tuple[str, str, str]] = (),
    retired: Iterable[tuple[str, str]] = (),
) -> Path:
    """names (cui, name), codes (sab, code, cui) and retired_cuis (cui, replacement)."""
    write(folder / "names.parquet", "names", [{"cui": cui, "name": name} for cui, name in names])
    write(folder / "codes.parquet", "codes", [dict(zip(("sab", "code", "cui"), row, strict=True)) for row in codes])
    rows = [{"cui": old, "replacement_cui": new} for old, new in retired]
    write(folder / "retired_cuis.parquet", "retired_cuis", rows)
    return folder


def write_graph(folder: Path, names: Iterable[tuple[str, str]] = NAMES) -> Path:
    """nodes.parquet with the first name of each concept."""
    preferred: dict[str, str] = {}
    for cui, name in names:
        preferred.setdefault(cui, name)
    rows = [
        {"node_id": i, "cui": cui, "preferred_name": name, "tuis": [], "degree": 0}
        for i, (cui, name) in enumerate(sorted(preferred.items()))
    ]
    write(folder / "nodes.parquet", "nodes", rows)
    return folder


def write_examples(path: Path, examples: Iterable[tuple[int, str, Sequence[tuple[int, int, str]]]]) -> Path:
    """Examples (pmid, sentence, mentions (start, end, cui)), one sentence per document."""
    rows = [
        {
            "pmid": pmid,
            "sentence_id": 0,
            "text": text,
            "mentions": [{"start": start, "end": end, "cui": cui} for start, end, cui in mentions],
        }
        for pmid, text, mentions in examples
    ]
    return write(path, "examples", rows)


def pubtator(documents: Iterable[tuple[int, str, Sequence[tuple[str, str, str]]]]) -> str:
    """PubTator text of documents (pmid, title, mentions (surface, type, identifier)); the first occurrence is meant."""
    blocks = []
    for pmid, title, mentions in documents:
        lines = [f"{pmid}|t|{title}", f"{pmid}|a|"]
        for surface, kind, identifier in mentions:
            start = title.index(surface)
            lines.append(f"{pmid}\t{start}\t{start + len(surface)}\t{surface}\t{kind}\t{identifier}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def inputs(
    root: Path, tasks: dict[str, Any], seed: int = 0, system: System | None = None, **evaluation: Any
) -> TaskInputs:
    """The inputs of a task below `root`: umls, graph, examples.parquet where it is there; the model as the system."""
    config = decode(
        Config, {"evaluation": {"batch_size": 4, "tasks": tasks, **evaluation}, "compute": {"accelerator": "cpu"}}
    )
    examples = root / "examples.parquet"
    validation = [examples] if examples.exists() else []
    system = system or LanguageModelSystem(root / "model", config.compute, config.evaluation.batch_size)
    return TaskInputs(config, system, seed, root / "umls", root / "graph", validation, root / "dictionary.parquet")
