"""The PMIDs that stay out of training, for every task that knows them."""

import json
from pathlib import Path

import pytest

from bali.cli import main
from bali.io.parquet import read_artefact, read_provenance
from bali.schemas import HELD_OUT

QUESTION = {"QUESTION": "Does it hurt?", "CONTEXTS": ["It does."], "final_decision": "yes"}


def write_sets(root: Path) -> None:
    """BC5CDR's and PubMedQA's formats."""
    (root / "test.txt").write_text("7|t|A\n7|a|B\n\n8|t|C\n8|a|D\n")
    (root / "train.txt").write_text("9|t|A\n9|a|B\n")
    (root / "q.json").write_text(json.dumps({"21645374": QUESTION, "5": QUESTION}))
    (root / "ids.json").write_text('{"5": "yes"}')


def tasks(root: Path) -> dict[str, object]:
    linking = {"test": [str(root / "test.txt")], "train": [str(root / "train.txt")]}
    questions = {"questions": str(root / "q.json"), "test_ids": str(root / "ids.json")}
    return {
        "entity_linking": {"datasets": {"gold": linking}},
        "pubmedqa": {"datasets": {"pqal": questions}},
        "concept_retrieval": {},
    }


def collect(root: Path, tasks: dict[str, object]) -> int:
    options = {"corpus": {"held_out_pmids": [99, 7]}, "evaluation": {"tasks": tasks}}
    return main(["collect-held-out", "--options", json.dumps(options), "--output", str(root / "held_out.parquet")])


def rows(root: Path) -> list[tuple[int, str]]:
    return [(row["pmid"], row["reason"]) for row in read_artefact(root / "held_out.parquet", HELD_OUT).to_pylist()]


def test_test_documents_and_all_questions_are_held_out(tmp_path: Path) -> None:
    write_sets(tmp_path)
    assert collect(tmp_path, tasks(tmp_path)) == 0
    assert rows(tmp_path) == [
        (5, "evaluation.pubmedqa.pqal"),
        (7, "config"),
        (7, "evaluation.entity_linking.gold"),
        (8, "evaluation.entity_linking.gold"),
        (99, "config"),
        (21645374, "evaluation.pubmedqa.pqal"),
    ]
    digests = read_provenance(tmp_path / "held_out.parquet")["input_digests"]
    assert set(digests) == {"test.txt", "train.txt", "q.json", "ids.json"}


@pytest.mark.parametrize("absent", ["q.json", "ids.json"])
def test_a_set_that_lacks_a_file_is_logged(tmp_path: Path, absent: str, caplog: pytest.LogCaptureFixture) -> None:
    write_sets(tmp_path)
    (tmp_path / absent).unlink()
    assert collect(tmp_path, tasks(tmp_path)) == 0
    assert [pmid for pmid, _ in rows(tmp_path)] == [7, 7, 8, 99]
    lines = [record.getMessage() for record in caplog.records if absent in record.getMessage()]
    assert len(lines) == 1
    assert lines[0].startswith("evaluation.tasks.pubmedqa.datasets.pqal: no file")


def test_a_broken_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sets(tmp_path)
    (tmp_path / "test.txt").write_text("<PubmedArticleSet/>")
    assert collect(tmp_path, tasks(tmp_path)) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali ")]
    assert len(errors) == 1
    assert "test.txt line 1: expected" in errors[0]
    assert not (tmp_path / "held_out.parquet").exists()
