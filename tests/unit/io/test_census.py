from collections import Counter

import pytest

from bali.io.census import Census, Tally


def test_every_row_is_accounted_for(tmp_path):
    census = Census("ingest")
    tally = census.table("MRCONSO")
    tally.rows_in, tally.rows_out = 5, 3
    tally.drop("language", 2)
    tally.drop("suppressed", 0)
    census.notes["retired"] = 1
    census.write(tmp_path / "census.json")
    again = Census.read(tmp_path / "census.json")
    assert again == census
    assert dict(again.tables["MRCONSO"].dropped) == {"language": 2}


def test_a_lost_row_is_noticed(tmp_path):
    census = Census("ingest")
    census.table("MRREL").rows_in = 1
    with pytest.raises(AssertionError, match="read 1 rows, accounted for 0"):
        census.write(tmp_path / "census.json")
    assert not (tmp_path / "census.json").exists()


def test_pieces_of_a_table_add_up():
    total, piece = Tally(), Tally(5, 2)
    piece.drop("language", 3)
    for _ in range(2):
        total.add(piece)
    total.check("MRCONSO")
    assert total == Tally(10, 4, Counter(language=6))
    assert piece == Tally(5, 2, Counter(language=3))
