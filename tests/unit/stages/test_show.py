import pyarrow as pa

from bali.cli import main
from bali.io.parquet import Provenance, write_artefact
from bali.schemas import NODES


def test_show_prints_the_artefact(tmp_path, capsys):
    row = {"node_id": 0, "cui": "C9900001", "preferred_name": "null", "tuis": [], "degree": 3}
    write_artefact(tmp_path / "nodes.parquet", pa.Table.from_pylist([row], NODES), NODES, Provenance("nodes", "demo"))
    assert main(["show", str(tmp_path / "nodes.parquet"), "--rows", "1"]) == 0
    printed = capsys.readouterr().out
    assert "nodes.parquet: nodes" in printed
    assert "C9900001" in printed


def test_show_refuses_what_is_no_artefact(tmp_path, capsys):
    (tmp_path / "x.parquet").write_bytes(b"PAR1 garbage")
    assert main(["show", str(tmp_path / "x.parquet")]) == 2
    error = capsys.readouterr().err
    assert "expected a Parquet file" in error
    assert error.count("\n") == 1
