import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bali.errors import ArtefactError
from bali.io.parquet import (
    derive,
    iterate_artefact,
    open_artefact,
    read_artefact,
    read_provenance,
    read_row_group,
    write_artefact,
)
from bali.schemas import CODES, REPEATED, SCHEMA_VERSION, SEMANTIC_TYPES

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
    with pytest.raises(ArtefactError, match="expected the bytes that its seal names"):
        read_artefact(artefact, SEMANTIC_TYPES)


def test_other_columns_and_missing_files_are_refused(tmp_path):
    pq.write_table(pa.table({"cui": ["C9900001"]}), tmp_path / "a.parquet")
    with pytest.raises(ArtefactError, match="expected the columns cui, tui, sty"):
        read_artefact(tmp_path / "a.parquet", SEMANTIC_TYPES)
    with pytest.raises(ArtefactError, match="not written by bali"):
        read_provenance(tmp_path / "a.parquet")
    with pytest.raises(ArtefactError, match="no such file"):
        read_artefact(tmp_path / "absent.parquet", SEMANTIC_TYPES)


@pytest.fixture
def codes(tmp_path):
    """An artefact with a repeated column, in two row groups, the column once plain and once as a dictionary."""
    assert REPEATED["codes"] == ("sab",)
    path = tmp_path / "codes.parquet"
    sab = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int32()), pa.array(["MSH", "NCI"]))
    with open_artefact(path, CODES, derive("codes", {}, [])) as writer:
        writer.write(pa.table({"sab": sab, "code": ["b", "a"], "cui": ["C9900002", "C9900001"]}))
        writer.write(pa.table({"sab": ["NA"], "code": [""], "cui": ["C9900003"]}))
        assert writer.num_rows == 3
    return path


def test_repeated_strings_are_strings_to_every_reader(codes):
    table = read_artefact(codes, CODES)
    assert table.schema.equals(CODES)
    assert table.to_pydict()["sab"] == ["NCI", "MSH", "NA"]
    assert duckdb.sql(f"select sab, cui from '{codes}' order by cui").fetchall() == [
        ("MSH", "C9900001"),
        ("NCI", "C9900002"),
        ("NA", "C9900003"),
    ]
    metadata = pq.ParquetFile(codes).metadata
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [2, 1]
    assert read_provenance(codes)["artefact"] == "codes"


def test_one_row_group_with_dictionaries(codes):
    rows = read_row_group(codes, 0, ["cui", "sab"], ["sab"])
    assert rows.schema.names == ["cui", "sab"]
    assert pa.types.is_dictionary(rows["sab"].type)
    assert rows.to_pydict() == {"cui": ["C9900002", "C9900001"], "sab": ["NCI", "MSH"]}
    assert read_row_group(codes, 1, ["code"], []).to_pydict() == {"code": [""]}
    content = bytearray(codes.read_bytes())
    content[4:40] = b"\xff" * 36
    codes.write_bytes(content)
    with pytest.raises(ArtefactError, match="expected a Parquet file"):
        read_row_group(codes, 0, ["cui", "sab", "code"], ["sab"])
