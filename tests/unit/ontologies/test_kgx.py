import json

import pytest

from bali.errors import InputError
from bali.ontologies.formats import transcribe
from tests.unit.ontologies.transcripts import rows_of, tallied, write

NODES = [
    "id\tcategory\tname\txref\tsynonym\trelated_synonym\tdescription\tsame_as",
    'MONDO:0005015\tbiolink:Disease\tdiabetes "NA"\tMESH:D003920|UMLS:C0011849\tDM|sugar | disease\tsweet\tHigh.\t',
    "UMLS:C0025598\tbiolink:NamedThing|biolink:Drug\tmetformin\tUMLS:C0000001\t\t\t\t",
    "HGNC:1\tbiolink:Gene\tTBX4\t\tgene\t\ttext\t",
    "SNOMEDCT:1\tbiolink:Unheard\tlicensed\t\t\t\t\tUMLS:C0000003|UMLS:C0000002",
    "CHEBI:1\tbiolink:Drug\tmetformin\tUMLS:C0025598\tmetformin\t\t\t",
    "X:1\tbiolink:Drug\t\tUMLS:C0025598\t\t\t\t",
]
EDGES = [
    "id\tsubject\tpredicate\tobject\trelation\tprimary_knowledge_source\tnegated",
    "e1\tUMLS:C0025598\tbiolink:treats\tMONDO:0005015\tRO:1\tinfores:drugcentral\t",
    "e2\tMONDO:0005015\tbiolink:subclass_of\tUMLS:C9999999\tRO:1\tinfores:mondo|infores:x\tfalse",
    "e3\tMONDO:0005015\tbiolink:treats\tUMLS:C0025598\tRO:1\tinfores:x\ttrue",
    "e4\tHGNC:1\tbiolink:causes\tMONDO:0005015\tRO:1\tinfores:x\t",
    "e5\tCHEBI:1\tbiolink:same_as\tUMLS:C0025598\tRO:1\tinfores:x\t",
    "e6\tSNOMEDCT:1\tbiolink:strange relation\tMONDO:0005015\tRO:1\t\t",
    "e7\tSNOMEDCT:1\t\tMONDO:0005015\tRO:1\t\t",
]


def graph(folder, nodes=NODES, edges=EDGES, prefix=""):
    write(folder / f"{prefix}nodes.tsv", nodes)
    write(folder / f"{prefix}edges.tsv", edges)
    return transcribe([folder])


@pytest.fixture
def files(tmp_path):
    return graph(tmp_path)


def test_names_of_nodes_with_a_concept(files):
    names = rows_of(files["MRCONSO.RRF"], "CUI", "TS", "SAB", "TTY", "CODE", "STR", "SRL", "SUPPRESS")
    assert sorted(names) == [
        ("C0000002", "P", "SNOMEDCT", "PT", "SNOMEDCT:1", "licensed", "9", "N"),
        ("C0011849", "P", "MONDO", "PT", "MONDO:0005015", 'diabetes "NA"', "0", "N"),
        ("C0011849", "S", "MONDO", "SY", "MONDO:0005015", "DM", "0", "N"),
        ("C0011849", "S", "MONDO", "SY", "MONDO:0005015", "disease", "0", "N"),
        ("C0011849", "S", "MONDO", "SY", "MONDO:0005015", "sugar", "0", "N"),
        ("C0011849", "S", "MONDO", "SY", "MONDO:0005015", "sweet", "0", "Y"),
        ("C0025598", "P", "CHEBI", "PT", "CHEBI:1", "metformin", "0", "N"),
        ("C0025598", "P", "UMLS", "PT", "NOCODE", "metformin", "0", "N"),
        ("C0025598", "S", "CHEBI", "SY", "CHEBI:1", "metformin", "0", "N"),
    ]
    assert tallied(files["MRCONSO.RRF"]) == (12, 9, {"node without a UMLS identifier": 2, "no name": 1})
    assert files["MRCONSO.RRF"].tally.notes == {
        "nodes with a UMLS identifier": 5,
        "nodes without a UMLS identifier": 1,
        "nodes with several UMLS identifiers, lowest taken": 1,
    }


def test_edges_read_subject_predicate_object(files):
    assert rows_of(files["MRREL.RRF"], "CUI2", "REL", "RELA", "CUI1", "SAB") == [
        ("C0025598", "RO", "treats", "C0011849", "DRUGCENTRAL"),
        ("C0011849", "CHD", "isa", "C9999999", "MONDO"),
        ("C0000002", "RO", "strange_relation", "C0011849", "KGX"),
    ]
    assert tallied(files["MRREL.RRF"]) == (
        7,
        3,
        {
            "negated": 1,
            "no predicate": 1,
            "an end is a node without a UMLS identifier": 1,
            "both ends are one concept": 1,
        },
    )


def test_types_and_definitions(files):
    assert rows_of(files["MRSTY.RRF"], "CUI", "TUI", "STY") == [
        ("C0011849", "T047", "Disease or Syndrome"),
        ("C0025598", "T121", "Pharmacologic Substance"),
    ]
    drops = {"node without a UMLS identifier": 1, "no known semantic type": 1, "duplicate row": 2}
    assert tallied(files["MRSTY.RRF"]) == (6, 2, drops)
    assert rows_of(files["MRDEF.RRF"], "CUI", "SAB", "DEF") == [("C0011849", "MONDO", "High.")]
    assert tallied(files["MRDEF.RRF"]) == (2, 1, {"node without a UMLS identifier": 1})
    assert ("SNOMEDCT", "9") in rows_of(files["MRSAB.RRF"], "RSAB", "SRL")
    assert ("RELA", "treats", "rela_inverse", "treated_by") in rows_of(files["MRDOC.RRF"])


