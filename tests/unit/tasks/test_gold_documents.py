import pytest

from bali.errors import InputError
from bali.tasks.entity_linking import TASK, EntityLinkingDataset
from bali.tasks.gold_documents import read_gold_documents

CONCEPTS = """10192393||12|30||SpecificDisease||heart failure||D006333
10192393||40|60||CompositeMention||breast cancer|ovarian cancer||D001943|D010051
10192393||70|75||Modifier||FAP||D011125|OMIM:175100
"""


def test_a_biosyn_folder_gives_each_part_of_a_composite_its_own_identifier(tmp_path):
    (tmp_path / "10192393.concept").write_text(CONCEPTS)
    (tmp_path / "10192393.txt").write_text("not read")
    [document] = read_gold_documents(tmp_path)
    assert (document.pmid, document.num_annotations) == (10192393, 4)
    found = [(a.surface, a.identifier) for a in document.annotations]
    assert found == [
        ("heart failure", "D006333"),
        ("breast cancer", "D001943"),
        ("ovarian cancer", "D010051"),
        ("FAP", "D011125|OMIM:175100"),
    ]


def test_documents_of_a_biosyn_folder_are_held_out_by_their_pmid(tmp_path):
    (tmp_path / "a.concept").write_text(CONCEPTS)
    texts = list(TASK.texts(EntityLinkingDataset(test=[str(tmp_path)])))
    assert [(text.pmid, text.text) for text in texts] == [(10192393, "")]


@pytest.mark.parametrize(
    "line", ["1||2|3||Disease||x", "1||2||Disease||x||D1", "x||2|3||Disease||x||D1", "1||a|3||D||x||D1"]
)
def test_a_broken_line_is_named(tmp_path, line):
    (tmp_path / "a.concept").write_text(line)
    with pytest.raises(InputError, match=r"a\.concept line 1: expected 'PMID\|\|start"):
        list(read_gold_documents(tmp_path))


def test_a_folder_without_concepts_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected BioSyn's \.concept files, found none"):
        list(read_gold_documents(tmp_path))
