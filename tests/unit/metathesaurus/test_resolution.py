import itertools

from bali.io.census import Census
from bali.metathesaurus.content import Content, Evidence, Match, Name
from bali.metathesaurus.resolution import resolve

A, B, C = "C0000001", "C0000002", "C0000003"
MONDO, OWN, CURATED, XREF = Evidence


def content(sab, matches, names=()):
    return Content(sab, names=[Name(i, "PT", text, "N") for i, text in names], matches=[Match(*m) for m in matches])


def best(*contents):
    return resolve(contents, Census("test")).best


def test_mondo_comes_before_the_source_itself():
    mondo = content("MONDO", [("MONDO:1", f"UMLS:{A}", MONDO), ("MONDO:1", "DOID:1", MONDO)])
    doid = content("DOID", [("DOID:1", f"UMLS:{B}", OWN)])
    found = resolve([mondo, doid], Census("test"))
    assert found.best == {"MONDO:1": A, "DOID:1": A}
    assert found.secondary == {"DOID:1": (B,)}
    assert found.conflicts == ((A, B, "DOID", True),)


def test_a_curated_mapping_counts_less_than_the_source_and_more_than_a_cross_reference():
    doid = content("DOID", [("DOID:1", f"UMLS:{A}", OWN), ("DOID:2", "DOID:1", XREF)])
    biomappings = content("BIOMAPPINGS", [("DOID:1", f"UMLS:{B}", CURATED), ("DOID:2", f"UMLS:{C}", CURATED)])
    assert best(doid, biomappings) == {"DOID:1": A, "DOID:2": C}


def test_several_cuis_of_the_source_go_by_name_then_support_then_number():
    named = content("DOID", [("DOID:1", f"UMLS:{A}", OWN), ("DOID:1", f"UMLS:{B}", OWN)], [("DOID:1", "Pain")])
    other = content("MONDO", [("MONDO:1", f"UMLS:{B}", MONDO)], [("MONDO:1", "pain")])
    assert best(named, other)["DOID:1"] == B
    support = content("ORDO", [("ORPHA:1", f"UMLS:{B}", OWN), ("ORPHA:2", f"UMLS:{B}", OWN)])
    assert best(content("DOID", named.matches), support)["DOID:1"] == B
    census = Census("test")
    assert resolve([content("DOID", named.matches)], census).best["DOID:1"] == A
    assert census.notes["identifiers: ambiguous by the source itself, one taken"] == 1


def test_an_ambiguous_cross_reference_gives_no_cui_and_is_counted():
    matches = [("DOID:1", f"UMLS:{A}", OWN), ("DOID:2", f"UMLS:{B}", OWN)]
    matches += [("DOID:1", "MESH:D1", XREF), ("DOID:2", "MESH:D1", XREF), ("DOID:1", "MESH:D2", XREF)]
    census = Census("test")
    found = resolve([content("DOID", matches)], census).best
    assert found == {"DOID:1": A, "DOID:2": B, "MESH:D2": A}
    assert census.notes["identifiers: ambiguous by a cross-reference, left out"] == 2  # in both passes


def test_a_cross_reference_gives_one_identifier_of_a_vocabulary_to_a_concept():
    mondo = content("MONDO", [("MONDO:1", f"UMLS:{A}", MONDO), ("MONDO:1", "NCIT:C1", MONDO)])
    doid = content("DOID", [("DOID:1", f"UMLS:{A}", OWN), ("DOID:1", "NCIT:C2", XREF), ("DOID:1", "MESH:D1", XREF)])
    rivals = content("DOID", [("DOID:1", "OMIM:1", XREF), ("DOID:1", "OMIM:2", XREF)])
    found = best(mondo, doid, rivals)
    assert (found["NCIT:C1"], found["MESH:D1"]) == (A, A)
    assert not {"NCIT:C2", "OMIM:1", "OMIM:2"} & found.keys()


def test_two_steps_reach_an_identifier():
    matches = [("DOID:1", f"UMLS:{A}", OWN), ("DOID:1", "MESH:D1", XREF), ("MESH:D1", "CHEBI:1", CURATED)]
    assert best(content("DOID", matches))["CHEBI:1"] == A


def test_a_mapping_that_joins_two_concepts_merges_nothing():
    doid = content("DOID", [("DOID:1", f"UMLS:{A}", OWN), ("DOID:1", "ORPHA:1", XREF)])
    ordo = content("ORDO", [("ORPHA:1", f"UMLS:{B}", OWN)])
    found = resolve([doid, ordo], Census("test"))
    assert found.best == {"DOID:1": A, "ORPHA:1": B}
    assert found.conflicts == ((A, B, "DOID", False),)


def test_the_order_of_what_is_read_changes_nothing():
    matches = [("DOID:1", f"UMLS:{A}", OWN), ("DOID:1", f"UMLS:{B}", OWN), ("DOID:2", f"UMLS:{B}", OWN)]
    matches += [("DOID:1", "MESH:D1", XREF), ("DOID:2", "MESH:D1", XREF)]
    found = {str(resolve([content("DOID", order)], Census("x"))) for order in itertools.permutations(matches)}
    assert len(found) == 1
