import json

import pytest

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.io.files import read_json
from bali.io.json_text import DEEPEST, decode_json, shown


def nested(depth):
    return "[" * depth + "]" * depth


def test_usual_values_are_json():
    value = {"a": [1, "\U0001f9ec é", None, {"b": []}]}
    assert decode_json(json.dumps(value)) == decode_json(b"\xef\xbb\xbf" + json.dumps(value).encode()) == value
    assert decode_json(json.dumps([[]] * 1000)) == [[]] * 1000
    assert decode_json(nested(DEEPEST)) is not None


@pytest.mark.parametrize(
    "text", [nested(DEEPEST + 1), nested(980), nested(100_000), '{"a":' * 5000, '"\\ud800"', '["\\uDC00"]', "9" * 5000]
)
def test_what_cannot_be_shown_or_written_again_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        decode_json(text)


@pytest.mark.parametrize("content", [b'"\xed\xa0\x80"', b"\xff", b"", b"{"])
def test_bytes_are_utf8(content):
    with pytest.raises(ValueError, match=r"."):
        decode_json(content)


def test_a_value_is_shown_however_deep_it_is():
    value = []
    for _ in range(100_000):
        value = [value]
    assert shown(value) == "list"
    assert shown("é" * 100, 9) == "'\\xe9\\xe9..."
    while value:  # one by one: freeing it at once would be as deep
        value = value[0]


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"stage": "s", "tables": [], "notes": {}}',
        '{"stage": "s", "tables": {"t": 3}, "notes": {}}',
        '{"stage": "s", "tables": {"t": {"rows_in": "x", "rows_out": 1, "dropped": {}}}, "notes": {}}',
        '{"stage": "s", "tables": {"t": {"rows_in": 1e999, "rows_out": 1, "dropped": {}}}, "notes": {}}',
        '{"stage": "s", "tables": {}, "notes": 3}',
        nested(5000),
    ],
)
def test_a_damaged_census_is_one_line(tmp_path, content):
    path = tmp_path / "census.json"
    path.write_text(content)
    with pytest.raises(ArtefactError, match=r"census\.json: expected"):
        Census.read(path)


def test_a_folder_is_no_json(tmp_path):
    with pytest.raises(ArtefactError, match="expected JSON"):
        read_json(tmp_path)
