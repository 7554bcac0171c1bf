"""Evaluation sets whose values are of other kinds than they should be."""

import json
from collections import Counter

import pytest

from bali.errors import InputError
from bali.tasks import TASKS
from bali.tasks.chemprot_corpus import read_corpus
from bali.tasks.files import read_json, read_json_lines
from bali.tasks.gold_documents import read_gold_documents
from bali.tasks.pubmedqa import PubMedQADataset

QUESTION = {"QUESTION": "Q?", "CONTEXTS": ["A."], "final_decision": "yes"}


@pytest.mark.parametrize("number", ["9" * 5000, "٣", "²", "-1"])
def test_offsets_are_short_numbers(tmp_path, number):
    path = tmp_path / "a.concept"
    path.write_text(f"1||{number}|5||Disease||fever||D1\n")
    with pytest.raises(InputError, match="line 1: expected"):
        list(read_gold_documents(path))
    (tmp_path / "x_abstracts.tsv").write_text("1\tT\tA\n")
    (tmp_path / "x_entities.tsv").write_text(f"1\tT1\tCHEMICAL\t0\t{number}\tT\n")
    (tmp_path / "x_gold_standard.tsv").write_text("")
    with pytest.raises(InputError, match="line 1: expected a new entity and two offsets"):
        list(read_corpus(tmp_path, Counter()))


@pytest.mark.parametrize("change", [{"QUESTION": 3}, {"CONTEXTS": 3}, {"CONTEXTS": [3]}, {"CONTEXTS": "text"}])
def test_questions_and_contexts_are_texts(tmp_path, change):
    questions, truth = tmp_path / "q.json", tmp_path / "t.json"
    questions.write_text(json.dumps({"1": QUESTION, "2": {**QUESTION, **change}}))
    truth.write_text('{"1": "yes"}')
    dataset = PubMedQADataset(questions=str(questions), test_ids=str(truth))
    with pytest.raises(InputError, match=r"q\.json: '2': expected QUESTION as a string"):
        list(TASKS["pubmedqa"].texts(dataset))


@pytest.mark.parametrize("content", ["[" * 990 + "]" * 990, "[" * 100_000, '{"a": "\\ud800"}', "9" * 5000])
def test_odd_json_is_refused(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(InputError, match="expected"):
        read_json(path)
    with pytest.raises(InputError, match="line 1: expected"):
        list(read_json_lines(path))
