"""JSON objects in a stream: the layouts that are read, damage that is refused in one line."""

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

from bali.errors import InputError
from bali.pubmed import json_stream
from bali.pubmed.json_stream import read_objects

ONE, TWO = {"id": 1, "text": 'a "b" {c} \\ \n β\U0001f9ec'}, {"id": 2, "n": [1, {"x": None}], "f": -1.5e3, "t": True}


def read(path: Path, content: str | bytes) -> list[dict[str, object]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [value for _, value in read_objects(path)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "corpus.json"


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize(
    "layout",
    [
        "{0}\n{1}\n",
        "{0}\r\n\r\n{1}",
        "{0}{1}",
        "[{0}, {1}]",
        "[{0}]\n[{1}]",
        '{{"source": "x", "infons": {{"documents": [1]}}, "documents": [{0}, {1}], "date": ""}}',
        '{{"PubTator3": [{0},{1}]}}',
        '{{"documents": [{0}]}}\n{{"documents": [], "key": 1}}\n{{"documents": [{1}]}}',
    ],
)
def test_layouts(path: Path, layout: str, ascii_only: bool, indent: int | None) -> None:
    texts = [json.dumps(value, ensure_ascii=ascii_only, indent=indent) for value in (ONE, TWO)]
    content = layout.format(*texts)
    assert read(path, content) == [ONE, TWO]
    assert read(path, b"\xef\xbb\xbf" + content.encode()) == [ONE, TWO]
    assert read(path, gzip.compress(content.encode())) == [ONE, TWO]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_windows_of_any_size_read_the_same(path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (
        '{"a": "\\ud83e\\uddec \\u03b2", "documents": [' + json.dumps(ONE, ensure_ascii=False) + ', {"n": 12345}]}'
    )
    whole = read(path, content)
    assert whole == [ONE, {"n": 12345}]
    monkeypatch.setattr(json_stream, "_FIRST_BYTES", size)
    assert read(path, content) == whole
    assert [line for line, _ in read_objects(path)] == [1, 1]


def test_lines_are_those_where_the_object_begins(path: Path) -> None:
    path.write_text('\n{"a":\n1}\n\n{"b": 2}\n[\n{"c": 3}]')
    assert [line for line, _ in read_objects(path)] == [2, 5, 7]


def test_bare_words_and_control_characters_are_taken(path: Path) -> None:
    (value,) = read(path, '{"prob": NaN, "top": -Infinity, "text": "a\tb\x01c\\u0000"}')
    assert value["text"] == "a\tb\x01c\x00"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1', "line 1: expected '}'|line 1: expected ','"),
        ('{"a": "no end', "line 1: expected JSON, got Unterminated string"),
        ('{"a": 1}\n{"b": tru}', "line 2: expected JSON"),
        ('{"a": 1}\n{"b" 2}', "line 2: expected ':', got 2"),
        ('{"a": 1 "b": 2}', "expected ','"),
        ("{1: 2}", "expected a key in quotes, got 1"),
        ('{"a": 1}\nrest', "line 2: expected a JSON object or an array of them, got r"),
        ("[1, 2]", "line 1: expected a JSON object, got 1"),
        ('{"documents": ["a"]}', "expected a JSON object, got 'a'"),
        ('[{"a": 1},', "expected JSON"),
        ('{"a": ' + "[" * 100_000, "expected JSON"),
        ('{"a": ' + "9" * 5000 + "}", "expected JSON"),
        (b'{"a": "\xff"}', "expected UTF-8"),
        (b'{"a": "\xce', "expected UTF-8"),
        (gzip.compress(b'{"a": "' + bytes(range(35, 90)) * 50 + b'"}', mtime=0)[:-12], "complete gzip"),
        (json.dumps({"a": 1}).encode("utf-16"), "expected"),
    ],
)
def test_damage_is_one_line(path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(path, content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_document_beyond_the_limit_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "LONGEST_RECORD", 1 << 17)
    assert len(read(path, json.dumps({"a": "x" * 100_000}))) == 1
    with pytest.raises(InputError, match="line 2: expected documents of at most"):
        read(path, '{"a": 1}\n' + json.dumps({"a": "x" * 1_000_000}))


def test_damage_at_the_start_is_told_without_reading_on(path: Path) -> None:
    path.write_text('{"a": nul}' + " " * (32 << 20))
    tracemalloc.start()
    with pytest.raises(InputError, match="line 1"):
        list(read_objects(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_memory_does_not_grow_with_one_long_line(path: Path) -> None:
    with path.open("w") as file:
        file.write('{"documents": [')
        for number in range(20_000):
            file.write(f'{"," if number else ""}{{"id": {number}, "text": "{"word " * 200}"}}')
        file.write("]}")
    assert path.stat().st_size > 20e6
    tracemalloc.start()
    assert sum(1 for _ in read_objects(path)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
