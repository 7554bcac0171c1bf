"""What a run leaves behind, opened as its users open it."""

import json
from html.parser import HTMLParser

import duckdb
import pandas
import polars
import pytest
from running import read_config
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from bali.io.census import Census
from bali.io.parquet import check_artefact, read_provenance
from bali.schemas import ARTEFACTS
from bali.vocabulary import BASELINES


class Cells(HTMLParser):
    """The first words of every table row."""

    def __init__(self):
        super().__init__()
        self.text = []

    def handle_data(self, data):
        self.text.append(data.strip())


def test_every_artefact_holds_its_schema_and_opens_elsewhere(finished):
    paths = sorted((finished / "results").rglob("*.parquet"))
    assert len(paths) > 30
    for path in paths:
        provenance = read_provenance(path)
        check_artefact(path, ARTEFACTS[provenance["artefact"]])
        [(rows,)] = duckdb.sql(f"select count(*) from '{path}'").fetchall()
        assert polars.read_parquet(path).height == rows
        assert len(pandas.read_parquet(path)) == rows
        assert str(finished) not in json.dumps(provenance)


def test_the_kinds_of_artefact_are_all_written(finished):
    kinds = {read_provenance(path)["artefact"] for path in (finished / "results").rglob("*.parquet")}
    assert kinds == set(ARTEFACTS)


def test_every_row_is_accounted_for(finished):
    paths = [*(finished / "results").rglob("census*.json"), *(finished / "results").rglob("census/*.json")]
    tallies = [(path, name, tally) for path in paths for name, tally in Census.read(path).tables.items()]
    assert len(tallies) > 10
    for _, name, tally in tallies:
        tally.check(name)


@pytest.mark.parametrize("folder", ["base_model", "models/bali_gat", "models/mlm_only"])
def test_models_load(finished, folder):
    path = finished / "results" / folder
    tokens = AutoTokenizer.from_pretrained(path)("myocardial infarction", return_tensors="pt")
    assert AutoModelForMaskedLM.from_pretrained(path)(**tokens).logits.shape[-1] > 500
    assert AutoModel.from_pretrained(path)(**tokens).last_hidden_state.shape[1] == tokens["input_ids"].shape[1]
    assert (path / "model.safetensors").is_file()
    assert not [file for file in path.rglob("*") if file.suffix in {".bin", ".pt", ".pkl", ".pickle"}]


def test_training_stayed_away_from_the_evaluation_sets(finished):
    results = finished / "results"
    query = (
        f"select count(*) from '{results}/examples/*-*.parquet' e "
        f"join '{results}/examples/held_out.parquet' h on e.pmid = h.pmid"
    )
    assert duckdb.sql(f"select count(*) from '{results}/examples/held_out.parquet'").fetchall()[0][0] > 0
    assert duckdb.sql(query).fetchall() == [(0,)]


def test_the_metric_table_comes_from_the_runs_files(finished):
    metrics = polars.read_parquet(finished / "results/report/metrics.parquet")
    assert set(metrics["model"]) == {"base", "mlm_only", "bali_gat", *BASELINES}
    configured = {task for task, section in read_config(finished)["evaluation"]["tasks"].items() if section}
    assert set(metrics["task"]) == configured
    assert len(configured) > 7
    parser = Cells()
    parser.feed((finished / "results/report/index.html").read_text(encoding="utf-8"))
    for model in ("base", "mlm_only", "bali_gat"):
        assert model in parser.text
