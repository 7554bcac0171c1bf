import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bali.errors import ArtefactError
from bali.io import seals
from bali.io.files import digest_file, read_json
from bali.io.parquet import Provenance, check_artefact, derive, read_artefact, write_artefact
from bali.io.seals import check_folder, seal_folder, verify_parquet, write_record
from bali.schemas import SEMANTIC_TYPES

ROWS = pa.table({"cui": ["C9900001", "C9900002"], "tui": ["T047", "T048"], "sty": ["Disease or Syndrome", "β"]})
DAY = 86_400


@pytest.fixture
def artefact(tmp_path):
    path = tmp_path / "umls" / "semantic_types.parquet"
    write_artefact(path, ROWS, SEMANTIC_TYPES, Provenance("semantic_types", "2024AA"))
    return path


def test_a_whole_artefact_is_read_and_its_digest_is_that_of_the_file(artefact):
    assert read_artefact(artefact, SEMANTIC_TYPES).equals(ROWS)
    assert verify_parquet(artefact) == digest_file(artefact)
    seal = pq.read_metadata(artefact).metadata[seals.PARQUET_KEY]
    assert len(set(seal)) > 5


def test_every_byte_that_changes_is_noticed(artefact):
    content = artefact.read_bytes()
    assert len(content) > 1000
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        artefact.write_bytes(changed)
        with pytest.raises(ArtefactError, match=r"semantic_types\.parquet: expected"):
            check_artefact(artefact, SEMANTIC_TYPES)
    artefact.write_bytes(content)
    check_artefact(artefact, SEMANTIC_TYPES)


def test_every_length_that_is_cut_is_noticed(artefact):
    content = artefact.read_bytes()
    for length in range(0, len(content), 7):
        artefact.write_bytes(content[:length])
        with pytest.raises(ArtefactError, match=r"semantic_types\.parquet: expected"):
            check_artefact(artefact, SEMANTIC_TYPES)


def test_damage_is_noticed_where_provenance_is_derived(artefact):
    content = bytearray(artefact.read_bytes())
    content[10] ^= 1
    artefact.write_bytes(content)
    with pytest.raises(ArtefactError, match="expected the bytes that its seal names, found others"):
        derive("x", {}, [artefact])


def test_a_file_is_read_once_however_often_it_is_asked_for(artefact, monkeypatch):
    seals._verified.clear()
    os.utime(artefact, (DAY, DAY))
    digest = verify_parquet(artefact)
    monkeypatch.setattr(seals, "_read", None)
    assert verify_parquet(artefact) == digest


def test_a_file_of_another_tool_needs_no_seal(tmp_path):
    pq.write_table(ROWS, tmp_path / "x.parquet")
    assert verify_parquet(tmp_path / "x.parquet") == digest_file(tmp_path / "x.parquet")
    assert read_artefact(tmp_path / "x.parquet", SEMANTIC_TYPES).equals(ROWS)


def test_an_artefact_of_another_version_is_refused(artefact, monkeypatch):
    monkeypatch.setattr("bali.io.parquet.SCHEMA_VERSION", 3)
    with pytest.raises(ArtefactError, match=r"expected an artefact of version 3, found one of version \d"):
        check_artefact(artefact, SEMANTIC_TYPES)


def test_an_artefact_without_a_seal_is_refused(artefact):
    file = pq.ParquetFile(artefact)
    metadata = {b"bali": file.metadata.metadata[b"bali"]}
    pq.write_table(ROWS.replace_schema_metadata(metadata), artefact)
    with pytest.raises(ArtefactError, match=r"found no seal.*earlier version"):
        check_artefact(artefact, SEMANTIC_TYPES)


def test_files_read_together_must_descend_from_one_another(artefact, tmp_path):
    child = tmp_path / "graph" / "nodes.parquet"
    write_artefact(child, ROWS, SEMANTIC_TYPES, derive("nodes", {}, [artefact]))
    assert list(derive("x", {}, [artefact, child]).input_digests) == [
        "nodes/nodes.parquet",
        f"semantic_types/{artefact.name}",
    ]
    write_artefact(artefact, ROWS.slice(1), SEMANTIC_TYPES, Provenance("semantic_types", "2024AB"))
    with pytest.raises(ArtefactError, match=r"semantic_types\.parquet: expected the file that .*nodes\.parquet"):
        derive("x", {}, [artefact, child])


@pytest.mark.parametrize("value", [{"b": 1.5, "a": ["β", None]}, {}, {"n": {"x": 1, "y": [True]}}])
def test_a_record_comes_back_without_its_seal(tmp_path, value):
    write_record(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert "seal" in json.loads((tmp_path / "a.json").read_text())


def test_a_changed_record_is_noticed(tmp_path):
    path = tmp_path / "a.json"
    write_record(path, {"value": 0.123, "name": "x"})
    content = path.read_text()
    for old, new in (("0.123", "0.124"), ('"x"', '"y"'), ('"name"', '"nome"')):
        assert old in content
        path.write_text(content.replace(old, new))
        with pytest.raises(ArtefactError, match=r"a\.json: expected the content that its seal names"):
            read_json(path)


def test_a_sealed_folder_names_what_changed(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.npy").write_bytes(b"123")
    (tmp_path / "a.txt").write_text("a")
    check_folder(tmp_path, "Make it again.")  # not sealed yet
    seal_folder(tmp_path)
    (tmp_path / ".snakemake_timestamp").touch()
    (tmp_path / "more").touch()
    check_folder(tmp_path, "Make it again.")
    (tmp_path / "sub" / "b.npy").write_bytes(b"124")
    with pytest.raises(ArtefactError, match=r"sub/b\.npy: expected the file that .*found another\. Make it again\."):
        check_folder(tmp_path, "Make it again.")
    (tmp_path / "sub" / "b.npy").unlink()
    with pytest.raises(ArtefactError, match="found none"):
        check_folder(tmp_path, "Make it again.")
