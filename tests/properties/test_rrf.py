"""Whatever the release: nothing is lost, the artefacts are those of plain Python, and neither the order of the rows nor
the threads nor the size of the blocks changes a byte."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.errors import InputError
from bali.umls.filters import UmlsFilters
from bali.umls.ingest import ARTEFACTS, ingest
from tests.unit.rrf.rrf_fixtures import PROVENANCE, mrconso, mrdef, mrdoc, mrrel, mrsab, mrsty, release, write_release
from tests.unit.umls.ingest_oracle import Expected

FILTERS = UmlsFilters(languages=frozenset({"ENG"}), suppress=frozenset({"N"}), max_srl=0)
NAMES = st.text(
    st.characters(blacklist_characters="|\n\r", blacklist_categories=("Cs",)), max_size=12
) | st.sampled_from(["NA", "null", "None", '"', 'a"b', "nan", "-", "#N/A", "β", "\u2028", "\ufeff", "\0", "\x0b", ""])
CUIS = ["C0000001", "C0000002", "C0000009", "CN000001", "R0000001", "C9999999"]
SABS = ["MSH", "NDFRT", "SNOMEDCT_US"]


def artefacts(tables, filters=FILTERS, threads=1, block_bytes=1 << 20):
    """The census, and the bytes of each artefact."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("bali.rrf.reading.map_blocks.__defaults__", (1, block_bytes))
        files = write_release(Path(folder), tables)
        census = ingest(files, filters, Path(folder) / "out", lambda: PROVENANCE, threads)
        for name, tally in census.tables.items():
            tally.check(name)
            assert tally.rows_in == len(tables[name])
        return census, {name: (Path(folder) / "out" / f"{name}.parquet").read_bytes() for name in ARTEFACTS}


@st.composite
def releases(draw):
    """Rows of all files: for every filter, with duplicates, unknown concepts and awkward texts."""
    cui, sab, text = st.sampled_from(CUIS), st.sampled_from(SABS), NAMES
    chance = draw(st.randoms(use_true_random=False))
    few = st.integers(0, 12)

    def rows(minimum, make):
        return [make() for _ in range(draw(few) + minimum)]

    tables = {
        "MRCONSO.RRF": rows(
            2,
            lambda: mrconso(
                draw(cui), f"A{chance.randrange(12)}", draw(text), LAT=chance.choice(["ENG", "ENG", "GER"]),
                SAB=draw(sab), TTY=chance.choice(["MH", "ET"]), TS=chance.choice("PS"), STT=chance.choice(["PF", "VO"]),
                ISPREF=chance.choice("YN"), SRL=chance.choice("00029"), SUPPRESS=chance.choice("NNNOY"),
                CODE=chance.choice(["D1", "D2", "", "NOCODE", "é"]),
            ),
        ),
        "MRREL.RRF": rows(
            0,
            lambda: mrrel(
                draw(cui), chance.choice(["RO", "CHD", "PAR", ""]), draw(cui),
                chance.choice(["", "isa", "inverse_isa", "é\0"]),
                SAB=draw(sab), SUPPRESS=chance.choice("NNNO"),
            ),
        ),
        "MRSTY.RRF": rows(0, lambda: mrsty(draw(cui), chance.choice(["T047", "T121"]), chance.choice(["a", "b"]))),
        "MRDEF.RRF": rows(0, lambda: mrdef(draw(cui), draw(text), draw(sab), chance.choice("NNO"))),
        "MRSAB.RRF": [mrsab(name, chance.choice("009")) for name in SABS if chance.random() < 0.5],
        "MRDOC.RRF": [mrdoc("isa", "inverse_isa"), mrdoc("inverse_isa", "isa")] if chance.random() < 0.5 else [],
    }  # fmt: skip
    for name in ("MRCONSO.RRF", "MRREL.RRF", "MRSTY.RRF", "MRDEF.RRF"):
        tables[name] += chance.choices(tables[name], k=chance.randrange(3)) if tables[name] else []
    return tables


CHOICES = st.builds(
    UmlsFilters,
    languages=st.sampled_from([None, frozenset({"ENG"})]),
    suppress=st.sampled_from([None, frozenset({"N"}), frozenset({"N", "O"})]),
    sources=st.sampled_from([None, None, frozenset({"MSH", "NDFRT"})]),
    exclude_sources=st.sampled_from([frozenset(), frozenset(), frozenset({"MSH"})]),
    term_types=st.sampled_from([None, None, frozenset({"MH"})]),
    tuis=st.sampled_from([None, None, frozenset({"T047"})]),
    relations=st.sampled_from([None, None, frozenset({"isa"}), frozenset({"RO", "PAR"})]),
    max_srl=st.sampled_from([0, 2, 9]),
    min_names=st.sampled_from([1, 1, 2]),
)


@settings(max_examples=60, deadline=None)
@given(releases(), CHOICES, st.sampled_from([1, 3]), st.sampled_from([64, 500, 1 << 20]))
def test_the_artefacts_are_those_of_plain_python(tables, filters, threads, block_bytes):
    expected = Expected(tables, filters)
    if not expected.artefacts["names"]:
        with pytest.raises(InputError, match=f"none of {len(tables['MRCONSO.RRF'])} did: dropped by"):
            artefacts(tables, filters, threads, block_bytes)
        return
    census, files = artefacts(tables, filters, threads, block_bytes)
    assert len(expected.artefacts) == 6
    for name, rows in expected.artefacts.items():
        assert pl.read_parquet(files[name]).rows() == rows, name
    for name in ("MRCONSO.RRF", "MRREL.RRF", "MRSTY.RRF", "MRDEF.RRF"):
        assert census.tables[name].dropped == expected.dropped[name], name


@settings(max_examples=25, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=30), st.sampled_from(["", "\r"]), st.sampled_from([1, 3]))
def test_every_name_survives(names, end, threads):
    rows = [mrconso(f"C{number // 3:07d}", f"A{number}", name) + end for number, name in enumerate(names)]
    tables = {name: [row + end for row in rows] for name, rows in release().items()}
    census, files = artefacts({**tables, "MRCONSO.RRF": rows}, threads=threads, block_bytes=100)
    kept = pl.read_parquet(files["names"])
    assert census.tables["MRCONSO.RRF"].rows_out == len(names) == kept.height
    assert dict(kept.select("aui", "name").iter_rows()) == {f"A{n}": name for n, name in enumerate(names)}


@settings(max_examples=15, deadline=None)
@given(releases(), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_rows_nor_threads_nor_blocks_change_a_byte(tables, chance: random.Random):
    base = release()
    tables = {name: [*base.get(name, []), *rows] for name, rows in {**base, **tables}.items()}
    filters = replace(FILTERS, max_srl=9)
    census, files = artefacts(tables, filters)
    assert census.tables["MRREL.RRF"].rows_out > 0
    for block_bytes, threads in ((90, 1), (300, 3)):
        for rows in tables.values():
            chance.shuffle(rows)
        again, shuffled = artefacts(tables, filters, threads, block_bytes)
        for name in ARTEFACTS:
            assert shuffled[name] == files[name], name
        assert again == census
