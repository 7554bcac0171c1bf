import gzip

import pytest

from bali.errors import InputError
from bali.tasks.examples import LabelledText
from bali.tasks.gad import TASK, read
from bali.tasks.options import SplitFiles
from tests.unit.tasks.files import DATA, num_examples, parts, path, refused


def test_files_with_and_without_a_header():
    splits = read(parts(train="gad_train.tsv", test="gad_test.tsv"))
    assert splits.train == [
        LabelledText("gad_train.tsv:1", "@GENE$ causes @DISEASE$.", None, "1"),
        LabelledText("gad_train.tsv:2", 'No "link of @GENE$ and @DISEASE$.', None, "0"),
    ]
    assert [(example.example_id, example.label) for example in splits.test] == [
        ("gad_test.tsv:2", "1"),
        ("gad_test.tsv:3", "0"),
        ("gad_test.tsv:4", "0"),
    ]
    assert splits.test[0].first == "@GENE$ may cause @DISEASE$."
    assert num_examples(splits) + sum(splits.left_out.values()) == 2 + 3


def test_gzip_changes_nothing_but_the_name(tmp_path):
    (tmp_path / "gad_test.tsv.gz").write_bytes(gzip.compress((DATA / "gad_test.tsv").read_bytes()))
    plain, zipped = read(parts(test="gad_test.tsv")), read(SplitFiles(test=[str(tmp_path / "gad_test.tsv.gz")]))
    assert plain.test == zipped.test
    assert plain.test


def test_linkbert_rows(tmp_path):
    (tmp_path / "test.json").write_text('{"id": "3", "sentence": "@GENE$ and @DISEASE$", "label": 1}\n')
    splits = read(SplitFiles(test=[str(tmp_path / "test.json")]))
    assert splits.test == [LabelledText("test.json:1", "@GENE$ and @DISEASE$", None, "1")]


def test_texts_are_those_of_the_test_part():
    texts = list(TASK.texts(parts(train="gad_train.tsv", test="gad_test.tsv")))
    assert [(text.example_id, text.pmid) for text in texts] == [(f"gad_test.tsv:{line}", None) for line in (2, 3, 4)]
    assert texts[1].text == "@DISEASE$ without @GENE$."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a @GENE$\t1\nb @GENE$\t2\n", "line 2: expected the label 0 or 1, got '2'"),
        ("a @GENE$\t1\nb\t@GENE$\t1\n", "line 2: expected 2 columns as in the first line, got 3"),
        ("a @GENE$\t1\nonly one\n", "line 2: expected 2 or 3 tab-separated columns, got 1"),
        ("index\tsentence\tlabel\n0\t \t1\n", "line 2: expected a text and a label, got an empty one"),
        ("index\tsentence\tlabel\n", "expected at least one example, found none"),
        ("", "expected at least one example, found none"),
        (b"a \xff\t1\n", "line 1: expected UTF-8"),
        ('{"sentence": "a"}\n', "line 1: expected sentence, label, found no label"),
        ('{"sentence": ["a"], "label": "1"}\n', "line 1: expected sentence and label as strings"),
        ('{"sentence": "a", "label": "1"}\n{"sentence"\n', "line 2: expected a JSON object"),
        (b"\x1f\x8b\x08broken", "expected a complete gzip file"),
    ],
)
def test_broken_files_are_one_line(tmp_path, content, expected):
    assert expected in refused(read, tmp_path / "broken.tsv", content)


def test_a_file_named_twice_is_refused():
    with pytest.raises(InputError, match=r"distinct examples within a part, got gad_test\.tsv:2 twice"):
        read(SplitFiles(test=[path("gad_test.tsv"), path("gad_test.tsv")]))


def test_an_absent_file_is_one_line():
    with pytest.raises(InputError, match=r"nowhere\.tsv: expected a readable file"):
        read(SplitFiles(test=["nowhere.tsv"]))