def test_own_types_go_before_categories(tmp_path):
    nodes = [
        "id\tname\tcategory\ttui\tsty",
        "UMLS:C0000001\ta\tbiolink:Disease\tT191|T033\t",
        "UMLS:C0000002\tb\tbiolink:Disease\t\tSign or Symptom",
        "UMLS:C0000003\tc\tDisease\tT999\tnot a type",
    ]
    assert rows_of(graph(tmp_path, nodes)["MRSTY.RRF"], "CUI", "TUI") == [
        ("C0000001", "T033"),
        ("C0000001", "T191"),
        ("C0000002", "T184"),
        ("C0000003", "T047"),
    ]


def test_plain_tables_of_concepts_and_relations(tmp_path):
    nodes = ["cui\tname\tsab\tsrl\tsty", "C0000001\tNA\tLAB\t\tFinding", "CN000002\tnull\t\t9\t", "x\tno concept\t\t\t"]
    edges = ["head_cui\trelation\ttail_cui\trel", "C0000001\tcauses\tCN000002\t", "CN000002\tis_a\tC0000001\tPAR"]
    files = graph(tmp_path, nodes, edges, "my_")
    assert rows_of(files["MRCONSO.RRF"], "CUI", "STR", "SAB", "CODE", "SRL") == [
        ("C0000001", "NA", "LAB", "NOCODE", "0"),
        ("CN000002", "null", "LOCAL", "NOCODE", "9"),
    ]
    assert rows_of(files["MRREL.RRF"], "CUI2", "REL", "RELA", "CUI1", "SAB") == [
        ("C0000001", "RO", "causes", "CN000002", "KGX"),
        ("CN000002", "PAR", "isa", "C0000001", "KGX"),
    ]
    assert rows_of(files["MRSTY.RRF"], "CUI", "TUI") == [("C0000001", "T033")]


def test_json_lines_and_gzip_equal_tsv(tmp_path, files):
    for name, lines in (("nodes", NODES), ("edges", EDGES)):
        header, *rows = (line.split("\t") for line in lines)
        records = [dict(zip(header, row, strict=True)) for row in rows]
        for record in records:
            lists = [key for key in ("category", "xref", "synonym", "same_as") if key in record and name == "nodes"]
            record.update({key: record[key].split("|") if record[key] else None for key in lists})
            if "negated" in record:
                record["negated"] = record["negated"] == "true"
        write(tmp_path / "json" / f"g_{name}.jsonl", [json.dumps(record) for record in records])
        write(tmp_path / "gz" / f"merged-kg_{name}.tsv.gz", lines)
    json_files, packed = transcribe([tmp_path / "json"]), transcribe([tmp_path / "gz"])
    for name, file in files.items():
        assert rows_of(json_files[name]) == rows_of(packed[name]) == rows_of(file) != []


def test_values_that_rrf_cannot_hold_are_cleaned(tmp_path):
    node = {"id": "UMLS:C0000001", "name": "a|b\nc", "sab": "X|Y", "synonym": ["", "d\te"], "deprecated": True}
    other = {"id": "UMLS:C0000002", "name": "z"}
    write(tmp_path / "nodes.jsonl", map(json.dumps, [node, other]))
    edge = {"subject": "UMLS:C0000001", "predicate": "x|y z", "object": "UMLS:C0000002", "rel": "R|O"}
    write(tmp_path / "edges.jsonl", [json.dumps(edge)])
    files = transcribe([tmp_path])
    assert rows_of(files["MRCONSO.RRF"], "STR", "SAB", "SUPPRESS") == [
        ("a/b c", "X/Y", "E"),
        ("z", "UMLS", "N"),
        ("d e", "X/Y", "E"),
    ]
    assert rows_of(files["MRREL.RRF"], "REL", "RELA") == [("R/O", "x_y_z")]


def test_made_up_atoms_do_not_depend_on_the_order(tmp_path, files):
    header, *lines = NODES
    turned = graph(tmp_path / "turned", [header, *reversed(lines)])
    assert sorted(rows_of(turned["MRCONSO.RRF"])) == sorted(rows_of(files["MRCONSO.RRF"])) != []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes": ["id\tcategory"]}, "nodes.tsv line 1: expected a header with the columns id, name; name not found"),
        ({"nodes": ["id\tname\tsrl", "UMLS:C0000001\ta\tx"]}, "nodes.tsv line 2: expected srl to be .* got 'x'"),
        ({"edges": ["subject\tobject"]}, "edges.tsv line 1: expected a header .* predicate not found"),
        ({"edges": [EDGES[0], "e1\ta"]}, "edges.tsv line 2: expected 7 columns, got 2"),
    ],
)
def test_damage_is_one_line_with_its_place(tmp_path, changes, message):
    files = graph(tmp_path, **changes)
    with pytest.raises(InputError, match=message):
        for file in files.values():
            rows_of(file)
