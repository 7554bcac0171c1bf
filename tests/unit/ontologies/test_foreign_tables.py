import gzip

import pytest

from bali.errors import InputError
from bali.ontologies.columns import Wanted
from bali.ontologies.delimited import read_delimited
from bali.ontologies.foreign_tables import read_table
from bali.rrf.source import Piece, RrfFile

WANTED = Wanted(("id", "name"), ("xref",), {"cui": "id"})


def read(path, wanted=WANTED, columns=None):
    file = RrfFile(path.name.removesuffix(".gz"), (Piece(path),))
    return [row for block in read_table(file, wanted, columns) for row in block.rows.iter_rows()]


def write(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tsv", b'xref\tname\tid\nx|y\tNA\ta\n\t"null\tb\n'),
        ("a.tsv", b'\xef\xbb\xbfxref:string[]\tNAME\tid:ID\r\nx|y\tNA\ta\r\n\t"null\tb'),
        ("a.tsv.gz", gzip.compress(b'other\tname\txref\tcui\n1\tNA\tx|y\ta\n2\t"null\t\tb\n', mtime=0)),
        ("a.csv", b'"id","name","xref"\r\n"a","NA","x|y"\r\nb,"""null",\r\n'),
        ("a.jsonl", b'{"id": "a", "name": "NA", "xref": ["x", "y"]}\n{"name": "\\"null", "id": "b", "xref": null}\n'),
        ("a.RRF", b'#id|name|xref|\na|NA|x/y|\nb|"null||\n'),
    ],
)
def test_columns_are_found_by_name(tmp_path, name, data):
    expected = [("a", "NA", "x/y" if name == "a.RRF" else "x|y"), ("b", '"null', "")]
    assert read(write(tmp_path, name, data)) == expected


def test_blocks_of_any_size_give_the_same_rows(tmp_path):
    lines = [f"{number}\tname {number} β\n" for number in range(200)]
    path = write(tmp_path, "a.tsv", ("id\tname\n" + "".join(lines)).encode())
    file = RrfFile("a.tsv", (Piece(path),))
    whole = [row for block in read_delimited(file, "\t", WANTED) for row in block.rows.iter_rows()]
    blocks = list(read_delimited(file, "\t", WANTED, block_bytes=64))
    assert len(whole) == 200
    assert len(blocks) > 10
    assert [row for block in blocks for row in block.rows.iter_rows()] == whole
    assert [(block.first_line, block.rows["id"][0]) for block in blocks[1:3]] == [
        (int(block.rows["id"][0]) + 2, block.rows["id"][0]) for block in blocks[1:3]
    ]


def test_carriage_returns_inside_a_line_are_white_space(tmp_path):
    assert read(write(tmp_path, "a.RRF", b"#id|name|\na|first\rsecond|\n")) == [("a", "first second", "")]


def test_lines_inside_quotes_belong_to_the_value(tmp_path):
    assert read(write(tmp_path, "a.csv", b'id,name\na,"first\nsecond"\n')) == [("a", "first\nsecond", "")]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.tsv", b"", "expected a header"),
        ("a.tsv", b"id\tlabel\na\tb\n", r"line 1: .* id, name; name not found among id, label"),
        ("a.tsv", b"id\tname\tid\n", "line 1: expected each column once, found id twice"),
        ("a.tsv", b"id\tname\na\tb\nc\n", "line 3: expected 2 columns, got 1"),
        ("a.tsv", b"id\tname\na\tb\tc\n", "line 2: expected 2 columns, got 3"),
        ("a.RRF", b"#id|name|\na|b|\nc|d\n", "line 3: expected 2 columns, each closed by `.`, got 2"),
        ("a.RRF", b"#id|name|\na|b|c\n", "line 2: expected 2 columns, each closed by `.`, got 3"),
        ("a.tsv", b"id\tname\na\tb\n\xff\tb\n", "line 3: expected UTF-8, got the byte 0xff"),
        ("a.tsv", b"id\tn\xffame\n", "line 1: expected UTF-8"),
        ("a.tsv.gz", gzip.compress(b"id\tname\na\tb\n" * 99, mtime=0)[:-9], "gzip stream ends early"),
        ("a.csv", b"id,name\na\n", "line 2: expected 2 columns, got 1"),
        ("a.csv", b'id,name\na,"b\n', "line 2: expected comma-separated values"),
        ("a.csv", b"id,name\na,b\xff\n", "expected UTF-8"),
        ("a.csv", b"", "expected a header"),
        ("a.jsonl", b'{"id": "a", "name": "b"}\n{"id"\n', "line 2: expected a JSON object, got"),
        ("a.jsonl", b'{"id": "a"}\n', "line 1: expected a JSON object with the key name"),
        ("a.jsonl", b"[1]\n", "line 1: expected a JSON object with the key id"),
        ("a.jsonl", b"\xff\n", "line 1: expected a JSON object"),
    ],
)
def test_damage_is_one_line_with_its_place(tmp_path, name, data, message):
    with pytest.raises(InputError, match=message) as caught:
        read(write(tmp_path, name, data))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
