"""Entities survive the change of their tags' scheme: IOB1, IOB2, BIOES and BILOU say the same in IOB2."""

from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from bali.tasks.ner import to_iob2

# (type, length) of each stretch; "" lies outside of entities.
STRETCHES = st.lists(st.tuples(st.sampled_from(["", "Drug", "Disease"]), st.integers(1, 4)), min_size=1, max_size=12)
PREFIXES = st.sampled_from("BIESLU")


def encode(stretches, scheme):
    tags, before = [], ""
    for kind, length in stretches:
        if not kind:
            tags += [("O", "")] * length
        elif scheme == "IOB1":
            tags += [("B" if before == kind else "I", kind), *[("I", kind)] * (length - 1)]
        elif scheme == "IOB2":
            tags += [("B", kind), *[("I", kind)] * (length - 1)]
        else:
            end, single = scheme[-2:] if scheme == "BIOES" else "LU"
            middle = [("B", kind), *[("I", kind)] * (length - 2), (end, kind)]
            tags += [(single, kind)] if length == 1 else middle
        before = kind
    return tags


@given(stretches=STRETCHES, scheme=st.sampled_from(["IOB1", "IOB2", "BIOES", "BILOU"]))
def test_all_schemes_give_the_same_entities(stretches, scheme):
    start, expected = 0, []
    for kind, length in stretches:
        expected += [(kind, start, start + length - 1)] if kind else []
        start += length
    tags = to_iob2(encode(stretches, scheme))
    assert get_entities(list(tags)) == expected
    assert len(tags) == start


@given(tags=st.lists(st.one_of(st.just(("O", "")), st.tuples(PREFIXES, st.sampled_from(["Drug", "Disease"])))))
def test_any_tags_become_valid_iob2_and_stay_there(tags):
    converted = to_iob2(tags)
    for before, tag in zip(("O", *converted), converted, strict=False):
        assert not tag.startswith("I-") or before[2:] == tag[2:]
    assert [tag[2:] for tag in converted] == [kind for _, kind in tags]
    assert to_iob2([(tag[0], tag[2:]) for tag in converted]) == converted
