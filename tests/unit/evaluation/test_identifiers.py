import gzip

import pytest

from bali.errors import ArtefactError, InputError
from bali.evaluation.identifiers import map_identifiers, split_identifiers
from tests.unit.evaluation.fixtures import write_umls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D003924", ["MESH:D003924"]),
        ("MESH:C536778", ["MESH:C536778"]),
        ("C536778", ["MESH:C536778"]),
        ("C000598644", ["MESH:C000598644"]),
        ("C0011860", ["C0011860"]),
        ("UMLS:C0011860", ["C0011860"]),
        ("OMIM:164400", ["OMIM:164400"]),
        (" D006470+D003556 ", ["MESH:D003556", "MESH:D006470"]),
        ("D1|D000001;OMIM:2,-1", ["D1", "MESH:D000001", "OMIM:2"]),
        ("D000001|D000001", ["MESH:D000001"]),
        ("-1", []),
        ("", []),
    ],
)
def test_split(text, expected):
    assert split_identifiers(text) == expected


def test_codes_map_and_retired_cuis(tmp_path):
    umls = write_umls(
        tmp_path,
        codes=[
            ("MSH", "D000001", "C0000001"),
            ("OMIM", "7", "C0000002"),
            ("OMIM", "7", "C0000003"),
            ("SRC", "D000002", "C0000009"),
        ],
        retired=[("C0000003", "C0000004"), ("C0000003", "C0000005"), ("C0000008", "C0000001")],
    )
    table = tmp_path / "map.tsv.gz"
    with gzip.open(table, "wt") as stream:
        stream.write(
            "identifier\tcui\nMESH:D000001\tC0000007\textra\nD000002\tC0000006\nORPHA:5\tC0000002\nORPHA:5\tC0000001\n"
        )
    identifiers = [
        "MESH:D000001",
        "MESH:D000002",
        "OMIM:7",
        "ORPHA:5",
        "C0000008",
        "C1234567",
        "MESH:D999999",
        "nothing",
    ]
    assert map_identifiers(identifiers, umls, table) == {
        "MESH:D000001": {"C0000001"},  # the release wins over the map
        "MESH:D000002": {"C0000006"},
        "OMIM:7": {"C0000002", "C0000004", "C0000005"},
        "ORPHA:5": {"C0000001", "C0000002"},
        "C0000008": {"C0000001"},
        "C1234567": {"C1234567"},
    }
    assert map_identifiers(["ORPHA:5", "nothing"], umls, None) == {}


def test_broken_files_give_one_line(tmp_path):
    umls = write_umls(tmp_path / "umls")
    (tmp_path / "bad.tsv").write_text("MESH:D000001\tC0000001\nMESH:D000002 C0000002\n")
    with pytest.raises(InputError, match="line 2: expected identifier, tab, CUI"):
        map_identifiers(["MESH:D000001"], umls, tmp_path / "bad.tsv")
    whole = gzip.compress(b"MESH:D000001\tC0000001\n" * 99)
    (tmp_path / "cut.tsv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut\.tsv\.gz"):
        map_identifiers(["MESH:D000001"], umls, tmp_path / "cut.tsv.gz")
    (umls / "codes.parquet").write_bytes(b"garbage")
    with pytest.raises(ArtefactError, match="codes"):
        map_identifiers(["MESH:D000001"], umls, None)
