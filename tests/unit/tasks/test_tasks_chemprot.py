import shutil

import pytest

from bali.errors import InputError
from bali.tasks.chemprot import TASK, read
from bali.tasks.examples import EvaluationText, LabelledText
from bali.tasks.options import SplitFiles
from tests.unit.tasks.files import DATA, num_examples, parts, refused

FOLDER = DATA / "chemprot_training"


def test_scibert_rows_have_no_negative_class():
    splits = read(parts(test="chemprot_scibert.txt"))
    assert splits.test == [
        LabelledText("chemprot_scibert.txt:1", "<< Aspirin >> inhibits [[ COX-1 ]].", None, "INHIBITOR"),
        LabelledText("chemprot_scibert.txt:2", "[[ Insulin ]] is made from << glucose >>.", None, "PRODUCT-OF"),
    ]
    assert not {example.label for example in splits.test} & TASK.negative


def test_blurb_rows_know_their_document_and_unscored_groups_are_negative():
    splits = read(parts(test="chemprot_blurb.tsv"))
    assert [(e.example_id, e.first, e.label, e.pmid) for e in splits.test] == [
        ("chemprot_blurb.tsv:2", "@CHEMICAL$ inhibits @GENE$.", "CPR:4", 1001),
        ("chemprot_blurb.tsv:3", '@CHEMICAL$ and not "@GENE$.', "false", 1001),
        ("chemprot_blurb.tsv:4", "@CHEMICAL$ binds @GENE$.", "false", 1002),
    ]
    assert "false" in TASK.negative


def test_the_corpus_itself():
    splits = read(parts(train="chemprot_training", test="chemprot_test_gs"))
    assert [(e.example_id, e.label, e.first, e.pmid) for e in splits.train] == [
        ("1001.T1.T5", "false", "<< Aspirin >> and [[ COX-1 ]]", 1001),
        ("1001.T2.T6", "CPR:4", "<< Aspirin >> blocks [[ COX-1 ]] and COX-2.", 1001),
        ("1001.T2.T7", "CPR:4", "<< Aspirin >> blocks COX-1 and [[ COX-2 ]].", 1001),
        ("1001.T3.T8", "CPR:9", "<< [[ Nitric oxide >> synthase ]] and ibuprofen were seen.", 1001),
        ("1001.T4.T8", "false", "[[ Nitric oxide synthase ]] and << ibuprofen >> were seen.", 1001),
        ("1002.T1.T2", "CPR:6", "<< Propranolol >> binds [[ ADRB2 ]].", 1002),
    ]
    assert [(e.example_id, e.label) for e in splits.test] == [("2001.T1.T2", "CPR:6")]
    assert splits.left_out == {
        "entity not at its offsets": 1,
        "relation not within a sentence": 1,
        "second relation of a pair": 1,
    }


def test_pairs_and_relations_of_the_corpus_add_up():
    splits = read(parts(train="chemprot_training", test="chemprot_test_gs"))
    pairs_in_a_sentence = 1 + 1 * 2 + 2 * 1 + 1 * 2 + 1  # title, two sentences, second document, test
    relations_besides = 2  # across sentences, a second one
    assert num_examples(splits) + sum(splits.left_out.values()) == pairs_in_a_sentence + relations_besides


def test_texts_are_without_markers():
    assert list(TASK.texts(parts(train="chemprot_training", test="chemprot_test_gs"))) == [
        EvaluationText("2001.T1.T2", 2001, "Caffeine blocks ADORA1.")
    ]


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        ("entities", "1001\tT1\tCHEMICAL\t0\t7\tAspirin", "expected a new entity and two offsets"),
        ("entities", "1001\tT20\tCHEMICAL\t-1\t7\tAspirin", "expected a new entity and two offsets"),
        ("entities", "1001\tT20\tDRUG\t0\t7\tAspirin", "expected CHEMICAL or GENE, GENE-Y, GENE-N, got 'DRUG'"),
        ("entities", "9\tT20\tCHEMICAL\t0\t7\tAspirin", "expected the PMID of an abstract of this folder, got '9'"),
        ("entities", "1001\tT20", "expected 6 tab-separated columns, got 2"),
        ("gold_standard", "1001\tCPR:4\tArg1:T1\tArg2:T99", "expected a chemical and a gene of 1001"),
        ("gold_standard", "1001\tCPR:4\tArg1:T1\tArg2:T2", "expected a chemical and a gene of 1001"),
        ("gold_standard", "9\tCPR:4\tArg1:T1\tArg2:T5", "expected the PMID of an abstract of this folder, got '9'"),
        ("abstracts", "1001\tAgain\tAgain.", "expected a new PMID in the first column, got '1001'"),
        ("abstracts", "PMC1\tTitle\tText.", "expected a new PMID in the first column, got 'PMC1'"),
    ],
)
def test_broken_rows_of_the_corpus_are_one_line(tmp_path, kind, row, expected):
    folder = tmp_path / "chemprot_training"
    shutil.copytree(FOLDER, folder)
    file = folder / f"chemprot_training_{kind}.tsv"
    line = len(file.read_text().splitlines()) + 1
    message = refused_folder(folder, file, file.read_text() + row + "\n")
    assert f"{file.name} line {line}: {expected}" in message


def refused_folder(folder, file, content):
    file.write_text(content)
    with pytest.raises(InputError) as error:
        read(SplitFiles(test=[str(folder)]))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_must_be_one_part(tmp_path):
    with pytest.raises(InputError, match=r"one file \*_abstracts\*\.tsv, found 0"):
        read(SplitFiles(test=[str(tmp_path)]))
    for part in ("a", "b"):
        shutil.copytree(FOLDER, tmp_path / part)
    with pytest.raises(InputError, match=r"found 2\. Name the folder of one part"):
        read(SplitFiles(test=[str(tmp_path)]))


def test_broken_rows_are_one_line(tmp_path):
    message = refused(read, tmp_path / "broken.txt", '{"text": "a", "label": "X"}\n{"text": "b"}\n')
    assert "line 2: expected text, label, found no label" in message
