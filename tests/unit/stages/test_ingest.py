import gzip
import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bali.cli import EXIT_BAD_INPUT, main
from bali.io.census import Census
from bali.io.parquet import check_artefact, read_provenance
from bali.schemas import ARTEFACTS
from bali.umls import ingest as ingestion
from tests.unit.rrf.rrf_fixtures import release, write_release, write_zip

DATA = os.environ.get("BALI_DEVELOPMENT_DATA")
OPTIONS = json.dumps({"umls": {"release": "tiny"}})


def ingest(path, output_dir, options=OPTIONS):
    return main(["ingest", "--input", str(path), "--output-dir", str(output_dir), "--options", options])


def files_of(folder: Path):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_artefacts_have_their_schema_and_origin(tmp_path):
    write_release(tmp_path / "meta", release())
    assert ingest(tmp_path / "meta", tmp_path / "out") == 0
    for name in ingestion.ARTEFACTS:
        path = tmp_path / "out" / f"{name}.parquet"
        assert check_artefact(path, ARTEFACTS[name]).metadata.num_rows > 0
        provenance = read_provenance(path)
        assert (provenance["artefact"], provenance["umls_release"]) == (name, "tiny")
        assert set(provenance["input_digests"]) == set(release())
    assert Census.read(tmp_path / "out" / "census.json").tables["MRCONSO.RRF"].rows_in == 9


def test_all_runs_write_the_same_bytes_whatever_the_threads(tmp_path):
    write_zip(tmp_path / "release.zip", release())
    runs = []
    for number, threads in enumerate([1, 1, 3, 3, 8]):
        out = tmp_path / f"{number}"
        call = ["ingest", "--input", str(tmp_path / "release.zip"), "--output-dir", str(out), "--options", OPTIONS]
        assert main([*call, "--threads", str(threads)]) == 0
        runs.append(files_of(out))
    assert len(runs[0]) == len(ingestion.ARTEFACTS) + 1
    for files in runs[1:]:
        assert [name for name in files if files[name] != runs[0].get(name)] == []
    assert Census.read(tmp_path / "0" / "census.json").tables["MRREL.RRF"].rows_out > 0


@pytest.mark.parametrize("spoil", ["gzip", "columns", "encoding", "missing"])
def test_bad_input_is_one_line_and_keeps_what_was_there(tmp_path, capsys, spoil):
    folder = tmp_path / "meta"
    write_release(folder, release())
    assert ingest(folder, tmp_path / "out") == 0
    before = files_of(tmp_path / "out")
    path = folder / "MRREL.RRF"
    data = path.read_bytes()
    path.unlink()
    if spoil == "gzip":
        (folder / "MRREL.RRF.gz").write_bytes(gzip.compress(data)[:-20])
    elif spoil == "columns":
        path.write_bytes(data[:-2] + b"\n")
    elif spoil == "encoding":
        path.write_bytes(data.replace(b"isa", b"\xff\xfe\xfd"))
    capsys.readouterr()
    assert ingest(folder, tmp_path / "out") == EXIT_BAD_INPUT
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali ingest: ")]
    assert len(errors) == 1
    assert "MRREL.RRF" in errors[0]
    assert files_of(tmp_path / "out") == before


def test_an_unknown_semantic_group_is_refused(tmp_path, capsys):
    write_release(tmp_path / "meta", release())
    assert ingest(tmp_path / "meta", tmp_path / "out", '{"umls": {"semantic_types": ["DISX"]}}') == EXIT_BAD_INPUT
    assert "Did you mean DISO?" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.real_data
@pytest.mark.skipif(not DATA, reason="BALI_DEVELOPMENT_DATA is not set")
def test_the_census_of_the_open_metathesaurus(tmp_path):
    assert ingest(Path(str(DATA)) / "open_meta", tmp_path / "out", '{"umls": {"release": "open_meta"}}') == 0
    tables = Census.read(tmp_path / "out" / "census.json").tables
    assert {name: tally.rows_in for name, tally in tables.items()} == {
        "MRCONSO.RRF": 147_029,
        "MRREL.RRF": 285_132,
        "MRSTY.RRF": 32_756,
    }
    for name, tally in tables.items():
        tally.check(name)
        assert tally.rows_out > 0.9 * tally.rows_in - 5000
    rows = {name: pq.read_metadata(tmp_path / "out" / f"{name}.parquet").num_rows for name in ("names", "relations")}
    assert rows == {"names": tables["MRCONSO.RRF"].rows_out, "relations": tables["MRREL.RRF"].rows_out}
