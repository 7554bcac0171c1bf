import json

import numpy as np
import pytest

from bali.cli import main
from bali.evaluation.dictionary import read_dictionary
from bali.evaluation.dictionary_vectors import open_vectors
from bali.io.parquet import read_provenance
from tests.unit.evaluation.fixtures import NAMES, write_model, write_umls

OPTIONS = json.dumps({"evaluation": {"batch_size": 4}, "compute": {"accelerator": "cpu"}})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("dictionary")
    write_model(root / "model")
    write_umls(root / "umls")
    assert build(root, root / "umls" / "names.parquet") == 0
    return root


def build(root, names):
    return main(["build-dictionary", "--names", str(names), "--output", str(root / "dictionary.parquet")])


def encode(root, model="model", output="vectors"):
    arguments = ["--model-dir", str(root / model), "--dictionary", str(root / "dictionary.parquet")]
    return main(["encode-dictionary", *arguments, "--output-dir", str(root / output), "--options", OPTIONS])


def test_the_dictionary_and_its_vectors(root):
    dictionary = read_dictionary(root / "dictionary.parquet")
    assert dictionary.names.to_list() == sorted({name.lower() for _, name in NAMES})
    assert read_provenance(root / "dictionary.parquet")["umls_release"] == "test"
    assert encode(root) == 0
    stored = open_vectors(root / "vectors", root / "dictionary.parquet", root / "model")
    assert len(stored) == len(dictionary) > 5
    vectors = np.load(root / "vectors" / "mean.npy").astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert len(np.unique(vectors, axis=0)) == len(dictionary)


def test_no_path_of_this_machine_is_written(root):
    assert encode(root, output="again") == 0
    assert str(root) not in (root / "again" / "vectors.json").read_text()


def test_what_is_missing_is_one_line(root, tmp_path, capsys):
    assert build(tmp_path, tmp_path / "names.parquet") == 2
    assert "names.parquet: no such file" in capsys.readouterr().err.strip().splitlines()[-1]
    assert encode(tmp_path) == 2
    assert encode(root, model="nowhere") == 2
    assert "nowhere" in capsys.readouterr().err.strip().splitlines()[-1]


def test_a_release_without_names_is_one_line(tmp_path, capsys):
    write_umls(tmp_path / "umls", names=[])
    assert build(tmp_path, tmp_path / "umls" / "names.parquet") == 2
    assert "expected names to link to, found none" in capsys.readouterr().err.strip().splitlines()[-1]
