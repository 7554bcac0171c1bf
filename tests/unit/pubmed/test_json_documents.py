"""Documents in JSON: fields, offsets of both kinds of annotations, refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from bali.errors import InputError
from bali.pubmed.annotations import OFFSET_MISMATCH, OUTSIDE, SEVERAL_SPANS
from bali.pubmed.json_documents import WITHOUT_ID, read_json_documents
from bali.pubmed.json_fields import SURROGATE
from bali.pubmed.records import FIRST_HASHED_PMID, NO_ABSTRACT, Annotation, Citation


def read(tmp_path: Path, *documents: dict[str, Any]) -> list[Citation]:
    path = tmp_path / "notes.jsonl"
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return list(read_json_documents(path))


def parts(citation: Citation) -> list[tuple[str, str]]:
    return [(s.label, citation.text[s.start : s.end]) for s in citation.sections]


def test_title_and_abstract(tmp_path: Path) -> None:
    (record,) = read(
        tmp_path,
        {
            "pmid": "12",
            "title": "Fever.",
            "abstract": "It  burns.",
            "year": "2001",
            "mesh_headings": ["D005334"],
            "annotations": [{"start": 11, "end": 16, "surface": "burns", "type": "T184", "identifier": "C1|C2"}],
        },
    )
    assert (record.pmid, record.external_id, record.year, record.mesh_headings) == (12, "", 2001, ["D005334"])
    assert record.text == "Fever.\nIt  burns."
    assert record.annotations == [Annotation(11, 16, "burns", "C1|C2", "T184")]


def test_structured_abstract(tmp_path: Path) -> None:
    abstract = [{"label": "METHODS", "text": "Rats."}, {"text": "Fine."}, {"label": "NONE", "text": " "}]
    (record,) = read(tmp_path, {"pmid": 1, "title": "T", "abstract": abstract})
    assert parts(record) == [("TITLE", "T"), ("METHODS", "Rats."), ("ABSTRACT", "Fine.")]


@pytest.mark.parametrize(
    ("title", "text", "expected", "shift"),
    [
        (None, "Fever burns.", [("TITLE", ""), ("ABSTRACT", "Fever burns.")], 1),
        ("Fever", "Fever\nburns.", [("TITLE", "Fever"), ("ABSTRACT", "burns.")], 0),
        ("Fever", "Fever burns.", [("TITLE", "Fever"), ("ABSTRACT", "Fever burns.")], 6),
        ("Other", "Fever burns.", [("TITLE", "Other"), ("ABSTRACT", "Fever burns.")], 6),
        ("Fev", "Fever burns.", [("TITLE", "Fev"), ("ABSTRACT", "Fever burns.")], 4),
    ],
)
def test_offsets_count_in_the_given_text(
    tmp_path: Path, title: str | None, text: str, expected: list[tuple[str, str]], shift: int
) -> None:
    annotations = [
        {"start": 6, "end": 11, "text": "burns"},
        {"start": 0, "end": 5},
        {"start": 1, "end": 6, "text": "x"},
    ]
    (record,) = read(tmp_path, {"id": 7, "title": title, "text": text, "annotations": annotations})
    assert parts(record) == expected
    assert [(a.start - shift, a.surface) for a in record.annotations] == [(0, "Fever"), (6, "burns")]
    assert all(record.text[a.start : a.end] == a.surface for a in record.annotations)
    assert record.dropped_annotations == [OFFSET_MISMATCH]


def test_what_bern2_writes(tmp_path: Path) -> None:
    text = "Autophagy maintains tumour β growth. ATG7 \U0001f9ec loss."
    annotations = [
        {"id": ["NCBIGene:10533"], "mention": "ATG7", "obj": "gene", "prob": float("nan"),
         "is_neural_normalized": False, "span": {"begin": 37, "end": 41}},
        {"id": ["mesh:D009369", "OMIM:114500"], "mention": "tumour", "obj": "disease",
         "span": {"begin": 20, "end": 26}},
        {"id": ["CUI-less"], "mention": "growth", "obj": "disease", "span": {"begin": 29, "end": 35}},
        {"id": ["mesh:D1"], "mention": "loss", "obj": "disease", "span": {"begin": 43, "end": 47}},
        {"id": [], "mention": "x", "obj": "drug", "span": [{"begin": 0, "end": 1}, {"begin": 2, "end": 3}]},
        {"id": ["mesh:D1"], "mention": "x", "obj": "drug", "span": {"begin": 60, "end": 61}},
    ]  # fmt: skip
    (record,) = read(tmp_path, {"annotations": annotations, "pmid": "33", "text": text, "timestamp": "Wed Nov 25"})
    assert [(a.surface, a.identifier, a.type) for a in record.annotations] == [
        ("tumour", "mesh:D009369|OMIM:114500", "disease"),
        ("growth", "CUI-less", "disease"),
        ("ATG7", "NCBIGene:10533", "gene"),
    ]
    assert sorted(record.dropped_annotations) == sorted([OFFSET_MISMATCH, SEVERAL_SPANS, OUTSIDE])
    assert record.num_annotations == 6


def test_identifiers_that_are_no_numbers(tmp_path: Path) -> None:
    first, again, other, nameless, huge = read(
        tmp_path,
        {"id": "note-7", "text": "A."},
        {"_id": "note-7", "text": "B."},
        {"document_id": "note-8", "text": "C."},
        {"text": "D."},
        {"id": 10**30, "text": "E."},
    )
    assert first.pmid == again.pmid != other.pmid
    assert first.pmid == 291_609_957_885_426_088  # the same in every run
    assert all(FIRST_HASHED_PMID <= r.pmid < 10 * FIRST_HASHED_PMID for r in (first, other, nameless, huge))
    assert [r.external_id for r in (first, other, nameless, huge)] == ["note-7", "note-8", "notes.jsonl#3", str(10**30)]
    assert list(nameless.notes) == [WITHOUT_ID]


def test_without_text_it_is_no_document(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        {"pmid": 1, "title": "T", "abstract": None},
        {"pmid": 2, "title": "T", "text": "T"},
        {"pmid": 3, "text": ""},
        {"pmid": 4, "abstract": " \n"},
        {"pmid": 5, "title": "T", "text": "T\n"},
    )
    assert [record.drop_reason for record in records] == [NO_ABSTRACT] * 5


def test_half_surrogates_are_replaced_and_counted(tmp_path: Path) -> None:
    annotations = [{"start": 0, "end": 2, "surface": "a\ud800"}]
    (record,) = read(tmp_path, {"pmid": 1, "text": "a\ud800b \U0001f9ec", "annotations": annotations})
    assert record.text == "\na\ufffdb \U0001f9ec"
    assert [a.surface for a in record.annotations] == ["a\ufffd"]
    assert list(record.notes) == [SURROGATE, SURROGATE]


@pytest.mark.parametrize("end", list(".?!]"))
def test_a_title_that_ends_is_told_from_the_text_after_it(tmp_path: Path, end: str) -> None:
    (record,) = read(tmp_path, {"id": 7, "title": f"Fever{end}", "text": f"Fever{end} It burns."})
    assert parts(record) == [("TITLE", f"Fever{end}"), ("ABSTRACT", "It burns.")]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"pmid": 1}, "one of the keys title, abstract, text"),
        ({"id": "1", "passages": []}, "set corpus.format to bioc_json"),
        ({"pmid": 1, "text": 5.5}, "a string as 'text', got 5.5"),
        ({"pmid": 1, "text": ["a"]}, "a string as 'text'"),
        ({"pmid": True, "text": "a"}, "a string as 'pmid', got True"),
        ({"pmid": 1, "text": "a", "annotations": {"x": 1}}, "a list of objects as 'annotations'"),
        ({"pmid": 1, "text": "a", "annotations": [{"start": 0}]}, "a whole number as 'end', got None"),
        ({"pmid": 1, "text": "a", "annotations": [{"start": 0.5, "end": 1}]}, "a whole number as 'start'"),
        ({"pmid": 1, "text": "a", "annotations": [{"span": 3}]}, "an object as 'span'"),
        ({"pmid": 1, "text": "a", "year": 20011}, "a year of four digits"),
        ({"pmid": 1, "text": "a", "mesh_headings": "D1"}, "a list of strings"),
        ({"pmid": 1, "text": {"\ud800": "\n" * 200}}, "a string as 'text'"),
    ],
)
def test_wrong_fields_are_refused_with_their_line(tmp_path: Path, document: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"notes.jsonl line 2: expected .*{message}") as caught:
        read(tmp_path, {"pmid": 9, "text": "ok"}, document)
    str(caught.value).encode()
    assert "\n" not in str(caught.value)
