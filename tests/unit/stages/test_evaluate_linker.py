"""`bali evaluate-linker`: gold files in, scores and a page out, nothing left behind."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from bali.cli import main
from bali.io.parquet import Provenance, read_artefact, write_artefact
from bali.schemas import (
    CODES,
    CONCEPTS,
    LINKING_ERRORS,
    LINKING_OUTCOMES,
    LINKING_QUALITY,
    NAMES,
    RETIRED_CUIS,
    SEMANTIC_TYPES,
)

# Blocks by blank lines, an identifier as a MeSH code, one that the release lacks, an offset that does not hold.
FIRST = (
    "11|t|Asthma in dogs.\n11|a|Severe asthma and glanders. Fever too.\n"
    "11\t0\t6\tAsthma\tDisease\tMESH:D001249\n11\t23\t29\tasthma\tDisease\tD001249\n"
    "11\t34\t42\tglanders\tDisease\tD005896\n11\t44\t49\tfever\tDisease\tD005334\n\n"
)
SECOND = "12|t|Fever.\n12|a|Nothing else here.\n12\t0\t5\tFever\tDisease\tC0015967\n"
RELEASE = {
    "names": (NAMES, [("C0004096", "A1", "Asthma", "MSH", "PT", True, 0, "N"),
                      ("C0015967", "A2", "Fever", "MSH", "PT", True, 0, "N")]),
    "concepts": (CONCEPTS, [("C0004096", "Asthma", 1, ["T047"]), ("C0015967", "Fever", 1, ["T184"])]),
    "semantic_types": (SEMANTIC_TYPES, [("C0004096", "T047", "Disease or Syndrome"), ("C0015967", "T184", "Sign")]),
    "codes": (CODES, [("MSH", "D001249", "C0004096")]),
    "retired_cuis": (RETIRED_CUIS, []),
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release, its linker index and gold files."""
    root = tmp_path_factory.mktemp("linker")
    for name, (schema, rows) in RELEASE.items():
        table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
        write_artefact(root / f"umls/{name}.parquet", table, schema, Provenance(name, "tiny", restriction_levels=[0]))
    assert main(["build-linker-index", "--umls-dir", str(root / "umls"), "--output-dir", str(root / "index")]) == 0
    (root / "first.pubtator").write_text(FIRST)
    (root / "second.pubtator").write_text(SECOND)
    (root / "plain.pubtator").write_text("13|t|Fever.\n13|a|Nothing else here.\n13\t1\t5\tFever\tDisease\tC0015967\n")
    return root


def evaluate(root: Path, output: Path, *gold: str, **linking: object) -> int:
    files = [str(root / name) for name in gold]
    folders = ["--index-dir", str(root / "index"), "--umls-dir", str(root / "umls"), "--output-dir", str(output)]
    return main(["evaluate-linker", "--gold", *files, *folders, "--options", json.dumps({"linking": linking})])


def test_scores_and_page_of_two_files(root: Path, tmp_path: Path) -> None:
    assert evaluate(root, tmp_path, "first.pubtator", "second.pubtator") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["linking", "linking.html"]
    rows = read_artefact(tmp_path / "linking/quality.parquet", LINKING_QUALITY).to_pylist()
    found = {(row["shard"], row["level"]): (row["num_gold"], row["num_predicted"], row["num_correct"]) for row in rows}
    assert found["first", "span_and_cui"] == (3, 3, 2)
    assert found["first", "span_and_cui_in_dictionary"] == (2, 3, 2)
    assert found["second", "span_and_cui"] == (1, 1, 1)
    outcomes = read_artefact(tmp_path / "linking/outcomes.parquet", LINKING_OUTCOMES).to_pylist()
    assert ("first", "annotation", "concept not in the dictionary", 1) in [tuple(row.values()) for row in outcomes]
    errors = read_artefact(tmp_path / "linking/errors.parquet", LINKING_ERRORS).to_pylist()
    assert [(row["surface"], row["gold"], row["sentence"]) for row in errors] == [
        ("glanders", "D005896", "Severe asthma and glanders."),
        ("fever", "", "Fever too."),
    ]
    html = (tmp_path / "linking.html").read_text(encoding="utf-8")
    assert "Severe asthma and <mark>glanders</mark>." in html
    assert "first, second" in html
    assert "http" not in html


def test_options_reach_the_linker(root: Path, tmp_path: Path) -> None:
    assert evaluate(root, tmp_path, "first.pubtator", semantic_types=["T184"]) == 0
    outcomes = read_artefact(tmp_path / "linking/outcomes.parquet", LINKING_OUTCOMES).to_pylist()
    assert {row["kind"]: row["num"] for row in outcomes if row["side"] == "annotation"} == {
        "type not looked for": 2,
        "concept not in the dictionary": 1,
    }


def test_equal_runs_write_equal_bytes(root: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert evaluate(root, tmp_path / name, "first.pubtator", "second.pubtator") == 0
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 6
    assert all((tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes() for file in files)


@pytest.mark.parametrize(
    ("gold", "says"),
    [
        (("absent.pubtator",), "--gold: expected files, found no "),
        (("plain.pubtator",), "--gold: expected annotations in "),
        (("umls/names.parquet",), "names.parquet"),
    ],
)
def test_bad_gold_is_one_line_and_leaves_nothing(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], gold: tuple[str, ...], says: str
) -> None:
    assert evaluate(root, tmp_path, *gold) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali ")]
    assert len(lines) == 1
    assert says in lines[0]
    assert list(tmp_path.iterdir()) == []
