"""PMIDs of evaluation files."""

import gzip
from pathlib import Path

import pytest

from bali.errors import InputError
from bali.pubmed.held_out import pubtator_pmids, question_pmids


def test_pmids_of_pubtator_and_questions(tmp_path: Path) -> None:
    pubtator, questions = tmp_path / "test.txt", tmp_path / "q.json.gz"
    pubtator.write_text("7|t|A\n7|a|B\n\n8|t|C\n8|a|D\n")
    questions.write_bytes(gzip.compress(b'{"21645374": {"QUESTION": "?"}, "5": {}}'))
    assert pubtator_pmids(pubtator) == {7, 8}
    assert question_pmids(questions) == {5, 21645374}


@pytest.mark.parametrize("content", ["[1", "7", '{"a": 1}', '["x"]', "\udcff"])
def test_other_questions_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "q.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="expected"):
        question_pmids(path)


def test_xml_is_no_pubtator(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text("<PubmedArticleSet/>")
    with pytest.raises(InputError, match="PubTator"):
        pubtator_pmids(path)
