from bali.graph.inverses import InverseTable
from bali.graph.relation_phrases import relation_phrases
from bali.vocabulary import REL_INVERSES


def test_plain_words_of_a_rela():
    assert relation_phrases([("RO", "may_treat"), ("RO", "Has_2D_boundary")]) == ["may treat", "has 2d boundary"]


def test_the_table_goes_before_the_plain_words_and_overrides_go_before_the_table():
    pairs = [("CHD", "isa"), ("PAR", "inverse_isa"), ("RO", "finding_site_of"), ("RO", "may_treat")]
    assert relation_phrases(pairs) == ["is a", "includes", "is a finding site of", "may treat"]
    overrides = {"isa": "is one kind of", "may_treat": "is a medicine for"}
    assert relation_phrases(pairs, overrides) == [
        *("is one kind of", "includes", "is a finding site of", "is a medicine for")
    ]
    assert relation_phrases(pairs[:1]) == ["is a"]


def test_the_rel_speaks_only_where_there_is_no_rela():
    assert relation_phrases([("CHD", ""), ("CHD", "part_of"), ("XYZ", "")]) == ["falls under", "is part of", "xyz"]
    assert relation_phrases([("CHD", "")], {"CHD": "is below"}) == ["is below"]


def test_rels_point_the_way_of_mrrel():
    # MRREL: CUI2 is the REL of CUI1; a child isa its parent, so the source of a CHD edge is the narrower concept
    narrower = relation_phrases([("CHD", ""), ("RN", ""), ("AQ", "")])
    broader = relation_phrases([("PAR", ""), ("RB", ""), ("QB", "")])
    assert narrower == ["falls under", "is narrower than", "is an allowed qualifier of"]
    assert broader == ["includes", "is broader than", "can be qualified by"]


def test_every_rel_of_the_metathesaurus_has_words_of_its_own():
    rels = ["PAR", "CHD", "RB", "RN", "RO", "RQ", "RL", "SIB", "SY", "XR", "AQ", "QB"]
    assert set(REL_INVERSES) <= set(rels)
    phrases = relation_phrases([(rel, "") for rel in rels])
    assert len(set(phrases)) == len(rels)
    assert not {phrase.upper() for phrase in phrases} & set(rels)


def test_inverses_that_have_no_name_are_said_to_be_inverse():
    unnamed = InverseTable().named(("RO", "located_in"))
    pairs = [unnamed, ("RO", "inverse_supplies"), ("RO", "inverse:inverse_supplies")]
    assert relation_phrases(pairs) == [
        *("inverse of is located in", "inverse of supplies", "inverse of inverse of supplies")
    ]
    assert relation_phrases(pairs[1:2], {"inverse_supplies": "is supplied by"}) == ["is supplied by"]


def test_no_relation_no_phrase():
    assert relation_phrases([]) == []
