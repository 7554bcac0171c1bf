"""BioC JSON as PubTator 3, PMC and older corpora write it."""

import json
from pathlib import Path
from typing import Any

import pytest

from bali.errors import InputError
from bali.pubmed.annotations import BYTE_OFFSETS, OFFSET_MISMATCH, OUTSIDE, SEVERAL_SPANS
from bali.pubmed.bioc_json import IN_REFERENCE, OF_DOCUMENT, REFERENCE, RELATION, read_bioc_json
from bali.pubmed.records import NO_ABSTRACT, Annotation, Citation


def passage(kind: str, offset: int, text: str, *annotations: dict[str, Any], **infons: Any) -> dict[str, Any]:
    return {
        "infons": {"type": kind, **infons},
        "offset": offset,
        "text": text,
        "sentences": [],
        "annotations": list(annotations),
        "relations": [],
    }


def annotation(offset: int, length: int, text: str, **infons: Any) -> dict[str, Any]:
    infons = {"identifier": "MESH:D005334", "type": "Disease", "valid": True, "normalized": ["D005334"], **infons}
    return {"id": "4", "infons": infons, "text": text, "locations": [{"offset": offset, "length": length}]}


def read(tmp_path: Path, value: Any) -> list[Citation]:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(value))
    return list(read_bioc_json(path))


ARTICLE = {
    "_id": "22663011|None",
    "id": "22663011",
    "infons": {},
    "passages": [
        passage("title", 0, "Fever \u03b2.", annotation(0, 5, "Fever")),
        passage("abstract", 9, "Rats \U0001f9ec had fever.", annotation(20, 5, "fever", identifier=None)),
    ],
    "relations": [{"id": "R1"}, {"id": "R2"}],
    "pmid": 22663011,
    "pmcid": None,
}


@pytest.mark.parametrize(
    "wrap", [lambda d: d, lambda d: [d], lambda d: {"PubTator3": [d]}, lambda d: {"documents": [d]}]
)
def test_an_abstract_of_pubtator(tmp_path: Path, wrap: Any) -> None:
    (record,) = read(tmp_path, wrap(ARTICLE))
    assert (record.pmid, record.external_id, record.title) == (22663011, "", "Fever \u03b2.")
    assert record.text == "Fever \u03b2.\nRats \U0001f9ec had fever."
    assert [(s.label, s.start) for s in record.sections] == [("TITLE", 0), ("ABSTRACT", 9)]
    assert record.annotations == [
        Annotation(0, 5, "Fever", "MESH:D005334", "Disease"),
        Annotation(20, 25, "fever", "", "Disease"),
    ]
    assert list(record.notes) == [RELATION, RELATION]


def test_a_full_text_of_pmc_with_gaps_between_passages(tmp_path: Path) -> None:
    document = {
        "id": "7696669",
        "passages": [
            passage("front", 0, "A title", section_type="TITLE", **{"article-id_pmc": "7696669"}),
            passage("abstract", 100, "Fever.", annotation(100, 5, "Fever"), section_type="ABSTRACT"),
            passage("paragraph", 300, " ", section_type="INTRO"),
            passage("paragraph", 500, "More fever.", annotation(505, 5, "fever"), section_type="INTRO"),
            passage("ref", 900, "Fever in rats", annotation(900, 5, "Fever"), section_type="REF"),
        ],
    }
    (record,) = read(tmp_path, document)
    assert record.external_id == "PMC7696669"
    assert [(s.label, record.text[s.start : s.end]) for s in record.sections] == [
        ("TITLE", "A title"),
        ("ABSTRACT", "Fever."),
        ("INTRO", "More fever."),
    ]
    assert [(a.start, record.text[a.start : a.end]) for a in record.annotations] == [(8, "Fever"), (20, "fever")]
    assert list(record.dropped_annotations) == [IN_REFERENCE]
    assert list(record.notes) == [REFERENCE]
    document["passages"][0]["infons"]["article-id_pmid"] = "33228011"
    assert read(tmp_path, document)[0].pmid == 33228011


def test_annotations_that_do_not_hold_are_counted_not_moved(tmp_path: Path) -> None:
    several = annotation(0, 1, "β") | {"locations": [{"offset": 10, "length": 1}, {"offset": 14, "length": 2}]}
    nowhere = annotation(0, 1, "β") | {"locations": []}
    text = "β-fever and fever"
    given = [annotation(13, 5, "fever"), annotation(11, 5, "fever"), annotation(12, 5, "fever"), several, nowhere]
    (record,) = read(
        tmp_path,
        {"id": "1", "passages": [passage("abstract", 10, text, *given)], "annotations": [annotation(10, 1, "β")]},
    )
    assert [a.start for a in record.annotations] == [3]
    assert record.text == "\n" + text
    reasons = [OF_DOCUMENT, BYTE_OFFSETS, OFFSET_MISMATCH, SEVERAL_SPANS, OUTSIDE]
    assert sorted(record.dropped_annotations) == sorted(reasons)
    assert record.num_annotations == 6


def test_sentences_within_passages_and_old_infons(tmp_path: Path) -> None:
    sentences = [
        {"offset": 10, "text": "One.", "annotations": []},
        {"offset": 16, "text": "Fever.", "annotations": [annotation(16, 5, "Fever") | {"infons": {"MESH": "D005334"}}]},
    ]
    value = {"id": "1", "passages": [{"offset": 10, "infons": {"type": "abstract"}, "sentences": sentences}]}
    (record,) = read(tmp_path, value)
    assert record.text == "\nOne.  Fever."
    assert [(a.surface, a.identifier) for a in record.annotations] == [("Fever", "MESH:D005334")]


def test_a_title_alone_is_no_document(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        [
            {"id": "1", "passages": [passage("title", 0, "T"), passage("abstract", 2, "", annotation(2, 1, "x"))]},
            {"id": "2", "passages": []},
        ],
    )
    assert [record.drop_reason for record in records] == [NO_ABSTRACT, NO_ABSTRACT]
    assert list(records[0].dropped_annotations) == [OUTSIDE]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"pmid": 1, "text": "x"}, "expected a BioC document with the key passages"),
        ({"passages": []}, "expected an identifier"),
        ({"id": "1", "passages": {}}, "a list of objects as 'passages'"),
        ({"id": "1", "passages": ["x"]}, "a list of objects as 'passages'"),
        ({"id": "1", "passages": [{"text": "x"}]}, "a whole number as 'offset', got None"),
        ({"id": "1", "passages": [passage("title", 0, "x") | {"infons": "y"}]}, "an object as 'infons'"),
        (
            {"id": "1", "passages": [passage("title", 0, "x", annotation(0, 1, "x") | {"locations": [{"offset": 0}]})]},
            "a whole number as 'length'",
        ),
    ],
)
def test_wrong_documents_are_one_line(tmp_path: Path, document: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"line 1: .*{message}") as caught:
        read(tmp_path, document)
    assert "\n" not in str(caught.value)
