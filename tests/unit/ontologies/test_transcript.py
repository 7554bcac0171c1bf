from pathlib import Path

import polars as pl
import pytest

from bali.ontologies.transcript import TranscribedFile
from bali.rrf.layouts import MERGEDCUI
from tests.unit.ontologies.transcripts import rows_of

ROWS = [("C0000001", "C0000002"), ("C0000003", "NA"), ("C0000005", 'β"')]


def pieces(tally):
    for row in ROWS:
        tally.rows_in += 1
        tally.rows_out += 1
        yield pl.DataFrame([row], schema=MERGEDCUI.columns, orient="row")


def test_pieces_become_one_stream_of_rrf_text():
    file = TranscribedFile(MERGEDCUI, [Path("b"), Path("a"), Path("b")], pieces)
    assert rows_of(file) == ROWS
    assert file.name == "MERGEDCUI.RRF"
    assert file.paths() == [Path("a"), Path("b")]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_reads_of_any_size_give_the_same_bytes(size):
    file = TranscribedFile(MERGEDCUI, [], pieces)
    data = b""
    with file.open() as stream:
        while part := stream.read(size):
            data += part
    assert data.decode() == "".join(f"{old}|{new}|\n" for old, new in ROWS)


def test_a_second_reading_counts_anew():
    file = TranscribedFile(MERGEDCUI, [], pieces)
    assert rows_of(file) == rows_of(file)
    assert file.tally.rows_in == len(ROWS)


def test_an_unaccounted_row_is_our_error():
    def forgetful(tally):
        tally.rows_in += 1
        yield from pieces(tally)

    with pytest.raises(AssertionError, match=r"MERGEDCUI.RRF: read 4 rows, accounted for 3"):
        rows_of(TranscribedFile(MERGEDCUI, [], forgetful))
