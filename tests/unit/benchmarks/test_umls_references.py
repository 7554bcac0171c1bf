"""The programs that stages are timed against read everything, and agree with each other."""

import itertools

import polars as pl
import pytest
import torch

from bali.errors import InputError
from bali.rrf.layouts import MRCONSO, MRREL, MRSTY
from benchmarks import umls_references as references

LINES = {
    MRCONSO: ['C1|ENG|P|L1|PF|S1|Y|A1||||MSH|MH|D1|5" nail, "x|0|N||', "C2|ENG|P|L2|PF|S2|Y|A2||||MSH|MH|D2|NA|0|N||"],
    MRREL: ["C1|A1|AUI|RO|C2|A2|AUI|may_treat|R1||MSH|MSH|||N||"] * 2 + ["C2||CUI|SY|C3||CUI||R3||MTH|MTH|||N||"],
    MRSTY: ["C1|T047|B2|Disease or Syndrome|AT1||"],
}
NUM_ROWS = {"MRCONSO.RRF": 2, "MRREL.RRF": 3, "MRSTY.RRF": 1}


@pytest.fixture
def folder(tmp_path):
    for layout, lines in LINES.items():
        (tmp_path / layout.name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("floor", [references.floor, references.floor_polars])
def test_floors_read_every_row(folder, floor):
    assert floor(folder) == NUM_ROWS


def test_floors_build_the_strings_of_every_column(folder):
    (frame,) = references.polars_batches(folder, MRCONSO)
    (batch,) = references.arrow_batches(folder, MRCONSO)
    assert frame.columns == batch.schema.names == [*MRCONSO.columns, "_end"]
    assert set(frame.dtypes) == {pl.String}
    assert sorted(frame["STR"].to_list()) == batch["STR"].to_pylist() == ['5" nail, "x', "NA"]


@pytest.mark.parametrize(
    "program", [references.floor, references.floor_polars, lambda f: references.pandas_rowwise(f, 1)]
)
def test_a_missing_file_is_one_line(tmp_path, program):
    with pytest.raises(InputError, match=r"MRCONSO\.RRF: no such file"):
        program(tmp_path)


@pytest.mark.parametrize(("num_rows", "handled"), [(1, 2), (2, 4), (100, 5)])
def test_pandas_rowwise_handles_a_slice_of_both_files(folder, num_rows, handled):
    assert references.pandas_rowwise(folder, num_rows) == handled


def test_pandas_rowwise_writes_the_known_edges(folder, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(references.tempfile, "TemporaryDirectory", lambda: _Kept(tmp_path / "scratch", written))
    references.pandas_rowwise(folder, 100)
    assert written == ["0\t1\tRO\tmay_treat\n0\t1\tRO\tmay_treat\n"]  # the third relation names a CUI without a name


class _Kept:
    """A temporary directory whose edge list is read before it would go."""

    def __init__(self, path, written):
        self._path, self._written = path, written

    def __enter__(self):
        self._path.mkdir()
        return str(self._path)

    def __exit__(self, *exception):
        self._written.append((self._path / "edges.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("num_hops", [0, 1, 2, 3])
def test_both_walks_find_the_same_nodes(num_hops):
    generator = torch.Generator().manual_seed(3)
    edge_index = torch.randint(0, 60, (2, 110), generator=generator)
    graph = references.to_networkx(edge_index)
    sizes = []
    for root in sorted(graph)[:20]:
        nodes = references.pyg_k_hop(edge_index, root, num_hops).tolist()
        assert nodes == sorted(references.networkx_ego(graph, root, num_hops))
        assert root in nodes
        sizes.append(len(nodes))
    assert max(sizes) > num_hops  # the graph is no set of lone nodes


def test_time_roots_runs_at_least_one_and_goes_round(monkeypatch):
    clock = itertools.count(0.0, 0.5)  # half a second between two looks
    monkeypatch.setattr(references.time, "perf_counter", lambda: next(clock))
    seen = []
    assert references.time_roots(seen.append, [4, 9], seconds=1.5) == pytest.approx(2.0)
    assert seen == [4, 9, 4]
    assert references.time_roots(seen.append, [1], seconds=0) == pytest.approx(2.0)
    assert seen == [4, 9, 4, 1]
