import gzip
import json

import pytest

from bali.errors import InputError
from bali.tasks.examples import LabelledText
from bali.tasks.pubmedqa import TASK, PubMedQADataset, read

ANSWERS = ["yes", "no", "yes", "maybe", "no", "yes"]


def rows(num):
    return {
        str(1000 + i): {
            "QUESTION": f"does asthma {i} matter",
            "CONTEXTS": ["fever cough", "renal failure"],
            "final_decision": ANSWERS[i % 6],
        }
        for i in range(num)
    }


def write_dataset(root, num=20, every=4):
    questions = rows(num)
    truth = {pmid: row["final_decision"] for i, (pmid, row) in enumerate(questions.items()) if i % every == 0}
    with gzip.open(root / "ori_pqal.json.gz", "wt") as stream:
        json.dump(questions, stream)
    (root / "test_ground_truth.json").write_text(json.dumps(truth))
    return PubMedQADataset(questions=str(root / "ori_pqal.json.gz"), test_ids=str(root / "test_ground_truth.json"))


def test_official_parts(tmp_path):
    splits = read(write_dataset(tmp_path))
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [15, 0, 5]
    question = LabelledText("1000", "does asthma 0 matter", "fever cough renal failure", "yes", 1000)
    assert splits.test[0] == question
    assert not {e.example_id for e in splits.train} & {e.example_id for e in splits.test}


def test_all_questions_are_held_out(tmp_path):
    found = list(TASK.texts(write_dataset(tmp_path)))
    assert [text.pmid for text in found] == list(range(1000, 1020))
    assert found[0].text == "does asthma 0 matter fever cough renal failure"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda q, t: q["1001"].pop("CONTEXTS"), "1001: expected QUESTION"),
        (lambda q, t: q["1001"].update(final_decision="Yes"), "final_decision among"),
        (lambda q, t: q.update(x=q.pop("1001")), "PMIDs as keys"),
        (lambda q, t: t.update({"7": "no"}), "got 7"),
        (lambda q, t: t.update({"1000": "no"}), "'no' here and 'yes'"),
        (lambda q, t: t.clear(), "JSON object"),
        (lambda q, t: t.update({pmid: row["final_decision"] for pmid, row in q.items()}), "training ones, found none"),
    ],
)
def test_broken_files_are_errors(tmp_path, change, message):
    questions = rows(12)
    truth = {"1000": "yes"}
    change(questions, truth)
    for name, value in (("q.json", questions), ("t.json", truth)):
        (tmp_path / name).write_text(json.dumps(value))
    with pytest.raises(InputError) as error:
        read(PubMedQADataset(questions=str(tmp_path / "q.json"), test_ids=str(tmp_path / "t.json")))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_cut_file_is_an_error(tmp_path):
    dataset = write_dataset(tmp_path)
    path = tmp_path / "ori_pqal.json.gz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="ori_pqal"):
        read(dataset)
