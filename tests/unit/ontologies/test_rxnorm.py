import gzip
import zipfile

import pytest

from bali.errors import InputError
from bali.ontologies.formats import transcribe
from tests.unit.ontologies.transcripts import rows_of, tallied, write


def conso(rxcui, rxaui, sab, tty, name, suppress="N"):
    """A row as NLM writes it: TS, LUI, STT, SUI, ISPREF and SRL are empty."""
    return f"{rxcui}|ENG||||||{rxaui}|{rxaui}|{rxcui}||{sab}|{tty}|{rxcui}|{name}||{suppress}|4096|"


def sat(rxcui, sab, attribute, value):
    return f"{rxcui}|||829|AUI|{rxcui}|AT1||{attribute}|{sab}|{value}|N|4096|"


def sab(name, level):
    before = ["C1", "C2", f"{name}2026", name, f"{name} name", name, "2026", *[""] * 4, "licence", ""]
    return "".join(f"{value}|" for value in [*before, level, *[""] * 7, "Y", "Y", "", ""])


RELEASE = {
    "RXNCONSO.RRF": [
        conso("1191", "12345", "RXNORM", "IN", "aspirin"),
        conso("1191", "12346", "RXNORM", "SY", "acetylsalicylic acid"),
        conso("1191", "13012347", "SNOMEDCT_US", "PT", 'Aspirin "NA"'),
        conso("1191", "12348", "RXNORM", "IN", "old aspirin", "O"),
        conso("243670", "20", "RXNORM", "SCD", "aspirin 81 MG Oral Tablet"),
        conso("317541", "21", "UNHEARD_OF", "DF", "Oral Tablet"),
        conso("99", "22", "MTHSPL", "SU", "null", ""),
    ],
    "RXNREL.RRF": [
        "243670||CUI|RO|1191||CUI|ingredient_of|R10||RXNORM|RXNORM|Y|G||4096|",
        "|12346|AUI|SY||20|AUI||||RXNORM||||N||",
        "|12346|AUI|SY||777|AUI||||RXNORM||||N||",
        "1191||CUI|RO|243670||CUI|has_ingredient|R11||RXNORM||||O|4096|",
    ],
    "RXNSTY.RRF": ["1191|T109|A1.4.1.2.1|Organic Chemical|AT1||", "1191|T121|A1|Pharmacologic Substance|AT2|4096|"],
    "RXNSAT.RRF": [
        sat("1191", "RXNORM", "UMLSCUI", "C0004057"),
        sat("1191", "MTHSPL", "UMLSCUI", "C0000001"),
        sat("243670", "RXNORM", "RXN_STRENGTH", "81 MG"),
        sat("99", "RXNORM", "UMLSCUI", "C0004057"),
    ],
    "RXNSAB.RRF": [sab("RXNORM", "0"), sab("SNOMEDCT_US", "9"), sab("MTHSPL", "0")],
    "RXNDOC.RRF": ["RELA|ingredient_of|rela_inverse|has_ingredient|"],
    "RXNCUI.RRF": [
        "500|200504|200505|1|1191|",
        "501|200504|200505|1|502|",
        "1191|200504|200505|1|1191|",
        "503|200504|200505|0||",
    ],
}


def release(folder, suffix="", **changes):
    for name, lines in {**RELEASE, **changes}.items():
        if lines is not None:
            write(folder / f"{name}{suffix}", lines)
    return transcribe([folder])


@pytest.fixture
def files(tmp_path):
    return release(tmp_path)


def test_concepts_are_umls_cuis_where_the_release_gives_them(files):
    names = rows_of(files["MRCONSO.RRF"], "CUI", "AUI", "STR")
    assert names == [
        ("C0004057", "A0012345", "aspirin"),
        ("C0004057", "A0012346", "acetylsalicylic acid"),
        ("C0004057", "A13012347", 'Aspirin "NA"'),
        ("C0004057", "A0012348", "old aspirin"),
        ("R0243670", "A0000020", "aspirin 81 MG Oral Tablet"),
        ("R0317541", "A0000021", "Oral Tablet"),
        ("C0004057", "A0000022", "null"),
    ]
    assert files["MRCONSO.RRF"].tally.notes == {
        "RXCUIs with a UMLS CUI": 2,
        "RXCUIs without a UMLS CUI, written as R and 7 digits": 2,
        "RXCUIs that share a UMLS CUI with another": 1,
    }


def test_preferred_names_and_restriction_levels(files):
    names = rows_of(files["MRCONSO.RRF"], "TS", "STT", "ISPREF", "SRL", "SUPPRESS", "CODE", "SAB")
    assert names == [
        ("P", "PF", "Y", "0", "N", "1191", "RXNORM"),
        ("S", "VO", "N", "0", "N", "1191", "RXNORM"),
        ("S", "VO", "N", "9", "N", "1191", "SNOMEDCT_US"),
        ("S", "VO", "N", "0", "O", "1191", "RXNORM"),
        ("P", "PF", "Y", "0", "N", "243670", "RXNORM"),
        ("S", "VO", "N", "9", "N", "317541", "UNHEARD_OF"),
        ("S", "VO", "N", "0", "N", "99", "MTHSPL"),
    ]


