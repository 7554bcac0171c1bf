"""The benchmark of dictionary and search: both sides compute the same vectors, and a wrong search would be seen."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from bali.evaluation.dictionary import StoredRows, read_dictionary, write_dictionary
from bali.evaluation.dictionary_vectors import open_vectors, write_vectors
from bali.evaluation.encoder import Encoder, rounded
from bali.evaluation.language_model import load_language_model
from bali.evaluation.nearest_names import nearest_rows
from bali.io.parquet import Provenance
from benchmarks import evaluation
from benchmarks.evaluation import encode_in_file_order, write_model
from benchmarks.evaluation_search import is_exact, make_queries, watched_memory
from benchmarks.linking_names import write_release

CPU = torch.device("cpu")
WORDS = ["acute", "chronic", "heart", "failure", "renal", "fever", "of", "unspecified", "type", "carcinoma"]
NAMES = pl.Series("name", sorted({f"{a} {b} {c}" for a in WORDS for b in WORDS for c in WORDS[:4]}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    write_release(NAMES, folder)
    write_dictionary(folder / "names.parquet", folder / "dictionary.parquet", Provenance("dictionary", "test"))
    write_model(folder / "model", NAMES, num_layers=1, hidden_size=32)
    write_vectors(folder / "vectors", encoder_of(folder), folder / "dictionary.parquet", folder / "model")
    return folder


def encoder_of(folder):
    return Encoder(load_language_model(folder / "model", CPU), 16, 64)


def test_the_reference_computes_the_same_vectors(folder, monkeypatch):
    seen = []
    stack = torch.stack
    monkeypatch.setattr(evaluation.torch, "stack", lambda pair: seen.append(stack(pair)) or seen[-1])
    model = load_language_model(folder / "model", CPU)
    encode_in_file_order(model, NAMES[:150].to_list())
    assert [found.shape for found in seen] == [(2, 128, 32), (2, 22, 32)]
    ours = encoder_of(folder).encode(NAMES[:150].to_list())
    for pooled, found in zip(ours, torch.cat(seen, dim=1), strict=True):
        torch.testing.assert_close(pooled, found, atol=1e-5, rtol=1e-5)


def test_a_wrong_row_is_seen(folder):
    stored = open_vectors(folder / "vectors", folder / "dictionary.parquet", folder / "model")
    dictionary = read_dictionary(folder / "dictionary.parquet")
    assert isinstance(dictionary.stored, StoredRows)
    assert len(dictionary) > 300
    encoder = encoder_of(folder)
    queries = rounded(encoder.encode(make_queries(dictionary.names, 20)))
    found = nearest_rows(dictionary, queries, encoder, stored)
    for pooling in ("cls", "mean"):
        vectors, rows = getattr(queries, pooling), found[pooling]
        assert rows.shape == (20, 64)
        assert is_exact(vectors, rows, stored, pooling)
        missing = rows.copy()
        missing[7, 63] = next(row for row in range(len(dictionary)) if row not in rows[7])
        assert not is_exact(vectors, missing, stored, pooling)
        twice = rows.copy()
        twice[3, 1] = twice[3, 0]
        assert not is_exact(vectors, twice, stored, pooling)


def test_half_of_the_queries_are_names(folder):
    queries = make_queries(NAMES, 100)
    assert set(queries[0::2]) <= set(NAMES)
    assert sum(query in set(NAMES) for query in queries[1::2]) < 5
    assert queries == make_queries(NAMES, 100)


def test_memory_is_watched_to_the_end():
    with watched_memory(CPU) as memory:
        held = np.ones(16 << 20)  # 128 MiB
    assert max(memory) - memory[0] > 100 << 20
    assert held.sum() > 0


@pytest.mark.usefixtures("folder")
def test_the_command_prints_all_figures(capfd, monkeypatch):
    monkeypatch.setattr(evaluation.os, "sched_getaffinity", lambda _: {0})
    monkeypatch.setattr(evaluation, "base_names", NAMES.to_list)
    sizes = ["--names", "600", "--queries", "30", "--reference-names", "40", "--layers", "1", "--hidden-size", "32"]
    evaluation.main(sizes)
    figures = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (figures["num_names"], figures["num_queries"], figures["num_reference_names"]) == (600, 30, 40)
    assert (figures["hidden_size"], figures["device"], figures["is_exact"]) == (32, "cpu", True)
    assert all(figures[key] > 0 for key in ("encode_ratio", "names_per_second", "search_seconds"))
    assert figures["search_peak_gib"] >= 0
    rate = figures["names_per_second"] / figures["reference_names_per_second"]
    assert figures["encode_ratio"] == pytest.approx(rate, rel=0.01)


def test_the_command_of_the_make_target_exists():
    makefile = (Path(__file__).parents[3] / "Makefile").read_text(encoding="utf-8")
    assert "-m benchmarks.evaluation --names" in makefile
