"""What is cut out of PubMed XML before it is parsed, and what never is."""

import io

import pytest

from bali.pubmed.xml_blocks import record_blocks

HEAD = b'<?xml version="1.0"?>\n<!DOCTYPE PubmedArticleSet>\n<PubmedArticleSet>\n'
TAIL = b"<DeleteCitation><PMID>7</PMID></DeleteCitation></PubmedArticleSet>"


def record(number: int, inside: bytes = b"") -> bytes:
    return (
        b"<PubmedArticle><PMID>%d</PMID><AuthorList CompleteYN='Y'>\n<Author/>\n</AuthorList>%s"
        b"<PubmedData>\n<ReferenceList><PMID>9</PMID></ReferenceList></PubmedData></PubmedArticle>\n" % (number, inside)
    )


def cut(content: bytes) -> bytes:
    return b"".join(record_blocks(io.BytesIO(content)))


def test_unread_parts_go_and_lines_stay() -> None:
    content = HEAD + b"".join(record(number) for number in range(4000)) + TAIL
    assert len(content) > 4 << 17  # several blocks
    left = cut(content)
    assert left.startswith(HEAD)
    assert left.endswith(TAIL)
    assert left.count(b"<PMID>") == 4001
    assert left.count(b"\n") == content.count(b"\n")
    assert not any(part in left for part in (b"PubmedData", b"AuthorList", b"Reference"))


@pytest.mark.parametrize("mark", [b"<!-- </PubmedData> -->", b"<![CDATA[<PubmedData>]]>", b"<?p <AuthorList ?>"])
def test_blocks_with_comments_and_their_like_stay(mark: bytes) -> None:
    content = HEAD + record(1, mark) + TAIL
    assert cut(content) == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HEAD,
        b"<MedlineCitationSet><AuthorList CompleteYN='Y'></AuthorList></MedlineCitationSet>",
        HEAD + b"<PubmedArticle><PubmedData>cut",
        HEAD + b"<PubmedArticle><PubmedData><PubmedData></PubmedData></PubmedData></PubmedArticle>",
        HEAD + b"<PubmedArticle><AuthorList CompleteYN='Y'/></PubmedArticle>",
        b"\x00\xff" * (1 << 17),
    ],
)
def test_what_has_no_whole_part_stays(content: bytes) -> None:
    assert cut(content) == content


def test_exclamations_and_questions_of_the_text_do_not_stop_the_cutting() -> None:
    assert b"PubmedData" not in cut(HEAD + record(1, b"<T>Why? Now!</T>") + TAIL)
