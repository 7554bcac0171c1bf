import polars as pl
import pytest

from bali.errors import InputError
from bali.rrf.layouts import MRCONSO, MRCUI, MRREL
from tests.unit.rrf.rrf_fixtures import line, mrdoc, mrfiles, release


def test_right_row_counts_pass(ingested):
    counts = [mrfiles(name, len(rows)) for name, rows in release().items()]
    census, _ = ingested(**{"MRFILES.RRF": [*counts, mrfiles("MRSAT.RRF", 12, "CUI,ATV")]})
    assert census.tables["MRREL.RRF"].rows_in == 11


@pytest.mark.parametrize("name", ["MRCONSO.RRF", "MRREL.RRF", "MRSTY.RRF", "MRSAB.RRF", "MRCUI.RRF", "MRDEF.RRF"])
def test_a_wrong_row_count_is_refused_for_each_file(ingested, tmp_path, name):
    num_rows = len(release()[name])
    with pytest.raises(
        InputError, match=rf"{name}: expected {num_rows + 1} rows as MRFILES.RRF says, got {num_rows}\."
    ):
        ingested(**{"MRFILES.RRF": [mrfiles(name, num_rows + 1)]})
    assert not list((tmp_path / "out").iterdir())


def test_segments_of_a_file_add_up_and_folders_do_not_matter(ingested):
    segments = [mrfiles("META/MRREL.RRF", 5, ",".join(MRREL.columns)), mrfiles("MRREL.RRF", 6, ",".join(MRREL.columns))]
    census, _ = ingested(**{"MRFILES.RRF": segments})
    assert census.tables["MRREL.RRF"].rows_out > 0
    with pytest.raises(
        InputError, match=r"MRFILES.RRF line 2: expected the columns of MRREL.RRF as in an earlier line"
    ):
        ingested(**{"MRFILES.RRF": [segments[0], mrfiles("MRREL.RRF", 6, "CUI1,CUI2")]})


@pytest.mark.parametrize("count", ["x", "", "-1", "\u0663"])
def test_a_count_that_is_none_is_refused(ingested, count):
    with pytest.raises(InputError, match=r"MRFILES.RRF line 2: expected RWS to be a number of rows, got"):
        ingested(**{"MRFILES.RRF": [mrfiles("MRSAT.RRF", 1), mrfiles("MRREL.RRF", count)]})


def reordered(rows, usual, columns):
    """Rows of a file with its columns in another order; unknown ones hold an x."""
    values = [dict(zip(usual.columns, row.split("|"), strict=False)) for row in rows]
    return [line([row.get(column, "x") for column in columns]) for row in values]


def test_the_columns_of_the_release_are_obeyed(ingested):
    """MRCUI with its columns turned round, MRREL without RUI, MRCONSO with a column more."""
    tables = release()
    usual = ingested()[1]
    orders = {
        MRCUI: MRCUI.columns[::-1],
        MRREL: tuple(column for column in MRREL.columns if column != "RUI"),
        MRCONSO: ("NEW", *MRCONSO.columns),
    }
    changes = {layout.name: reordered(tables[layout.name], layout, columns) for layout, columns in orders.items()}
    listed = [mrfiles(layout.name, len(tables[layout.name]), ",".join(columns)) for layout, columns in orders.items()]
    _, found = ingested(**changes, **{"MRFILES.RRF": listed})
    for name, table in usual.items():
        assert table.height > 0
        assert found[name].equals(table), name


def test_a_column_that_the_release_lacks_is_named(ingested, tmp_path):
    columns = ",".join(column for column in MRREL.columns if column not in ("RELA", "SAB"))
    with pytest.raises(InputError) as error:
        ingested(**{"MRFILES.RRF": [mrfiles("MRREL.RRF", 11, columns)]})
    assert str(error.value).startswith(
        "MRFILES.RRF: expected the columns CUI1, CUI2, REL, RELA, SAB, SUPPRESS of MRREL.RRF"
    )
    assert "found no RELA, SAB." in str(error.value)
    assert not list((tmp_path / "out").iterdir())


def mrcols(layout, left_out=()):
    return [line([c, "", "", "", "", "", layout.name, ""]) for c in layout.columns if c not in left_out]


def test_columns_that_mrcols_describes_are_needed_too(ingested):
    census, _ = ingested(**{"MRCOLS.RRF": mrcols(MRREL)})
    assert census.tables["MRREL.RRF"].rows_out > 0
    with pytest.raises(InputError, match=r"MRCOLS.RRF: expected the columns .* of MRREL.RRF, found no RELA\."):
        ingested(**{"MRCOLS.RRF": mrcols(MRREL, ["RELA"])})


def test_inverses_of_mrdoc(ingested):
    rows = [
        mrdoc("treats", "treated_by"),
        mrdoc("treats", "treated_by"),
        mrdoc("treated_by", "treats"),
        mrdoc("CHD", "PAR", "REL"),
        mrdoc("two", "b"),
        mrdoc("two", "a"),
        mrdoc("", "nothing"),
        mrdoc("nothing", ""),
        line(["RELA", "isa", "expanded_form", "Is a"]),
        line(["REL", "isa", "rela_inverse", "not of this column"]),
        line(["TTY", "PT", "tty_class", "preferred"]),
    ]
    _, tables = ingested(**{"MRDOC.RRF": rows})
    assert tables["inverses"].rows() == [
        ("rel", "CHD", "PAR"),
        ("rela", "treated_by", "treats"),
        ("rela", "treats", "treated_by"),
        ("rela", "two", "a"),
    ]
    assert ingested(**{"MRDOC.RRF": None})[1]["inverses"].schema == {
        name: pl.String for name in ("column", "label", "inverse")
    }
