import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bali.errors import ArtefactError
from bali.io.parquet import derive, iterate_artefact, open_artefact, read_artefact, read_provenance, write_artefact
from bali.schemas import SCHEMA_VERSION, SEMANTIC_TYPES

ROWS = pa.table({"sty": ["Disease or Syndrome"], "tui": ["T047"], "cui": ["C9900001"]})


@pytest.fixture
def artefact(tmp_path):
    source = tmp_path / "MRSTY.RRF"
    source.write_text("C9900001|T047|\n")
    path = tmp_path / "semantic_types.parquet"
    write_artefact(path, ROWS, SEMANTIC_TYPES, derive("semantic_types", {"a": 1}, [source]))
    return path


def test_columns_come_back_in_the_order_of_the_schema(artefact):
    table = read_artefact(artefact, SEMANTIC_TYPES)
    assert table.num_rows == 1
    assert table.schema.equals(SEMANTIC_TYPES)
    assert next(iterate_artefact(artefact, SEMANTIC_TYPES, ["tui"])).to_pydict() == {"tui": ["T047"]}


def test_metadata_says_where_rows_come_from(artefact):
    provenance = read_provenance(artefact)
    assert provenance["schema_version"] == SCHEMA_VERSION
    assert list(provenance["input_digests"]) == ["MRSTY.RRF"]
    assert len(provenance["config_digest"]) == 64


def test_other_tools_open_it(artefact):
    assert duckdb.sql(f"select count(*), min(cui) from '{artefact}'").fetchall() == [(1, "C9900001")]


def test_nothing_is_left_after_an_exception(tmp_path):
    path = tmp_path / "a.parquet"
    with pytest.raises(RuntimeError), open_artefact(path, SEMANTIC_TYPES, derive("a", {}, [])) as writer:
        writer.write(ROWS)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"garbage" * 100, b"PAR1 truncated PAR1"])
def test_garbage_is_named_in_one_line(tmp_path, content):
    path = tmp_path / "names.parquet"
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match=r"names\.parquet: expected a Parquet file") as caught:
        read_artefact(path, SEMANTIC_TYPES)
    assert "\n" not in str(caught.value)


def test_a_damaged_page_is_noticed(artefact):
    content = bytearray(artefact.read_bytes())
    content[4:60] = b"\xff" * 56
    artefact.write_bytes(content)
    with pytest.raises(ArtefactError, match="expected a Parquet file"):
        read_artefact(artefact, SEMANTIC_TYPES)


def test_other_columns_and_missing_files_are_refused(tmp_path):
    pq.write_table(pa.table({"cui": ["C9900001"]}), tmp_path / "a.parquet")
    with pytest.raises(ArtefactError, match="expected the columns cui, tui, sty"):
        read_artefact(tmp_path / "a.parquet", SEMANTIC_TYPES)
    with pytest.raises(ArtefactError, match="not written by bali"):
        read_provenance(tmp_path / "a.parquet")
    with pytest.raises(ArtefactError, match="no such file"):
        read_artefact(tmp_path / "absent.parquet", SEMANTIC_TYPES)
