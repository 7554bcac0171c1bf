import json

import pytest
from transformers import AutoModelForMaskedLM, AutoTokenizer

from bali.cli import main
from bali.io.census import Census
from bali.io.parquet import Provenance, write_artefact
from bali.schemas import SENTENCES
from tests.unit.training.fixtures import make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), with_base_model=False)


def build(world, output, sentences=None, **changes):
    recipe = {
        "vocabulary_size": 150,
        "hidden_size": 8,
        "num_heads": 1,
        "max_length": 32,
        "num_steps": 3,
        "batch_size": 8,
    }
    options = json.dumps({"base_model": recipe | changes, "compute": {"accelerator": "cpu"}})
    paths = ["--sentences", str(sentences or world.sentences), "--held-out", str(world.held_out)]
    return main(["build-base-model", *paths, "--output-dir", str(output), "--options", options])


def test_the_folder_loads_and_leaves_out_held_out_documents(world, tmp_path):
    assert build(world, tmp_path / "base") == 0
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "base")
    model = AutoModelForMaskedLM.from_pretrained(tmp_path / "base")
    assert model.config.vocab_size == len(tokenizer) <= 150
    assert tokenizer("Renal FAILURE").input_ids == tokenizer("renal failure").input_ids
    assert tokenizer.model_max_length == 32
    tally = Census.read(tmp_path / "base/census.json").tables["sentences"]
    assert (tally.rows_in, tally.rows_out, dict(tally.dropped)) == (60, 59, {"held out": 1})


def test_two_builds_are_equal(world, tmp_path):
    for name in ("one", "two"):
        assert build(world, tmp_path / name) == 0
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "model.safetensors" in files
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)


def test_an_empty_corpus_is_one_line(world, tmp_path, capsys):
    empty = tmp_path / "sentences.parquet"
    write_artefact(empty, SENTENCES.empty_table(), SENTENCES, Provenance("sentences"))
    assert build(world, tmp_path / "base", sentences=empty) == 2
    assert "expected sentences outside held-out documents" in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "base").exists()


@pytest.mark.parametrize(
    ("changes", "message"), [({"num_heads": 3}, "must divide hidden_size 8"), ({"batch_size": 1}, "2")]
)
def test_numbers_that_do_not_fit_are_one_line(world, tmp_path, capsys, changes, message):
    assert build(world, tmp_path / "base", **changes) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "base").exists()
