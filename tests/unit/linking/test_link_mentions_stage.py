"""The stage link_mentions with its options, and the options that are refused."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bali.cli import main
from bali.config import Config
from bali.errors import ConfigError
from bali.io.census import Census
from bali.io.parquet import Provenance, write_artefact
from bali.schemas import ANNOTATIONS, CANDIDATES, MENTIONS, SENTENCES
from bali.strict import decode
from tests.unit.linking.linking_tables import rows_of

TEXTS = ["Fever and diabetes after aspirin.", "", "All met Escherichia coli: untyped thing"]


def write_texts(folder: Path) -> None:
    rows = [(5, number, 0, len(text), text) for number, text in enumerate(TEXTS)]
    write_artefact(folder / "s.parquet", rows_of(SENTENCES, rows), SENTENCES, Provenance("sentences"))
    write_artefact(folder / "a.parquet", ANNOTATIONS.empty_table(), ANNOTATIONS, Provenance("annotations"))


def run(folder: Path, index_dirs: dict[str, Path], umls_dir: Path, **linking: Any) -> int:
    """Link the texts in a folder; mentions go to m/s.parquet."""
    write_texts(folder)
    paths = {
        "sentences": folder / "s.parquet",
        "annotations": folder / "a.parquet",
        "index-dir": index_dirs[linking.get("backend", "fast")],
        "umls-dir": umls_dir,
        "output": folder / "m/s.parquet",
        "census": folder / "census.json",
    }
    words = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    return main(["link-mentions", "--options", json.dumps({"linking": linking}), *words])


def found(folder: Path) -> list[tuple[str, str]]:
    mentions = pl.read_parquet(folder / "m/s.parquet")
    assert mentions.to_arrow().cast(MENTIONS).schema.equals(MENTIONS)
    return mentions.select("surface", "cui").rows()


def num_candidates(folder: Path) -> int:
    candidates = pl.read_parquet(folder / "m/candidates/s.parquet")
    assert candidates.to_arrow().cast(CANDIDATES).schema.equals(CANDIDATES)
    return candidates.height


@pytest.mark.parametrize("backend", ["fast", "quickumls"])
def test_defaults(tmp_path: Path, index_dirs: dict[str, Path], umls_dir: Path, backend: str) -> None:
    contents = []
    for _ in range(2):
        assert run(tmp_path, index_dirs, umls_dir, backend=backend) == 0
        contents.append((tmp_path / "m/s.parquet").read_bytes())
    assert found(tmp_path) == [("Fever", "C0000001"), ("diabetes", "C0000003"), ("aspirin", "C0000007")]
    assert contents[0] == contents[1]
    assert num_candidates(tmp_path) == 0
    census = Census.read(tmp_path / "census.json")
    assert census.table("mentions by linker").rows_out == 3
    assert census.table("sentences").dropped == {"no mention": 2}


@pytest.mark.parametrize(
    ("linking", "expected"),
    [
        ({"semantic_types": ["Living Beings", "T184"]}, [("Fever", "C0000001"), ("Escherichia coli", "C0000006")]),
        ({"keep_types": ["CHEM"]}, [("aspirin", "C0000007")]),
        ({"stop_terms": ["FEVER", "aspirin"]}, [("diabetes", "C0000003")]),
        ({"max_candidates": 1}, [("Fever", "C0000001")]),
        ({"min_letters": 8}, [("diabetes", "C0000003")]),
        ({"overlapping": "length", "threshold": 1.0, "max_candidates": 1}, [("Fever", "C0000001")]),
    ],
)
def test_options_act(
    tmp_path: Path,
    index_dirs: dict[str, Path],
    umls_dir: Path,
    linking: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    assert run(tmp_path, index_dirs, umls_dir, **linking) == 0
    assert found(tmp_path) == expected


@pytest.mark.parametrize("linking", [{"keep_candidates": True}, {"ranker": "context"}])
def test_candidates_are_kept_on_demand_or_for_the_ranker(
    tmp_path: Path, index_dirs: dict[str, Path], umls_dir: Path, linking: dict[str, Any]
) -> None:
    assert run(tmp_path, index_dirs, umls_dir, **linking) == 0
    candidates = pl.read_parquet(tmp_path / "m/candidates/s.parquet")
    assert candidates.filter(pl.col("rank") == 0).height == len(found(tmp_path)) == 3
    of_diabetes = candidates.filter((pl.col("start") == TEXTS[0].index("diabetes")) & (pl.col("sentence_id") == 0))
    assert of_diabetes["cui"].unique().sort().to_list() == ["C0000002", "C0000003"]


@pytest.mark.parametrize(
    ("linking", "words"),
    [
        ({"keep_types": ["Disorder"]}, ["linking.keep_types", "Did you mean Disorders?"]),
        ({"semantic_types": ["T47"]}, ["linking.semantic_types", "'T47'"]),
        ({"ranker_model": "model"}, ["ranker_model is without effect"]),
        ({"keep_uppercase": True}, ["keep_uppercase is without effect"]),
        ({"max_candidates": 0}, ["linking.max_candidates"]),
    ],
)
def test_wrong_options_are_one_line(
    tmp_path: Path,
    index_dirs: dict[str, Path],
    umls_dir: Path,
    capsys: pytest.CaptureFixture[str],
    linking: dict[str, Any],
    words: list[str],
) -> None:
    assert run(tmp_path, index_dirs, umls_dir, **linking) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali link-mentions: ")]
    assert len(lines) == 1
    assert all(word in lines[0] for word in words)
    assert not (tmp_path / "m/s.parquet").exists()


def test_the_model_of_the_ranker_is_a_location() -> None:
    config = decode(Config, {"linking": {"ranker": "context", "ranker_model": "somewhere"}})
    assert "ranker_model" in config.linking.locations
    with pytest.raises(ConfigError, match="ranker"):
        decode(Config, {"linking": {"ranker": "oracle"}})