def test_relations_of_atoms_go_to_their_concepts_and_columns_are_put_in_order(files):
    columns = ("CUI1", "AUI1", "REL", "CUI2", "AUI2", "RELA", "RG", "DIR", "SUPPRESS")
    assert rows_of(files["MRREL.RRF"], *columns) == [
        ("R0243670", "", "RO", "C0004057", "", "ingredient_of", "G", "Y", "N"),
        ("C0004057", "A0012346", "SY", "R0243670", "A0000020", "", "", "", "N"),
        ("C0004057", "", "RO", "R0243670", "", "has_ingredient", "", "", "O"),
    ]
    assert tallied(files["MRREL.RRF"]) == (4, 3, {"atom without a concept in RXNCONSO": 1})


def test_other_files(files):
    assert rows_of(files["MRSTY.RRF"], "CUI", "TUI", "STY") == [
        ("C0004057", "T109", "Organic Chemical"),
        ("C0004057", "T121", "Pharmacologic Substance"),
    ]
    assert rows_of(files["MRSAB.RRF"], "RSAB", "SVER", "SRL")[1] == ("SNOMEDCT_US", "2026", "9")
    assert rows_of(files["MRDOC.RRF"]) == [("RELA", "ingredient_of", "rela_inverse", "has_ingredient")]
    assert rows_of(files["MRCUI.RRF"], "CUI1", "VER", "REL", "CUI2", "MAPIN") == [
        ("R0000500", "200505", "SY", "C0004057", "Y")
    ]
    drops = {"replacement not in the release": 1, "still in use": 1, "without a replacement": 1}
    assert tallied(files["MRCUI.RRF"]) == (4, 1, drops)


def test_prescribable_content_has_types_and_levels_without_their_files(tmp_path):
    absent = dict.fromkeys(["RXNSTY.RRF", "RXNSAB.RRF", "RXNDOC.RRF", "RXNCUI.RRF", "RXNSAT.RRF"])
    files = release(tmp_path, **absent)
    assert sorted(files) == ["MRCONSO.RRF", "MRREL.RRF", "MRSTY.RRF"]
    assert rows_of(files["MRSTY.RRF"], "CUI", "TUI", "STY") == [
        ("R0001191", "T121", "Pharmacologic Substance"),
        ("R0243670", "T200", "Clinical Drug"),
    ]
    levels = dict(rows_of(files["MRCONSO.RRF"], "SAB", "SRL"))
    assert levels == {"RXNORM": "0", "SNOMEDCT_US": "9", "UNHEARD_OF": "9", "MTHSPL": "0"}


def test_zip_without_its_prescribable_subset_equals_the_folder(tmp_path, files):
    archive = tmp_path / "RxNorm_full_01052026.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, lines in RELEASE.items():
            packed.writestr(f"rrf/{name}", "".join(line + "\n" for line in lines))
        packed.writestr("prescribe/rrf/RXNCONSO.RRF", conso("1", "2", "RXNORM", "IN", "other") + "\n")
    packed_files = transcribe([archive])
    assert sorted(packed_files) == sorted(files)
    for name, file in files.items():
        rows = rows_of(file)
        assert rows
        assert rows_of(packed_files[name]) == rows
        assert packed_files[name].paths() == [archive]


def test_folder_of_the_unpacked_zip_with_gzip(tmp_path, files):
    zipped = release(tmp_path / "unpacked" / "rrf", ".gz")
    again = transcribe([tmp_path / "unpacked"])
    for name in files:
        assert rows_of(zipped[name]) == rows_of(files[name]) == rows_of(again[name]) != []


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("RXNCONSO.RRF", "1191|ENG|", r"RXNCONSO.RRF line 2: expected 18 columns"),
        ("RXNCONSO.RRF", conso("C12", "1", "RXNORM", "IN", "x"), "line 2: expected RXCUI to be a number .* got 'C12'"),
        ("RXNCONSO.RRF", conso("12345678", "1", "RXNORM", "IN", "x"), "at most 7 digits, got '12345678'"),
        ("RXNREL.RRF", "x||CUI|RO|1||CUI|a|R||RXNORM||||N||", "line 2: expected RXCUI1 to be a number of .* 'x'"),
        ("RXNREL.RRF", "1||CUI|RO|1||CUI|a|R||RXNORM||||N|", "line 2: expected 16 columns, each closed by `.`, got 15"),
        ("RXNSTY.RRF", "|T109|A|B|AT||", "line 2: expected RXCUI to be a number"),
    ],
)
def test_damage_is_one_line_with_its_place(tmp_path, name, line, message):
    files = release(tmp_path, **{name: [RELEASE[name][0], line]})
    with pytest.raises(InputError, match=message) as caught:
        for file in files.values():
            rows_of(file)
    assert "\n" not in str(caught.value)


def test_truncated_gzip_is_one_line(tmp_path):
    files = release(tmp_path, ".gz")
    path = tmp_path / "RXNREL.RRF.gz"
    path.write_bytes(gzip.compress("".join(line + "\n" for line in RELEASE["RXNREL.RRF"]).encode())[:-10])
    with pytest.raises(InputError, match=r"RXNREL.RRF.gz: the gzip stream ends early"):
        rows_of(files["MRREL.RRF"])
