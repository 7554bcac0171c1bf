from bali.io.census import Tally
from bali.metathesaurus.bridging import CuiStatement, bridge, hierarchy
from bali.metathesaurus.content import Content, Statement

A, B, C = "C0000001", "C0000002", "C0000003"
BEST = {"X:a": A, "X:b": B, "X:c": C}


def bridged(statements, best=BEST, others=()):
    content = Content("X", statements=[Statement(*s) for s in statements])
    other = Content("Y", statements=[Statement(*s) for s in others])
    tally = Tally()
    found = bridge(content, best, hierarchy([content, other]), tally)
    tally.check("statements")
    assert tally.rows_in == len(statements)
    return found


def test_a_path_over_classes_without_a_cui_ends_at_the_first_with_one():
    found = bridged([("X:a", "isa", "X:1"), ("X:1", "isa", "X:2"), ("X:2", "isa", "X:b"), ("X:b", "isa", "X:c")])
    assert found == [CuiStatement(A, "isa", B, True), CuiStatement(B, "isa", C, False)]


def test_what_a_class_without_a_cui_says_holds_for_what_is_a_kind_of_it():
    found = bridged([("X:a", "isa", "X:1"), ("X:1", "part_of", "X:b")])
    assert found == [CuiStatement(A, "part_of", B, True)]


def test_an_object_without_a_cui_is_replaced_by_what_it_is_a_kind_of():
    found = bridged([("X:a", "disease_has_location", "X:1")], others=[("X:1", "isa", "X:b")])
    assert found == [CuiStatement(A, "disease_has_location", B, True)]


def test_only_a_transitive_relation_goes_on_along_itself():
    chain = [("X:1", "part_of", "X:b"), ("X:1", "adjacent_to", "X:c")]
    assert bridged([("X:a", "part_of", "X:1"), *chain]) == [CuiStatement(A, "part_of", B, True)]
    assert bridged([("X:a", "adjacent_to", "X:1"), *chain]) == []


def test_a_denial_is_not_carried_on():
    says = [("X:1", "isa", "X:b")]
    assert bridged([("X:a", "disease_has_finding", "X:1"), *says]) == [CuiStatement(A, "disease_has_finding", B, True)]
    assert bridged([("X:a", "disease_excludes_finding", "X:1"), *says]) == []


def test_stated_relations_come_once_and_never_join_a_concept_to_itself():
    statements = [("X:a", "isa", "X:b"), ("X:a", "isa", "X:b"), ("X:a", "isa", "X:a2"), ("X:a", "isa", "X:1")]
    found = bridged([*statements, ("X:1", "isa", "X:b"), ("X:1", "isa", "X:1")], BEST | {"X:a2": A})
    assert found == [CuiStatement(A, "isa", B, False)]
