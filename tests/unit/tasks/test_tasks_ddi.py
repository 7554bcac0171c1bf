import pytest

from bali.errors import InputError
from bali.tasks.ddi import TASK, read
from bali.tasks.examples import EvaluationText
from bali.tasks.options import SplitFiles
from tests.unit.tasks.files import DATA, num_examples, parts, refused

HEAD = '<?xml version="1.0"?>\n'


def document(
    entity='<entity id="e0" charOffset="0-0" text="a"/><entity id="e1" charOffset="2-2" text="b"/>',
    pair='<pair id="p0" e1="e0" e2="e1" ddi="false"/>',
    sentence='text="a b"',
):
    return f"{HEAD}<document>\n<sentence {sentence}>\n{entity}\n{pair}\n</sentence></document>"


def test_pairs_of_a_folder():
    splits = read(parts(test="ddi"))
    assert [(e.example_id, e.label, e.first) for e in splits.test] == [
        ("DDI-DrugBank.d1.s0.p0", "effect", "<< Warfarin >> with [[ aspirin ]] & ibuprofen is risky."),
        ("DDI-DrugBank.d1.s0.p2", "false", "Warfarin with << aspirin >> & [[ ibuprofen ]] is risky."),
        ("DDI-MedLine.d1.s0.p0", "false", "<< Beta- and [[ alpha-blockers ]] >> raise digoxin."),
        ("DDI-MedLine.d1.s0.p1", "mechanism", "<< Beta- and alpha-blockers >> raise [[ digoxin ]]."),
    ]
    assert splits.left_out == {"entity not at its offsets": 1, "interaction without a type": 1}


def test_every_pair_is_accounted_for():
    splits = read(parts(train="ddi/MedLine", test="ddi/DrugBank/Alpha_ddi.xml"))
    num_pairs = sum(file.read_text().count("<pair ") for file in DATA.glob("ddi/*/*.xml"))
    assert num_examples(splits) + sum(splits.left_out.values()) == num_pairs == 6
    assert len(splits.train) == len(splits.test) == 2


def test_rows_of_a_preparation():
    assert [example.label for example in read(parts(test="ddi_blurb.tsv")).test] == ["mechanism", "false", "false"]


def test_texts_are_without_markers():
    texts = list(TASK.texts(parts(test="ddi")))
    assert texts[2] == EvaluationText("DDI-MedLine.d1.s0.p0", None, "Beta- and alpha-blockers raise digoxin.")
    assert len(texts) == 4


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (document(pair='<pair id="p0" e1="e0" e2="e9" ddi="false"/>'), "line 5: expected an entity of its sentence"),
        (document(pair='<pair id="p0" e1="e0" e2="e1" ddi="yes"/>'), "line 5: expected ddi true or false, got 'yes'"),
        (document(pair='<pair id="p0" e1="e0" ddi="false"/>'), "line 5: expected the attribute e2 of pair, got none"),
        (
            document(pair='<pair id="p0" e1="e0" e2="e1" ddi="true" type="odd"/>'),
            "line 5: expected an interaction among",
        ),
        (document(entity='<entity id="e0" charOffset="0:3" text="a"/>'), "line 4: expected a charOffset such as"),
        (document(entity='<entity id="e0" text="a"/>'), "line 4: expected the attribute charOffset of entity"),
        (document(sentence='id="s"'), "line 3: expected the attribute text of sentence"),
        (document(pair=""), "expected at least one example, found none"),
        (f"{HEAD}<html/>", "expected the root document or corpus, got html"),
        (f"{HEAD}<document>", "expected well-formed XML"),
        ("", "expected well-formed XML"),
        (document().encode().replace(b"a b", b"a \xff"), "expected well-formed XML"),
        (f'{HEAD}<!DOCTYPE document [<!ENTITY x "y">]><document/>', "expected XML without a document type"),
    ],
)
def test_broken_files_are_one_line(tmp_path, content, expected):
    assert expected in refused(read, tmp_path / "broken.xml", content)


def test_other_entries_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"a folder with \.xml files, found none"):
        read(SplitFiles(test=[str(tmp_path)]))
    message = refused(read, tmp_path / "broken.tsv", "a\tDDI-odd\n")
    assert "line 1: expected an interaction among" in message


def test_nothing_is_resolved(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    evil = f'{HEAD}<!DOCTYPE document [<!ENTITY x SYSTEM "{tmp_path / "secret.txt"}">]><document>&x;</document>'
    assert "secret</" not in refused(read, tmp_path / "evil.xml", evil)
    bomb = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(12))
    content = f'{HEAD}<!DOCTYPE d [<!ENTITY a0 "x">{bomb}]><document><sentence text="&a12;"/></document>'
    assert "expected" in refused(read, tmp_path / "bomb.xml", content)
