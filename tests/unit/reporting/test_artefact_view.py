import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_results import write_results

from bali.errors import ArtefactError
from bali.reporting.artefact_view import size_text, table, view


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_results(tmp_path_factory.mktemp("results"))


def test_parquet_shows_kind_metadata_columns_and_rows(root):
    text = "\n".join(view(root / "mentions/a.parquet", 2, 120))
    for part in (
        "mentions",
        "24 rows",
        "release demo",
        "cdcdcdcdcdcd  MRCONSO.RRF",
        "list<",
        "First 2 rows",
        "quickumls",
    ):
        assert part in text, part


@pytest.mark.parametrize("width", [60, 100, 200])
def test_lines_fit_the_terminal(root, width):
    for name in ("umls/names.parquet", "corpus/sentences/a.parquet", "umls/census.json"):
        lines = view(root / name, 5, width)
        start = next(i for i, line in enumerate(lines) if line.startswith("─"))
        assert all(len(line) <= width for line in lines[start:])


def test_no_rows_asked_for_gives_none(root):
    assert not any("First" in line for line in view(root / "umls/names.parquet", 0, 100))


def test_census_shows_every_drop(root):
    lines = view(root / "umls/census.json", 5, 100)
    assert lines[0] == "census.json: census of ingest"
    assert any("dropped: suppress" in line and line.endswith("10") for line in lines)


def test_directory_lists_artefacts_with_counts(root):
    lines = view(root, 5, 100)
    assert lines[0].endswith("40 artefacts, 6 censuses")
    assert any(line.split()[:4] == ["mentions", "mentions", "2", "48"] for line in lines)


def test_parquet_of_another_program_is_shown_too(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [3, None, 1], "b": [[1], [], None]}), path)
    text = "\n".join(view(path, 5, 100))
    assert "no artefact of bali" in text
    assert any(line.split() == ["a", "int64", "1", "1", "3"] for line in text.splitlines())


def test_what_is_no_artefact_is_one_clear_line(tmp_path):
    broken = tmp_path / "x.parquet"
    broken.write_bytes(b"garbage")
    other = tmp_path / "notes.txt"
    other.write_text("hello")
    (tmp_path / "empty").mkdir()
    for path in (broken, other, tmp_path / "empty", tmp_path / "absent.parquet"):
        with pytest.raises(ArtefactError) as error:
            view(path, 5, 100)
        assert "\n" not in str(error.value)
        assert str(path) in str(error.value)


def test_table_cuts_wide_cells_and_control_characters():
    lines = table(["a", "b"], [["x" * 50, "tab\tnew\nline\x1b[31m"], ["心臓" * 20, "1"]], 40)
    assert all(ord(c) >= 32 for line in lines for c in line)
    assert "…" in lines[2]
    assert lines[3].count("心") < 20


def test_sizes():
    assert [size_text(n) for n in (5, 1536, 3 << 20)] == ["5 B", "1.5 KiB", "3.0 MiB"]
