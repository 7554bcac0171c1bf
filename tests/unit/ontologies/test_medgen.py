import csv
import io

import pytest

from bali.errors import InputError
from bali.ontologies.formats import transcribe
from tests.unit.ontologies.transcripts import rows_of, tallied, write

RELEASE = {
    "MGCONSO": [
        "#CUI|TS|STT|ISPREF|AUI|SAUI|SCUI|SDUI|SAB|TTY|CODE|STR|SUPPRESS|",
        "C0000744|P|PF|Y|A0000001|||D000012|MSH|MH|D000012|Abetalipoproteinemia|N|",
        "C0000744|S|PF|N|||||SNOMEDCT_US|PT|190787008|Abetalipoproteinaemia \"NA\"|N|",
        "CN117695|P|PF|Y||HP:0100805|HP:0100805|HP:0100805|HPO|PT|HP:0100805|null|N|",
        "X123|P|PF|Y|||||GTR|PT|1|no concept|N|",
        "C0000745|P|PF|Y|||||GTR|PT|1|  |N|",
    ],
    "MGREL": [
        "#CUI1|AUI1|STYPE1|REL|CUI2|AUI2|RELA|RUI|SAB|SL|SUPPRESS|",
        "C0000744|A1|AUI|CHD|CN117695|A2|isa|R1|HPO|HPO|N|",
        "C0000744|A1|AUI|RO|CN117695|A2|has_manifestation|R2|HPO|HPO||",
        "C0000744|A1|AUI|RO||A2|has_manifestation|R3|HPO|HPO|N|",
    ],
    "MGSTY": ["#CUI|TUI|STN|STY|ATUI|CVF|", "C0000744|T047|B2.2.1.2.1|Disease or Syndrome|AT1|256|"],
    "MGDEF": ["#CUI|DEF|source|SUPPRESS|", "C0000744|First line.\rSecond\tline.|GeneReviews|N|"],
    "MERGED": ["#CUI|toCUI|", "C0009999|C0000744|"],
}  # fmt: skip


def write_release(folder, ending=".RRF", **changes):
    for name, lines in {**RELEASE, **changes}.items():
        write(folder / f"{name}{ending}", lines)
    return transcribe([folder])


@pytest.fixture
def files(tmp_path):
    return write_release(tmp_path)


def test_names_get_language_level_and_atom(files):
    rows = rows_of(files["MRCONSO.RRF"], "CUI", "LAT", "TS", "SAB", "CODE", "STR", "SRL")
    assert rows == [
        ("C0000744", "ENG", "P", "MSH", "D000012", "Abetalipoproteinemia", "0"),
        ("C0000744", "ENG", "S", "SNOMEDCT_US", "190787008", 'Abetalipoproteinaemia "NA"', "9"),
        ("CN117695", "ENG", "P", "HPO", "HP:0100805", "null", "0"),
    ]
    auis = [aui for (aui,) in rows_of(files["MRCONSO.RRF"], "AUI")]
    assert auis[0] == "A0000001"
    assert len(set(auis)) == 3
    assert all(auis)
    assert tallied(files["MRCONSO.RRF"]) == (5, 3, {"no concept identifier": 1, "no name": 1})


def test_other_files(files):
    assert rows_of(files["MRREL.RRF"], "CUI1", "REL", "CUI2", "STYPE2", "RELA", "SAB", "SUPPRESS") == [
        ("C0000744", "CHD", "CN117695", "", "isa", "HPO", "N"),
        ("C0000744", "RO", "CN117695", "", "has_manifestation", "HPO", "N"),
    ]
    assert tallied(files["MRREL.RRF"]) == (3, 2, {"no concept identifier": 1})
    assert rows_of(files["MRSTY.RRF"])[0][:4] == ("C0000744", "T047", "B2.2.1.2.1", "Disease or Syndrome")
    assert rows_of(files["MRDEF.RRF"], "CUI", "SAB", "DEF") == [("C0000744", "GeneReviews", "First line. Second line.")]
    assert rows_of(files["MRCUI.RRF"], "CUI1", "REL", "CUI2", "MAPIN") == [("C0009999", "SY", "C0000744", "Y")]
    assert ("SNOMEDCT_US", "9", "Y") in rows_of(files["MRSAB.RRF"], "RSAB", "SRL", "CURVER")


def test_columns_are_found_by_name_not_by_place(tmp_path, files):
    header, *lines = (line.removesuffix("|").split("|") for line in RELEASE["MGCONSO"])
    turned = ["#" + "|".join(reversed([header[0][1:], *header[1:]])) + "|"]
    turned += ["|".join(reversed(line)) + "|" for line in lines]
    other = write_release(tmp_path / "turned", MGCONSO=turned)
    assert turned[0].startswith("#SUPPRESS|STR|")
    assert rows_of(other["MRCONSO.RRF"]) == rows_of(files["MRCONSO.RRF"]) != []


def test_csv_in_parts_and_gzip_give_the_same_rows(tmp_path, files):
    for name, lines in RELEASE.items():
        rows = [line.removeprefix("#").removesuffix("|").split("|") for line in lines]
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
        if name == "MGREL":
            table = text.getvalue().splitlines()
            write(tmp_path / "csv" / "MGREL_1.csv.gz", table[:2])
            write(tmp_path / "csv" / "MGREL_2.csv.gz", [table[0], *table[2:]])
        else:
            write(tmp_path / "csv" / f"{name}.csv.gz", text.getvalue().split("\n")[:-1])
    tables = transcribe([tmp_path / "csv"])
    packed = write_release(tmp_path / "gz", ".RRF.gz")
    for name, file in files.items():
        assert rows_of(tables[name]) == rows_of(packed[name]) == rows_of(file) != []


def test_made_up_atoms_do_not_depend_on_the_order(tmp_path, files):
    header, *lines = RELEASE["MGCONSO"]
    turned = write_release(tmp_path / "turned", MGCONSO=[header, *reversed(lines)])
    assert sorted(rows_of(turned["MRCONSO.RRF"])) == sorted(rows_of(files["MRCONSO.RRF"])) != []


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["C0000744|P|"], "line 1: expected a header with the columns CUI, SAB, STR"),
        (["#CUI|SAB|TTY|", "C0000744|MSH|MH|"], "STR not found among #CUI, SAB, TTY"),
        (["#CUI|SAB|STR|", "C0000744|MSH|a|b|"], "line 2: expected 3 columns, each closed by"),
        ([], "expected a header"),
    ],
)
def test_damage_is_one_line_with_its_place(tmp_path, lines, message):
    with pytest.raises(InputError, match=message) as caught:
        rows_of(write_release(tmp_path, MGCONSO=lines)["MRCONSO.RRF"])
    assert "MGCONSO.RRF" in str(caught.value)
