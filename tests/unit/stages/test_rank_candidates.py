"""A tiny encoder chooses among the concepts of mentions; the rest of the mentions stays as it was."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertForMaskedLM

from bali.cli import main
from bali.io.census import Census
from bali.io.parquet import read_artefact, read_provenance
from bali.schemas import MENTIONS
from bali.stages import rank_candidates
from tests.unit.evaluation.fixtures import write, write_model

ASTHMA, FAILURE, FEVER = "C0000003", "C0000006", "C0000001"
LONG = "severe " * 60 + "asthma"
TEXTS = ["asthma", "kidney failure", "severe fever and asthma", "no mention", LONG]


def mention(sentence: int, surface: str, cui: str, num_candidates: int, source: str = "quickumls") -> dict[str, Any]:
    start = TEXTS[sentence].index(surface)
    place = {"pmid": 1 + sentence // 2, "sentence_id": sentence, "start": start, "end": start + len(surface)}
    linked = {"surface": surface, "cui": cui, "term": surface, "similarity": 1.0, "tuis": []}
    return {**place, **linked, "num_candidates": num_candidates, "source": source}


def candidate(of: dict[str, Any], rank: int, cui: str, term: str) -> dict[str, Any]:
    place = {key: of[key] for key in ("pmid", "sentence_id", "start", "end")}
    fields = {"similarity": 0.5, "tuis": ["T047"], "is_preferred": True, "source_rank": 0}
    return {**place, **fields, "rank": rank, "cui": cui, "term": term}


MENTION_ROWS = [
    mention(0, "asthma", ASTHMA, 2, "pubtator"),
    mention(0, "asthma", FAILURE, 2),
    mention(1, "kidney failure", FAILURE, 2),
    mention(2, "fever", FEVER, 1),
    mention(2, "asthma", FAILURE, 2),
    mention(4, "asthma", FAILURE, 2),
]
AMBIGUOUS = [row for row in MENTION_ROWS[1:] if row["num_candidates"] > 1]
CANDIDATE_ROWS = [
    candidate(row, rank, cui, term)
    for row in AMBIGUOUS
    for rank, (cui, term) in enumerate([(FAILURE, "kidney failure"), (ASTHMA, "asthma")])
]


def write_bag_of_words(folder: Path) -> Path:
    """A model whose token vectors are those of the words, so that it is known which texts are near."""
    model = BertForMaskedLM.from_pretrained(write_model(folder))
    with torch.no_grad():
        model.bert.embeddings.position_embeddings.weight.zero_()
        for layer in model.bert.encoder.layer:
            for part in (layer.attention.output.dense, layer.output.dense):
                part.weight.zero_()
                part.bias.zero_()
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ranking")
    write_bag_of_words(root / "model")
    names = [(ASTHMA, "Asthma"), (FAILURE, "Kidney failure"), (FAILURE, "Renal failure"), (FEVER, "Fever")]
    rows = [{"cui": cui, "name": name, "is_preferred": name != "Renal failure"} for cui, name in names]
    write(root / "umls/names.parquet", "names", rows)
    types = [{"cui": cui, "tui": "T047", "sty": "Disease"} for cui in (ASTHMA, FAILURE)]
    write(root / "umls/semantic_types.parquet", "semantic_types", types)
    return root


def rank(root: Path, sentences: list[str], mentions: list[Any], candidates: list[Any], **changed: Path) -> int:
    rows = [
        {"pmid": 1 + number // 2, "sentence_id": number, "start": 0, "end": len(text), "text": text}
        for number, text in enumerate(sentences)
    ]
    inputs = {
        "sentences": write(root / "in/sentences.parquet", "sentences", rows),
        "mentions": write(root / "in/mentions.parquet", "mentions", mentions),
        "candidates": write(root / "in/candidates.parquet", "candidates", candidates),
        "umls-dir": root / "umls",
        "model-dir": root / "model",
        "output": root / "out/mentions.parquet",
        "census": root / "out/census.json",
        **changed,
    }
    options = json.dumps({"compute": {"accelerator": "cpu"}})
    words = [word for name, path in inputs.items() for word in (f"--{name}", str(path))]
    return main(["rank-candidates", "--options", options, *words])


def concepts(root: Path) -> list[str]:
    return read_artefact(root / "out/mentions.parquet", MENTIONS)["cui"].to_pylist()


def test_the_concept_that_the_context_speaks_for_is_taken(root: Path) -> None:
    assert rank(root, TEXTS, MENTION_ROWS, CANDIDATE_ROWS) == 0
    assert concepts(root)[:4] == [ASTHMA, ASTHMA, FAILURE, FEVER]
    rows = read_artefact(root / "out/mentions.parquet", MENTIONS).to_pylist()
    assert rows[1] == {**MENTION_ROWS[1], "cui": ASTHMA, "term": "asthma", "similarity": 0.5, "tuis": ["T047"]}
    assert [rows[0], rows[3]] == [MENTION_ROWS[0], MENTION_ROWS[3]]
    assert rows[5] == MENTION_ROWS[5], "the model's length cuts this mention"
    census = Census.read(root / "out/census.json")
    assert (census.table("mentions").rows_in, census.table("mentions").rows_out) == (6, 6)
    assert census.notes["mentions with several most similar concepts"] == 4
    assert census.notes["concept changed by context"] >= 1
    assert census.notes["cut, or without a token: concept by order"] == 1
    digests = read_provenance(root / "out/mentions.parquet")["input_digests"]
    assert {"mentions/mentions.parquet", "candidates/candidates.parquet", "model.safetensors"} <= set(digests)


def test_the_order_of_the_candidates_does_not_decide(root: Path) -> None:
    other = [{**row, "rank": 1 - row["rank"]} for row in CANDIDATE_ROWS]
    other.sort(key=lambda row: (row["sentence_id"], row["start"], row["rank"]))
    assert rank(root, TEXTS, MENTION_ROWS, CANDIDATE_ROWS) == 0
    before = concepts(root)
    assert rank(root, TEXTS, MENTION_ROWS, other) == 0
    assert concepts(root)[:5] == before[:5]


def test_equal_runs_give_equal_bytes_and_batches_equal_rows(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents, tables = [], []
    for size in (8192, 8192, 1, 2):
        monkeypatch.setattr(rank_candidates, "SENTENCES_PER_BATCH", size)
        assert rank(root, TEXTS, MENTION_ROWS, CANDIDATE_ROWS) == 0
        contents.append((root / "out/mentions.parquet").read_bytes())
        tables.append(read_artefact(root / "out/mentions.parquet", MENTIONS))
    assert contents[0] == contents[1]
    assert tables[0].num_rows == 6
    assert all(table.equals(tables[0]) for table in tables)


@pytest.mark.parametrize("sentences", [[], ["no mention"]])
def test_an_empty_shard_gives_an_empty_table(root: Path, sentences: list[str]) -> None:
    assert rank(root, sentences, [], []) == 0
    assert read_artefact(root / "out/mentions.parquet", MENTIONS).num_rows == 0


def test_a_broken_model_is_one_line(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "m.parquet"
    assert rank(root, TEXTS, MENTION_ROWS, CANDIDATE_ROWS, **{"model-dir": tmp_path, "output": output}) == 2
    line = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali rank-candidates")]
    assert len(line) == 1
    assert "config.json" in line[0]
    assert not output.exists()
