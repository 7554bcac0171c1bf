import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bali.io.census import Census
from bali.umls.manifest import Manifest
from bali.umls.retired import read_retired_cuis
from tests.unit.rrf.rrf_fixtures import line, write_release

A, B, C, D, X, Y, Z = (f"C910000{number}" for number in range(7))


def mrcui(old, new, rel="SY"):
    return line([old, "2020AA", rel, "", "", new, "Y"])


def retired(mrcui_rows=None, merged_rows=None):
    tables = {"MRCUI.RRF": mrcui_rows, "MERGEDCUI.RRF": merged_rows}
    census = Census("ingest")
    with tempfile.TemporaryDirectory() as folder:
        files = write_release(Path(folder), {name: rows for name, rows in tables.items() if rows is not None})
        frame = read_retired_cuis(files, Manifest(), census)
    for name, tally in census.tables.items():
        tally.check(name)
        assert tally.rows_in == len(tables[name])
    return frame.rows(), {name: dict(tally.dropped) for name, tally in census.tables.items()}


def test_chains_are_followed_to_all_their_ends():
    rows, dropped = retired([mrcui(A, B), mrcui(B, C), mrcui(B, D), mrcui(X, "", "DEL"), mrcui(A, B, "RO")])
    assert rows == [(A, C), (A, D), (B, C), (B, D)]
    assert dropped == {"MRCUI.RRF": {"deleted without replacement": 1, "duplicate row": 1}}


def test_a_circle_has_no_end_but_a_way_out_of_it_has():
    assert retired([mrcui(A, B), mrcui(B, A), mrcui(C, C)])[0] == []
    rows, _ = retired([mrcui(X, Y), mrcui(Y, X), mrcui(Y, Z), mrcui(A, X), mrcui(B, B), mrcui(B, C)])
    assert rows == [(A, Z), (B, C), (X, Z), (Y, Z)]


def test_merged_cuis_join_in():
    rows, dropped = retired([mrcui(A, B), mrcui(X, Y)], [line([B, C]), line([X, Y]), line([X, Y])])
    assert rows == [(A, C), (B, C), (X, Y)]
    assert dropped == {"MRCUI.RRF": {}, "MERGEDCUI.RRF": {"duplicate row": 2}}
    assert retired(None, [line([A, B])])[0] == [(A, B)]
    assert retired() == ([], {})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([A, B, C, D, X]), st.sampled_from([A, B, C, D, X])), max_size=10))
def test_the_ends_are_what_a_walk_finds(pairs):
    steps = {old: {new for first, new in pairs if first == old} for old, _ in pairs}
    expected = set()
    for start in steps:
        seen, todo = set(), [start]
        while todo:
            for new in steps[todo.pop()] - seen:
                seen.add(new)
                todo += [new] if new in steps else []
        expected |= {(start, end) for end in seen if end not in steps}
    assert retired([mrcui(old, new) for old, new in pairs])[0] == sorted(expected)
