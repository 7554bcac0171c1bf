import gzip
import json
import zipfile

import pytest

from bali.errors import InputError
from bali.ontologies.obographs import read_obographs
from bali.ontologies.sssom import read_licence, read_sssom
from bali.ontologies.tables import read_rows, read_table
from bali.ontologies.text_files import read_lines

SSSOM = """# curie_map:
#   MONDO: http://purl.obolibrary.org/obo/MONDO_
# license: https://creativecommons.org/publicdomain/zero/1.0/
subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification
MONDO:0000001\tdisease\tskos:exactMatch\tUMLS:C0012634\tsemapv:ManualMappingCuration
MONDO:0000004\t"adrenal" thing\tskos:broadMatch\tUMLS:C0405580\tsemapv:ManualMappingCuration
"""
NCIT = "http://purl.obolibrary.org/obo/NCIT_"
GRAPH = {
    "graphs": [
        {
            "nodes": [
                {
                    "id": f"{NCIT}C3088",
                    "type": "CLASS",
                    "lbl": "Angiosarcoma",
                    "meta": {
                        "definition": {"val": "A tumor.", "xrefs": ["NCI:x"]},
                        "subsets": ["http://purl.obolibrary.org/obo/http://www.orpha.net/orphanet.owl#ordo_disease"],
                        "synonyms": [
                            {"pred": "hasExactSynonym", "val": "Hemangiosarcoma", "xrefs": []},
                            {"pred": "hasRelatedSynonym", "val": "Angioma", "xrefs": ["a"]},
                        ],
                        "xrefs": [{"val": "UMLS:C0018923"}],
                    },
                },
                {"id": f"{NCIT}R101", "type": "PROPERTY", "lbl": "Disease_Has_Primary_Anatomic_Site"},
            ],
            "edges": [
                {"sub": f"{NCIT}C3088", "pred": "is_a", "obj": f"{NCIT}C9118"},
                {"sub": f"{NCIT}C3088", "pred": f"{NCIT}R101", "obj": f"{NCIT}C12470"},
            ],
        }
    ]
}


def test_obographs_give_terms(tmp_path):
    path = tmp_path / "tiny.json.gz"
    path.write_bytes(gzip.compress(json.dumps(GRAPH).encode()))
    [term] = read_obographs(path)
    assert (term.id, term.name, term.definition) == ("NCIT:C3088", "Angiosarcoma", "A tumor.")
    assert [(s.text, s.scope, s.xrefs) for s in term.synonyms] == [
        ("Hemangiosarcoma", "EXACT", ()),
        ("Angioma", "RELATED", ("a",)),
    ]
    assert term.parents == ("NCIT:C9118",)
    assert term.relationships == (("disease_has_primary_anatomic_site", "NCIT:C12470"),)
    assert (term.xrefs, term.subsets) == (("UMLS:C0018923",), ("ordo_disease",))


@pytest.mark.parametrize("text", ["{", "[]", '{"graphs": [{"nodes": [{}]}]}'])
def test_other_json_is_an_input_error(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(InputError, match="expected"):
        list(read_obographs(path))


def test_sssom_mappings_and_licence(tmp_path):
    path = tmp_path / "tiny.sssom.tsv"
    path.write_text(SSSOM)
    first, second = read_sssom(path)
    assert (first.subject, first.object, first.subject_label) == ("MONDO:0000001", "UMLS:C0012634", "disease")
    assert first.is_exact
    assert not second.is_exact
    assert read_licence(path) == "https://creativecommons.org/publicdomain/zero/1.0/"


def test_tables_take_quotes_off_and_order_columns(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_bytes(b'id\tlabel\txref\n"DOID:1"\t"a"\t"UMLS_CUI:C1"\r\n')
    assert list(read_table(path, ("xref", "id"))) == [("UMLS_CUI:C1", "DOID:1")]


@pytest.mark.parametrize(
    ("text", "message"),
    [("a\tb\n1\n", "line 2: expected 2 columns, got 1"), ("a\tc\n", "found no b"), ("", "empty file")],
)
def test_other_columns_are_an_input_error(tmp_path, text, message):
    path = tmp_path / "t.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        list(read_table(path, ("a", "b")))


def test_rows_without_a_header(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("N1\tC1\nN2\n")
    rows = read_rows(path, 2)
    assert next(rows) == ("N1", "C1")
    with pytest.raises(InputError, match="line 2: expected 2 columns"):
        next(rows)


def test_a_zip_is_read_by_the_name_of_its_file(tmp_path):
    path = tmp_path / "UBERON.obo.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._UBERON.obo", "junk")
        archive.writestr("UBERON.obo", "one\ntwo\n")
    assert list(read_lines(path)) == [(1, "one"), (2, "two")]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="is corrupt"):
        list(read_lines(path))
