import gzip

import pytest

from bali.errors import InputError
from bali.ontologies.obo import read_header, read_obo, read_relation_types
from bali.ontologies.terms import Synonym

HEADER = """format-version: 1.2
data-version: releases/2016-03-04
default-namespace: disease_ontology
remark: This work is licensed under CC BY 3.0 http\\://creativecommons.org/licenses/by/3.0/.
ontology: doid
property_value: dcterms:license "CC-BY-SA-4.0" xsd:string

"""
# Lines as they stand in DOID 2016, Uberon 2015, CL 2019 and PharmGKB 2025: free text among xrefs, escapes, trailing
# modifiers, a comment after the id, a synonym without scope, a non-ASCII name.
TERMS = r"""[Term]
id: DOID:0001816
name: Ménière\, type \"1\"
namespace: other
alt_id: DOID:267
def: "A tumor, with onset; see [1].\nMore." [JA:Epilepsy Genetics Kiel, url:http\://a.org/1\,2 "A title, quoted"]
subset: NCIthesaurus
synonym: "hemangio\"sarcoma" EXACT [SNOMEDCT_2010_1_31:39000009, UMLS:C1]
synonym: "B09-17" BROAD ABBREVIATION [NIFSTD:SumsDB_abbrevSource\,NIFSTD\:birnlex_1748]
synonym: "fin ray" NARROW [] {http://www.w3.org/2000/01/rdf-schema#seeAlso="VSAO:0000172"}
synonym: "Weight increased" []
exact_synonym: "old style" []
xref: UMLS_CUI:C0018923 {source="ncithesaurus:Cervix"}
xref: http://en.wikipedia.org/wiki/File\:Gray793.png
property_value: skos:exactMatch drugbank:DB00914
property_value: ChEMROF:smiles "C1=CC" xsd:string
is_a: DOID:1115 {is_inferred="true"} ! sarcoma
relationship: part_of UBERON:0001441 {source="x"} ! hindlimb
intersection_of: part_of UBERON:0001441
! a comment

[Typedef]
id: part_of
name: part of
xref: BFO:0000050

[Term]
id: DOID:2
is_obsolete: true
replaced_by: DOID:0001816
"""


@pytest.fixture
def obo(tmp_path):
    path = tmp_path / "tiny.obo.gz"
    path.write_bytes(gzip.compress((HEADER + TERMS).encode()))
    return path


def test_terms_keep_what_the_file_says(obo):
    first, second = read_obo(obo)
    assert first.name == 'Ménière, type "1"'
    assert (first.id, first.namespace, first.alternative_ids) == ("DOID:0001816", "other", ("DOID:267",))
    assert first.definition == "A tumor, with onset; see [1].\nMore."
    assert first.definition_xrefs == ("JA:Epilepsy Genetics Kiel", "url:http://a.org/1,2")
    assert first.synonyms == (
        Synonym('hemangio"sarcoma', "EXACT", "", ("SNOMEDCT_2010_1_31:39000009", "UMLS:C1")),
        Synonym("B09-17", "BROAD", "ABBREVIATION", ("NIFSTD:SumsDB_abbrevSource,NIFSTD:birnlex_1748",)),
        Synonym("fin ray", "NARROW", "", ()),
        Synonym("Weight increased", "RELATED", "", ()),
        Synonym("old style", "EXACT", "", ()),
    )
    assert first.xrefs == (
        "UMLS_CUI:C0018923",
        "http://en.wikipedia.org/wiki/File:Gray793.png",
        "drugbank:DB00914",
    )
    assert (first.parents, first.subsets) == (("DOID:1115",), ("NCIthesaurus",))
    assert first.relationships == (("part_of", "UBERON:0001441"),)
    assert not first.is_obsolete
    assert (second.name, second.namespace) == ("", "disease_ontology")
    assert second.is_obsolete
    assert second.replaced_by == ("DOID:0001816",)


def test_header_and_relation_types(obo):
    header = read_header(obo)
    assert (header.ontology, header.data_version) == ("doid", "releases/2016-03-04")
    assert header.remarks == ("This work is licensed under CC BY 3.0 http://creativecommons.org/licenses/by/3.0/.",)
    assert header.licence == "CC-BY-SA-4.0"
    assert [(one.id, one.name, one.xrefs) for one in read_relation_types(obo)] == [
        ("part_of", "part of", ("BFO:0000050",))
    ]


def test_terms_are_read_one_at_a_time(tmp_path):
    path = tmp_path / "tiny.obo"
    path.write_text(HEADER + "[Term]\nid: A:1\n\n[Term]\nid: A:2\nname: two\n\n[Term]\nbroken\n")
    terms = read_obo(path)
    assert next(terms).id == "A:1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"<html>\nno ontology\n", r"line 1: expected `tag: value`"),
        (b"", "neither a header nor a stanza"),
        (b"[Term]\nname: nameless\n", "line 1: expected the tag `id`"),
        (b"[Term]\nid: A:1\nsynonym: no quotes EXACT []\n", "expected a value in double quotes"),
        (b"[Term]\nid: A:1\nname: \xff\n", "expected UTF-8"),
    ],
)
def test_what_is_no_obo_is_an_input_error_of_one_line(tmp_path, text, message):
    path = tmp_path / "bad.obo"
    path.write_bytes(text)
    with pytest.raises(InputError, match=message) as error:
        list(read_obo(path))
    assert "\n" not in str(error.value)


def test_a_damaged_gzip_and_a_missing_file_are_input_errors(tmp_path, obo):
    short = tmp_path / "short.obo.gz"
    short.write_bytes(obo.read_bytes()[:-20])
    with pytest.raises(InputError, match="ends early"):
        list(read_obo(short))
    with pytest.raises(InputError, match="no such file"):
        list(read_obo(tmp_path / "absent.obo"))
