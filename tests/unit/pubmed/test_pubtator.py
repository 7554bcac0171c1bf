"""PubTator: offsets hold, lines that do not are counted or refused."""

from pathlib import Path

import pytest

from bali.errors import InputError
from bali.pubmed.annotations import BYTE_OFFSETS, DUPLICATE, OFFSET_MISMATCH
from bali.pubmed.pubtator import RELATION, Relation, read_pubtator, read_relations
from bali.pubmed.records import NO_ABSTRACT, Annotation

TEXT = "12|t|Fever  in rats.\n12|a|Rats had\u2028 fever \U0001f9ec twice.\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "corpus.pubtator"
    path.write_bytes(text.encode())
    return path


def test_text_is_kept_exactly(tmp_path: Path) -> None:
    (record,) = read_pubtator(write(tmp_path, TEXT))
    assert record.text == "Fever  in rats.\nRats had\u2028 fever \U0001f9ec twice."
    assert [(s.label, s.start, s.end) for s in record.sections] == [("TITLE", 0, 15), ("ABSTRACT", 16, 40)]


def test_annotations_are_checked_and_sorted(tmp_path: Path) -> None:
    lines = [
        "12\t26\t31\tfever\tDisease\tMESH:D005334",
        "12\t0\t5\tFever\tDisease\tD005334|D1",
        "12\t0\t5\tFever\tDisease\tD005334|D1",
        "12\t0\t6\tFever\tDisease\tD005334",
        "12\t34\t39\ttwice\tNumber",
        "12\t7\t7\t\tNothing\tD1",
    ]
    (record,) = read_pubtator(write(tmp_path, TEXT + "\n".join(lines)))
    assert record.annotations == [
        Annotation(0, 5, "Fever", "D005334|D1", "Disease"),
        Annotation(26, 31, "fever", "MESH:D005334", "Disease"),
        Annotation(34, 39, "twice", "", "Number"),
    ]
    assert sorted(record.dropped_annotations) == sorted([DUPLICATE, OFFSET_MISMATCH, OFFSET_MISMATCH])
    assert record.num_annotations == 6


def test_relations_are_noted(tmp_path: Path) -> None:
    (record,) = read_pubtator(write(tmp_path, TEXT + "12\tCID\tD1\tD2\n12\tAssociation\tD1\tD2\tNovel\n"))
    assert list(record.notes) == [RELATION, RELATION]


def test_relations_are_read(tmp_path: Path) -> None:
    lines = "12\tCID\tD1\tD2 \n12\t0\t5\tFever\tDisease\tD3\n12\tAssociation\tD1|D4\tD2\tNovel\n12\tCID\tD1\n"
    assert list(read_relations(write(tmp_path, TEXT + lines + "\n13\tCID\tD5\tD6"))) == [
        Relation(12, "CID", "D1", "D2"),
        Relation(12, "Association", "D1|D4", "D2"),
        Relation(12, "CID", "D1", ""),
        Relation(13, "CID", "D5", "D6"),
    ]
    with pytest.raises(InputError, match="line 3"):
        list(read_relations(write(tmp_path, TEXT + "no line of PubTator\n")))


def test_documents_are_told_apart_by_blank_line_or_pmid(tmp_path: Path) -> None:
    text = "\ufeff1|t|A\r\n1|a|B\r\n\r\n\r\n1|t|C\n1|a|D\n2|t|E\n2|a|\n\n3|t|F"
    records = list(read_pubtator(write(tmp_path, text)))
    assert [(r.position, r.pmid, r.text.strip()) for r in records] == [
        (0, 1, "A\nB"),
        (1, 1, "C\nD"),
        (2, 2, "E"),
        (3, 3, "F"),
    ]
    assert [r.drop_reason for r in records] == [None, None, NO_ABSTRACT, NO_ABSTRACT]


def test_what_pubtator_central_writes(tmp_path: Path) -> None:
    """Identifiers hold marks of all kinds; some are missing or "-"; a title may hold "|"; an abstract may be empty."""
    text = (
        "31|t|BRAF V600E | melanoma in mice\n31|a|Also p.V600E.\n"
        "31\t0\t4\tBRAF\tGene\t673\n"
        "31\t5\t10\tV600E\tProteinMutation\ttmVar:p|SUB|V|600|E;HGVS:p.V600E;VariantGroup:0;RS#:113488022\n"
        "31\t13\t21\tmelanoma\tDisease\tMESH:D008545\n"
        "31\t25\t29\tmice\tSpecies\t10090\n"
        "31\t35\t42\tp.V600E\tMutation\t-\n\n"
        "32|t|No text\n32|a|\n32\t0\t2\tNo\tDisease\n"
    )
    first, second = read_pubtator(write(tmp_path, text))
    assert [(a.surface, a.identifier[:8]) for a in first.annotations] == [
        ("BRAF", "673"),
        ("V600E", "tmVar:p|"),
        ("melanoma", "MESH:D00"),
        ("mice", "10090"),
        ("p.V600E", "-"),
    ]
    assert not first.dropped_annotations
    assert (second.drop_reason, second.annotations[0].identifier) == (NO_ABSTRACT, "")


def test_offsets_in_bytes_are_told_apart(tmp_path: Path) -> None:
    (record,) = read_pubtator(write(tmp_path, "1|t|\u03b2 fever\n1|a|x\n1\t3\t8\tfever\tDisease\tD1\n"))
    assert list(record.dropped_annotations) == [BYTE_OFFSETS]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1|t|A\n1|a|B\nnonsense\n", 3),
        ("1|t|A\n1|t|B\n", 2),
        ("1|a|B\n", 1),
        ("1|t|A\n1|x|B\n", 2),
        ("1|t|A\n1\t0\n", 2),
        ("1|t|A\n1\t0\tx\ty\tz\n", 2),
        ("99999999999999999999|t|A\n", 1),
    ],
)
def test_wrong_lines_are_refused(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(InputError, match=f"line {line}: expected") as caught:
        list(read_pubtator(write(tmp_path, text)))
    assert "\n" not in str(caught.value)


def test_invalid_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"1|t|A\n1|a|\xff\n")
    with pytest.raises(InputError, match="line 2: expected UTF-8"):
        list(read_pubtator(path))
