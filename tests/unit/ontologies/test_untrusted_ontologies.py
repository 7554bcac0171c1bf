"""Ontologies and tables made to fill memory, to run for ever or to crash what reads them."""

import json
import time
import zipfile

import pytest

from bali.errors import InputError
from bali.io import unpacking
from bali.ontologies import text_files
from bali.ontologies.formats import transcribe
from bali.ontologies.obo import read_obo
from bali.ontologies.obographs import read_obographs
from bali.ontologies.text_files import read_bytes, read_lines
from tests.unit.ontologies.test_rxnorm import conso, release
from tests.unit.ontologies.transcripts import rows_of, write


def test_brackets_without_end_take_no_time(tmp_path):
    path = tmp_path / "a.obo"
    path.write_text(
        f'format-version: 1.2\n\n[Term]\nid: A:1\ndef: "x" {"[" * 200_000}\nsynonym: "y" {"[a" * 100_000}\n'
    )
    start = time.perf_counter()
    (term,) = read_obo(path)
    assert time.perf_counter() - start < 1
    assert (term.definition, term.synonyms[0].text) == ("x", "y")


@pytest.mark.parametrize("rxaui", ["2147483647", "-5", "-99999999", "99999999999", "x", "٣"])
def test_atoms_of_any_number_take_no_memory(tmp_path, rxaui):
    rows = [conso("1191", "12345", "RXNORM", "IN", "aspirin"), conso("7", rxaui, "RXNORM", "IN", "x")]
    relations = ["|12345|AUI|SY||12345|AUI||||RXNORM||||N||", f"|12345|AUI|SY||{rxaui}|AUI||||RXNORM||||N||"]
    files = release(tmp_path, **{"RXNCONSO.RRF": rows, "RXNREL.RRF": relations})
    found = rows_of(files["MRREL.RRF"], "CUI1", "CUI2")
    assert found[0] == ("C0004057", "C0004057")
    assert len(found) == 1


@pytest.mark.parametrize("value", ['"\\ud800"', "[" * 950 + "]" * 950, "[" * 5000, '"x"', "9" * 5000])
def test_odd_values_of_json_lines_are_refused(tmp_path, value):
    write(tmp_path / "nodes.jsonl", ['{"id": "UMLS:C0000001", "name": "a"}', f'{{"id": "x", "name": {value}'])
    write(tmp_path / "edges.jsonl", ['{"subject": "a", "predicate": "b", "object": "c"}'])
    with pytest.raises(InputError, match="line 2: expected a JSON object"):
        rows_of(transcribe([tmp_path])["MRCONSO.RRF"])


@pytest.mark.parametrize(
    "document",
    [
        {"graphs": [{"nodes": 3}]},
        {"graphs": [3]},
        {"graphs": 3},
        {"graphs": [{"nodes": [{"id": 3, "type": "CLASS"}]}]},
        {"graphs": [{"nodes": [{"id": "a", "type": "CLASS", "lbl": 3}]}]},
        {"graphs": [{"nodes": [{"id": "a", "type": "CLASS", "meta": []}]}]},
        {"graphs": [{"nodes": [{"id": "a", "type": "CLASS", "meta": {"synonyms": [{"pred": "x", "val": 1}]}}]}]},
        {"graphs": [{"nodes": [{"id": "a"}], "edges": [{}]}]},
        {"graphs": [{"nodes": [{"id": "a"}], "edges": [{"sub": [], "pred": "is_a", "obj": "b"}]}]},
    ],
)
def test_obographs_of_another_form_are_refused(tmp_path, document):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="expected obographs JSON"):
        list(read_obographs(path))


def test_deep_obographs_are_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match="expected JSON"):
        list(read_obographs(path))


def test_bombs_and_lines_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1 << 20)
    monkeypatch.setattr(text_files, "_LONGEST_LINE", 1 << 10)
    write(tmp_path / "a.obo.gz", [" " * 100] * 100_000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(1 << 24))
    for name in ("a.obo.gz", "a.zip"):
        with pytest.raises(InputError, match="expected at most 200 bytes for each packed one"):
            read_bytes(tmp_path / name)
    (tmp_path / "a.obo").write_text("x\n" + "y" * 2000)
    with pytest.raises(InputError, match="line 2: expected at most 1024 bytes"):
        list(read_lines(tmp_path / "a.obo"))


def test_an_encrypted_zip_is_one_line(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"x" * 100)
    data = bytearray(path.read_bytes())
    for header, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + place] |= 1  # the flag of encryption
    path.write_bytes(data)
    with pytest.raises(InputError, match="cannot be read"):
        read_bytes(path)
