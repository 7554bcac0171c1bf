import pytest

from bali.errors import InputError
from bali.tasks.examples import EvaluationText, RatedPair
from bali.tasks.similarity import TASK, SimilarityDataset, read
from tests.unit.tasks.files import DATA, path


def pairs(*names):
    return SimilarityDataset(pairs=[path(name) for name in names])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("umnsrs.csv", [("tylenol", "motrin", 1067.0), ("acid, folic", "adenosine", 256.25)]),
        ("mayosrs.csv", [("difficulty walking", "antalgic gait", 6.69)]),
        ("minimayosrs.csv", [("renal failure", "kidney failure", 3.5)]),
        ("terms.txt", [("heart", "myocardium", 3.15), ("stroke", '"infarct', 2.9)]),
        ("biosses.tsv", [("One, two.", "Two.", 4.0), ("Alpha.", "Beta.", 0.2)]),
        ("biosses_raters.tsv", [("Alpha.", "Beta.", 0.4)]),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_published_forms(tmp_path, name, expected, line_end):
    content = (DATA / name).read_text().replace("\n", line_end)
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + content.encode())
    found = read(SimilarityDataset(pairs=[str(tmp_path / name)]))
    assert [pair[1:] for pair in found] == expected
    assert [pair.example_id for pair in found] == [f"{name[:-4]}:{row}" for row in range(1, len(expected) + 1)]


def test_all_rows_of_all_files():
    found = read(pairs("umnsrs.csv", "terms.txt"))
    assert [pair.example_id for pair in found] == ["umnsrs:1", "umnsrs:2", "terms:1", "terms:2"]
    assert found[2] == RatedPair("terms:1", "heart", "myocardium", 3.15)


def test_texts_are_both_of_each_pair():
    assert list(TASK.texts(pairs("mayosrs.csv"))) == [
        EvaluationText("mayosrs:1:1", None, "difficulty walking"),
        EvaluationText("mayosrs:1:2", None, "antalgic gait"),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a\tb\t1\na\tb\n", "line 2: expected 3 columns, got 2"),
        ("a\tb\t1\na\tb\tx\n", "line 2: expected a number as rating"),
        ("a\tb\t1\na\tb\tnan\n", "line 2: expected a finite rating"),
        ("a\tb\t1\n\tb\t2\n", "line 2: expected two texts, got an empty one"),
        ("a\tb\t1\td\n", "line 1: expected a header such as Term1, Term2, Mean"),
        ("Term1,Term2,Mean\n", "expected at least one pair below the header"),
        ("Term1,Term2,Mean\na,b,\n", "line 2: expected a number as rating"),
        ('Term1,Term2,Mean\na,"b,1\n', "expected comma-separated values"),
        ("", "expected at least one pair, found none"),
        (b"a\t\xff\t1\n", "expected UTF-8"),
    ],
)
def test_broken_files_are_one_line(tmp_path, content, expected):
    (tmp_path / "broken.txt").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as error:
        read(SimilarityDataset(pairs=[str(tmp_path / "broken.txt")]))
    assert "broken.txt" in str(error.value)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_two_files_of_one_name_are_refused():
    with pytest.raises(InputError, match="distinct names, got terms twice"):
        read(pairs("terms.txt", "terms.txt"))
