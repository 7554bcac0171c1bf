"""Whatever the names and the order of the rows: nothing is lost, and the output does not change by a byte."""

import random
import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.umls.filters import UmlsFilters
from bali.umls.ingest import ARTEFACTS, ingest
from tests.unit.umls.rrf_fixtures import PROVENANCE, mrconso, mrrel, release, write_release

FILTERS = UmlsFilters(languages=frozenset({"ENG"}), suppress=frozenset({"N"}), max_srl=0)
NAMES = st.text(
    st.characters(blacklist_characters="|\n\r", blacklist_categories=("Cs",)), max_size=12
) | st.sampled_from(["NA", "null", "None", '"', 'a"b', "nan", "-", "#N/A", "β", "\u2028", "\ufeff"])


def artefacts(tables):
    with tempfile.TemporaryDirectory() as folder:
        census = ingest(write_release(Path(folder), tables), FILTERS, Path(folder) / "out", PROVENANCE)
        return census, {name: (Path(folder) / "out" / f"{name}.parquet").read_bytes() for name in ARTEFACTS}


@settings(max_examples=40, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=30))
def test_every_name_survives(names):
    rows = [mrconso(f"C{number // 3:07d}", f"A{number}", name) for number, name in enumerate(names)]
    census, files = artefacts({**release(), "MRCONSO.RRF": rows})
    kept = pl.read_parquet(files["names"])
    assert census.tables["MRCONSO.RRF"].rows_out == len(names) == kept.height
    assert dict(kept.select("aui", "name").iter_rows()) == {f"A{n}": name for n, name in enumerate(names)}


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_the_order_of_the_rows_does_not_change_a_byte(chance: random.Random, num_rows):
    sabs = ["MSH", "NDFRT", "SNOMEDCT_US", "Z"]
    cuis = [f"C900{number:04d}" for number in range(8)]
    tables = release()
    tables["MRCONSO.RRF"] += [
        mrconso(chance.choice(cuis), f"A{chance.randrange(30, 60)}", f"n{chance.randrange(9)}", SAB=chance.choice(sabs))
        for _ in range(num_rows)
    ]
    tables["MRREL.RRF"] += [
        mrrel(chance.choice(cuis), "RO", chance.choice(cuis), chance.choice(["a", "b", ""]), SAB=chance.choice(sabs))
        for _ in range(num_rows)
    ]
    census, files = artefacts(tables)
    assert census.tables["MRREL.RRF"].rows_out > 0
    for rows in tables.values():
        chance.shuffle(rows)
    again, shuffled = artefacts(tables)
    assert shuffled == files
    assert again.tables == census.tables
