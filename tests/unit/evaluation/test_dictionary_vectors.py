import json

import numpy as np
import polars as pl
import pytest
import torch

from bali.errors import ArtefactError, InputError, OutputError
from bali.evaluation import dictionary_vectors as module
from bali.evaluation.dictionary import make_dictionary, read_dictionary
from bali.evaluation.dictionary_vectors import (
    MAX_NAME_LENGTH,
    digest_model,
    open_vectors,
    write_vectors,
)
from bali.evaluation.encoder import Encoder, rounded
from bali.evaluation.language_model import load_language_model
from bali.evaluation.nearest_names import nearest_concepts, nearest_rows
from bali.io.files import read_json
from bali.io.seals import write_record
from tests.unit.evaluation.fixtures import WORDS, write, write_model

CPU = torch.device("cpu")
NAMES = sorted({f"{a} {b}".strip() for a in WORDS for b in ["", *WORDS[:6]]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vectors")
    write_model(folder / "model")
    rows = [{"name": name, "cuis": [f"C{number // 2:07d}"]} for number, name in enumerate(NAMES)]
    write(folder / "dictionary.parquet", "dictionary", rows)
    return folder


def encoder_of(folder):
    return Encoder(load_language_model(folder, CPU), 4, MAX_NAME_LENGTH)


@pytest.fixture(scope="module")
def encoder(folder):
    return encoder_of(folder / "model")


@pytest.fixture
def written(folder, encoder, tmp_path, monkeypatch):
    """Vectors written and read in blocks of 32 names."""
    monkeypatch.setattr(module, "BLOCK_ROWS", 32)
    write_vectors(tmp_path / "vectors", encoder, folder / "dictionary.parquet", folder / "model")
    return tmp_path / "vectors"


def opened(folder, vectors):
    return open_vectors(vectors, folder / "dictionary.parquet", folder / "model")


def test_files_hold_the_rounded_vectors_of_all_names(folder, encoder, written):
    assert len(NAMES) > 3 * 32
    assert sorted(path.name for path in written.iterdir()) == ["cls.npy", "mean.npy", "vectors.json"]
    manifest = json.loads((written / "vectors.json").read_text())
    assert (manifest["num_names"], manifest["hidden_size"], manifest["max_length"]) == (len(NAMES), 16, 64)
    assert manifest["precision"] == "float32"
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(manifest["model"])
    expected = encoder.encode(NAMES)
    for pooling in ("cls", "mean"):
        array = np.load(written / f"{pooling}.npy", mmap_mode="r")
        assert (array.shape, array.dtype, array.flags.c_contiguous) == ((len(NAMES), 16), np.float16, True)
        raw = getattr(expected, pooling).numpy()
        np.testing.assert_allclose(array, raw / np.linalg.norm(raw, axis=1, keepdims=True), atol=5e-4)


def test_two_runs_give_equal_bytes(folder, encoder, written, tmp_path):
    write_vectors(tmp_path / "again", encoder, folder / "dictionary.parquet", folder / "model")
    for name in ("cls.npy", "mean.npy", "vectors.json"):
        assert (written / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("rows", [None, [0, 1, 2], [5, 6, 40, 41, 70], list(range(10, 100)), []])
def test_blocks_are_the_rows_asked_for(folder, written, rows):
    stored = opened(folder, written)
    assert len(stored) == len(NAMES)
    blocks = list(stored.blocks(None if rows is None else np.array(rows, np.int64)))
    assert all(0 < len(block.cls) <= 32 for block in blocks)
    chosen = list(range(len(NAMES))) if rows is None else rows
    assert sum(len(block.cls) for block in blocks) == len(chosen)
    for pooling in ("cls", "mean") if chosen else ():
        array = np.load(written / f"{pooling}.npy")
        found = torch.cat([getattr(block, pooling) for block in blocks])
        assert found.dtype == torch.float16
        np.testing.assert_array_equal(found.numpy(), array[chosen])


def test_stored_vectors_give_what_encoding_anew_gives(folder, encoder, written):
    path = folder / "dictionary.parquet"
    queries = encoder.encode(NAMES[::7])
    for dictionary in (read_dictionary(path), read_dictionary(path, pl.Series([f"C{n:07d}" for n in range(5, 45)]))):
        assert len(dictionary) > 64
        from_files = nearest_concepts(dictionary, queries, encoder, opened(folder, written))
        assert from_files == nearest_concepts(dictionary, queries, encoder)
        assert all(len(hits) > 20 for found in from_files.values() for hits in found)


def test_a_query_that_is_a_name_finds_it_first(folder, encoder, written):
    dictionary = read_dictionary(folder / "dictionary.parquet")
    hits = nearest_concepts(dictionary, encoder.encode(NAMES), encoder, opened(folder, written))
    for pooling in ("cls", "mean"):
        assert [found[0].name for found in hits[pooling]] == NAMES


def test_a_dictionary_of_no_artefact_is_encoded(folder, encoder, written):
    dictionary = make_dictionary(pl.DataFrame({"name": ["fever", "cough"], "cui": ["C1", "C2"]}))
    queries = encoder.encode(["cough"])
    hits = nearest_concepts(dictionary, queries, encoder, opened(folder, written))["cls"]
    assert [hit.cui for hit in hits[0]] == ["C2", "C1"]
    assert nearest_rows(dictionary, queries, encoder)["mean"][0, :3].tolist() == [0, 1, -1]


def test_rounded_is_of_unit_length_and_float16(encoder):
    raw = encoder.encode(NAMES[:5])
    for before, after in zip(raw, rounded(raw), strict=True):
        assert after.dtype == torch.float16
        assert torch.linalg.norm(after.double(), dim=1).sub(1).abs().max() < 2**-11
        assert torch.cosine_similarity(before.double(), after.double()).min() > 1 - 1e-6
    assert raw.cls.dtype == torch.float32


def test_another_precision_is_said_aloud(folder, encoder, written, caplog):
    write_record(written / "vectors.json", {**read_json(written / "vectors.json"), "precision": "bfloat16"})
    dictionary = read_dictionary(folder / "dictionary.parquet")
    nearest_rows(dictionary, encoder.encode(["fever"]), encoder, opened(folder, written))
    assert "encoded in bfloat16, queries are in float32" in caplog.text


def corrupt_shape(folder):
    np.save(folder / "mean.npy", np.zeros((3, 16), np.float16))


def corrupt_dtype(folder):
    np.save(folder / "cls.npy", np.load(folder / "cls.npy").astype(np.float32))


def corrupt_order(folder):
    np.save(folder / "cls.npy", np.asfortranarray(np.load(folder / "cls.npy")))


def truncate(folder):
    path = folder / "cls.npy"
    path.write_bytes(path.read_bytes()[:-100])


def empty(folder):
    (folder / "mean.npy").write_bytes(b"")


def remove_array(folder):
    (folder / "mean.npy").unlink()


def remove_manifest(folder):
    (folder / "vectors.json").unlink()


def break_manifest(folder):
    (folder / "vectors.json").write_text("[]")


def older_version(folder):
    write_record(folder / "vectors.json", {**read_json(folder / "vectors.json"), "format_version": 0})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (corrupt_shape, r"mean\.npy: expected \(\d+, 16\) float16"),
        (corrupt_dtype, r"cls\.npy: expected .* found .* float32"),
        (corrupt_order, r"cls\.npy: expected .* in C order"),
        (truncate, r"cls\.npy: expected an array"),
        (empty, r"mean\.npy: expected an array"),
        (remove_array, r"mean\.npy: expected an array"),
        (remove_manifest, r"vectors\.json: no such file"),
        (break_manifest, "format version 2, found None"),
        (older_version, "format version 2, found 0"),
    ],
)
def test_damaged_vectors_are_refused_in_one_line(folder, written, damage, message):
    damage(written)
    with pytest.raises(ArtefactError, match=message) as error:
        opened(folder, written)
    assert "\n" not in str(error.value)
    assert "bali encode-dictionary" in str(error.value)


def test_a_changed_vector_is_noticed_when_it_is_read(folder, written, monkeypatch):
    content = bytearray((written / "mean.npy").read_bytes())
    content[-3] ^= 1
    (written / "mean.npy").write_bytes(content)
    stored = opened(folder, written)
    for rows in (None, np.array([len(NAMES) - 1])):
        with pytest.raises(ArtefactError, match=r"mean\.npy: expected the vectors that vectors\.json names") as error:
            list(stored.blocks(rows))
        assert "\n" not in str(error.value)


def test_vectors_of_another_dictionary_or_model_are_refused(folder, written, tmp_path):
    other = write(tmp_path / "other.parquet", "dictionary", [{"name": name, "cuis": ["C1"]} for name in NAMES])
    with pytest.raises(ArtefactError, match="expected vectors of the dictionary"):
        open_vectors(written, other, folder / "model")
    model = write_model(tmp_path / "other", seed=1)
    assert digest_model(model) != digest_model(folder / "model")
    with pytest.raises(ArtefactError, match="expected vectors of the model"):
        open_vectors(written, folder / "dictionary.parquet", model)


def test_vectors_that_are_not_finite_are_refused_and_leave_nothing(folder, tmp_path):
    encoder = encoder_of(folder / "model")
    with torch.no_grad():
        next(encoder._model.parameters()).fill_(torch.nan)
    output = tmp_path / "vectors"
    output.mkdir()
    (output / "vectors.json").write_text("{}")  # of an earlier run
    with pytest.raises(InputError, match="expected finite vectors"):
        write_vectors(output, encoder, folder / "dictionary.parquet", folder / "model")
    assert list(output.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(folder, encoder, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot be written") as error:
        write_vectors(tmp_path / "file", encoder, folder / "dictionary.parquet", folder / "model")
    assert "\n" not in str(error.value)
