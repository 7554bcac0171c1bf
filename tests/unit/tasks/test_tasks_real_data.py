"""All evaluation files of the development data are read whole: counts are those of a plain count of their lines."""

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from bali.tasks import chemprot, gad, medmcqa, medqa, ner, similarity
from bali.tasks.options import SplitFiles
from bali.tasks.similarity import SimilarityDataset

pytestmark = pytest.mark.real_data

BC5CDR = {"Chemical", "Disease"}
NER_TYPES = {
    "BC2GM": {"GENE"},
    "BC5CDR": BC5CDR,
    "BC5CDR-chem": {"Chemical"},
    "BC5CDR-disease": {"Disease"},
    "NCBI-disease": {"Disease"},
}


@pytest.fixture(scope="module")
def data():
    folder = os.environ.get("BALI_DEVELOPMENT_DATA")
    if not folder:
        pytest.skip("BALI_DEVELOPMENT_DATA is not set")
    return Path(folder)


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as stream:
        return stream.read().removesuffix("\n").split("\n")


def files(data, folder, **parts):
    return SplitFiles(**{part: [str(data / folder / name)] for part, name in parts.items()})


@pytest.mark.parametrize("name", sorted(NER_TYPES))
def test_ner(data, name):
    suffixes = {"train": "train", "dev": "devel", "test": "test"}
    splits = ner.read(files(data, "ner_mtl", **{part: f"{name}_{end}.tsv.gz" for part, end in suffixes.items()}))
    for part, end in suffixes.items():
        sentences = getattr(splits, part)
        rows = [line for line in lines(data / "ner_mtl" / f"{name}_{end}.tsv.gz") if line.strip()]
        assert [line.split("\t") for line in rows] == [
            list(pair) for sentence in sentences for pair in zip(sentence.words, sentence.tags, strict=True)
        ]
        text = "\n".join(lines(data / "ner_mtl" / f"{name}_{end}.tsv.gz"))
        assert len(sentences) == sum(1 for block in text.split("\n\n") if block.strip()) > 900
        assert {tag[2:] for sentence in sentences for tag in sentence.tags if tag != "O"} == NER_TYPES[name]
    assert not splits.left_out


def test_chemprot(data):
    names = {"train": "train.txt.gz", "dev": "dev.txt.gz", "test": "test.txt.gz"}
    splits = chemprot.read(files(data, "re_chemprot", **names))
    for part, expected in (("train", 4169), ("dev", 2427), ("test", 3469)):
        rows = [json.loads(line) for line in lines(data / "re_chemprot" / names[part])]
        examples = getattr(splits, part)
        assert [(example.first, example.label) for example in examples] == [(row["text"], row["label"]) for row in rows]
        assert len(examples) == expected
        assert all("<< " in example.first and "[[ " in example.first for example in examples)
    assert len({example.label for example in (*splits.train, *splits.dev, *splits.test)}) == 13
    assert not splits.left_out
    texts = [text.text for text in chemprot.TASK.texts(files(data, "re_chemprot", test="test.txt.gz"))]
    assert not any("<< " in text or " ]]" in text for text in texts)
    assert len(texts) == 3469


def test_gad(data):
    splits = gad.read(files(data, "re_gad", train="GAD_fold1_train.tsv.gz", test="GAD_fold1_test.tsv.gz"))
    assert [len(splits.train), len(splits.test)] == [4796, 534]
    assert Counter(example.label for example in splits.train) == {"1": 2520, "0": 2276}
    assert Counter(example.label for example in splits.test) == {"1": 281, "0": 253}
    header, *rows = lines(data / "re_gad" / "GAD_fold1_test.tsv.gz")
    assert header.split("\t")[-1] == "label"
    assert [[example.first, example.label] for example in splits.test] == [row.split("\t")[1:] for row in rows]


@pytest.mark.parametrize(
    ("name", "task"),
    [("medqa", medqa), ("mmlu", medqa), ("mmlu-pro", medqa), ("pubmedqa", medqa), ("medmcqa", medmcqa)],
)
def test_multiple_choice(data, name, task):
    file = f"{name}_test.jsonl.gz"
    questions = task.TASK.read(files(data, "qa_medagents", test=file)).test
    rows = [json.loads(line) for line in lines(data / "qa_medagents" / file)]
    assert len(questions) == len(rows) >= 500
    assert len({question.example_id for question in questions}) == len(rows)
    for question, row in zip(questions, rows, strict=True):
        assert question.question == row["question"]
        assert question.options[question.answer] == row["answer"]
        assert len(question.options) == len(row["options"])


@pytest.mark.parametrize(
    ("name", "expected", "least", "most"),
    [
        ("sim_bio/MayoSRS.txt", 101, 1, 10),
        ("sim_bio/MiniMayoSRS.txt", 29, 1, 4),
        ("sim_bio/UMNSRS-sim.txt", 566, 0, 1600),
        ("sim_bio/Bio-SimLex.txt", 988, 0, 10),
        ("sim_bio/Bio-SimVerb.txt", 1000, 0, 10),
        ("sim_biosses/biosses.tsv", 100, 0, 4),
        ("sim_umnsrs_cui/UMNSRS_similarity_mod449_word2vec.csv", 449, 0, 1600),
    ],
)
def test_similarity(data, name, expected, least, most):
    pairs = similarity.read(SimilarityDataset(pairs=[str(data / name)]))
    text = (data / name).read_bytes().decode()
    header = 0 if name.startswith("sim_bio/") else 1
    assert len(pairs) == len(text.replace("\r", "\n").strip().split("\n")) - header == expected
    assert len({pair.example_id for pair in pairs}) == expected
    assert least <= min(pair.rating for pair in pairs) < max(pair.rating for pair in pairs) <= most
    assert all(pair.first in text and pair.second in text for pair in pairs)
