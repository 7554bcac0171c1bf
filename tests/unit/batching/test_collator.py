import copy

import numpy as np
import pytest
import torch

from bali.batching.collator import Collator, Share
from bali.batching.example_dataset import Example, ExampleDataset, Mention, copy_examples
from tests.unit.batching.sides import collator, draws, sentence_side, tokenizer_of_the_world
from tests.unit.training.fixtures import CUIS, make_world

TEXT = "renal failure, failing renal organ and cardiac failure"
MENTIONS = (Mention(0, 13, CUIS[0]), Mention(15, 34, CUIS[0]), Mention(39, 54, CUIS[2]))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), with_base_model=False)


@pytest.fixture(scope="module")
def tokenizer():
    return tokenizer_of_the_world()


@pytest.fixture(scope="module")
def examples(world, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache") / "train.arrow"
    copy_examples(world.inputs.train, cache)
    return ExampleDataset(cache).examples(np.arange(40))


def collate(world, tokenizer, examples, step=0, **changes):
    return collator(world, tokenizer, **changes)(examples, draws(step))


def words_of(tokenizer, batch, group):
    """The tokens of a mention vector of a batch of one part."""
    (part,) = batch.sentences
    positions = part.spans.position[part.spans.group == group]
    return tokenizer.convert_ids_to_tokens(part.tokens.input_ids.flatten()[positions].tolist())


def rows_of(parts):
    """The tokens of each text without padding, through all parts."""
    return [
        row[: int(mask.sum())].tolist()
        for part in parts
        for row, mask in zip(part.tokens.input_ids, part.tokens.attention_mask, strict=True)
    ]


def test_a_repeated_concept_keeps_every_token_in_one_vector(world, tokenizer):
    batch = collate(world, tokenizer, [Example(TEXT, MENTIONS)], mlm_probability=1e-9)
    assert batch.sentences[0].spans.num_groups == 2
    assert words_of(tokenizer, batch, 0) == ["renal", "failure", "failing", "renal", "organ"]
    assert words_of(tokenizer, batch, 1) == ["cardiac", "failure"]
    assert batch.mention_concept.tolist() == batch.graph.concept.tolist() == [0, 2]
    assert batch.counts == {
        "sentences": 1,
        "mentions": 3,
        "mentions_cut_by_truncation": 0,
        "mentions_without_token": 0,
        "mentions_without_subgraph": 0,
    }


def test_one_concept_in_two_sentences_is_one_concept_of_the_batch(world, tokenizer):
    batch = collate(world, tokenizer, [Example(TEXT, MENTIONS), Example(TEXT, MENTIONS[2:])])
    assert batch.sentences[0].spans.num_groups == 3
    assert batch.mention_concept.tolist() == [0, 2, 2]
    assert batch.graph.concept.tolist() == [0, 2]


def test_dropped_mentions_are_counted_by_reason(world, tokenizer):
    unknown = Mention(0, 5, "C7777777")
    examples = [Example(TEXT, (unknown, *MENTIONS[1:])), Example("\u200b\u200b renal", (Mention(0, 1, CUIS[0]),))]
    side = sentence_side(tokenizer, collator(world, tokenizer)._graph.subgraphs, max_length=9)
    counts = {}
    side(examples, np.arange(2), draws(), counts)
    assert counts == {
        "mentions": 1,
        "mentions_cut_by_truncation": 1,
        "mentions_without_token": 1,
        "mentions_without_subgraph": 1,
    }


def test_inputs_are_not_changed(world, tokenizer):
    examples = [Example(TEXT, MENTIONS)] * 3
    before = copy.deepcopy(examples)
    collate(world, tokenizer, examples, mention_masking=1.0, centre_name_masking=1.0)
    assert examples == before


def test_mention_masking_hides_the_mention_and_keeps_the_targets(world, tokenizer):
    plain = collate(world, tokenizer, [Example(TEXT, MENTIONS)], step=1, mlm_probability=0.5)
    masked = collate(world, tokenizer, [Example(TEXT, MENTIONS)], step=1, mlm_probability=0.5, mention_masking=1.0)
    targets = plain.sentences[0].targets.token
    assert len(targets) > 0
    assert torch.equal(targets, masked.sentences[0].targets.token)
    assert set(words_of(tokenizer, masked, 0)) == {"[MASK]"}
    assert set(words_of(tokenizer, plain, 0)) != {"[MASK]"}


def test_parts_hold_the_same_sentences_mentions_and_targets(world, tokenizer, examples):
    whole, parts = (collate(world, tokenizer, examples, at_once=at_once) for at_once in (None, 7))
    assert [len(part.tokens.input_ids) for part in parts.sentences] == [7, 7, 7, 7, 7, 5]
    assert len({part.tokens.input_ids.shape[1] for part in parts.sentences}) > 1
    assert rows_of(parts.sentences) == rows_of(whole.sentences)
    assert torch.equal(parts.mention_concept, whole.mention_concept)
    assert sum(part.spans.num_groups for part in parts.sentences) == len(whole.mention_concept) > 40
    pooled, targets = ([tokens_of(batch, kind) for batch in (whole, parts)] for kind in ("spans", "targets"))
    assert pooled[0] == pooled[1]
    assert targets[0] == targets[1]
    assert len(targets[0]) > 20


def tokens_of(batch, kind):
    """What stands at the positions of spans or targets, with the vector or the token to predict."""
    found, first = [], 0
    for part in batch.sentences:
        places = getattr(part, kind)
        values = places.group + first if kind == "spans" else places.token
        ids = part.tokens.input_ids.flatten()[places.position]
        found += list(zip(ids.tolist(), values.tolist(), strict=True))
        first += part.spans.num_groups
    return found


def test_shares_of_two_processes_are_the_whole_batch(world, tokenizer, examples):
    """Sentences, corruption and names are what one process would have."""
    whole = collate(world, tokenizer, examples, centre_name_masking=0.5, mention_masking=0.3)
    shares = [
        collate(world, tokenizer, examples, share=Share(rank, 2), centre_name_masking=0.5, mention_masking=0.3)
        for rank in range(2)
    ]
    assert [share.counts["sentences"] for share in shares] == [20, 20]
    assert sum(share.counts["mentions"] for share in shares) == whole.counts["mentions"]
    rows = [row for share in shares for row in rows_of(share.sentences)]
    assert sorted(rows) == sorted(rows_of(whole.sentences))
    assert len(rows) == 40
    expected = concept_names(whole)
    assert len(expected) == 12
    for share in shares:
        found = concept_names(share)
        assert 0 < len(found) <= len(expected)
        assert found.items() <= expected.items()


def concept_names(batch):
    """Concept -> names of the nodes of its subgraph."""
    texts = rows_of(batch.graph.texts)
    names = {}
    for node, subgraph in enumerate(batch.graph.subgraph.tolist()):
        concept = int(batch.graph.concept[subgraph])
        names.setdefault(concept, []).append(tuple(texts[batch.graph.node_text[node]]))
    return {concept: tuple(found) for concept, found in names.items()}


def test_without_a_graph_side_only_the_language_model_is_fed(tokenizer):
    side = sentence_side(tokenizer, mention_masking=1.0, mlm_probability=1e-9)
    batch = Collator(side)([Example(TEXT, MENTIONS)], draws())
    assert batch.graph is None
    assert batch.sentences[0].spans.num_groups == 0
    assert tokenizer.mask_token_id not in batch.sentences[0].tokens.input_ids


def test_no_mention_in_the_batch_means_no_graph(world, tokenizer):
    batch = collate(world, tokenizer, [Example(TEXT, ())])
    assert batch.graph is None
    assert batch.sentences[0].tokens.input_ids.shape[0] == 1


def test_the_draws_alone_decide(world, tokenizer):
    first, again, other = (collate(world, tokenizer, [Example(TEXT, MENTIONS)] * 4, step=s) for s in (1, 1, 2))
    assert rows_of(first.sentences) == rows_of(again.sentences) != rows_of(other.sentences)
    assert concept_names(first) == concept_names(again)


def test_related_concepts_and_those_of_one_name_are_found(world, tokenizer, examples):
    nothing = collate(world, tokenizer, examples[:6])
    assert nothing.ignored_concepts.shape == (2, 0)
    concepts = nothing.graph.concept.tolist()
    related = collate(world, tokenizer, examples[:6], masks=("related",))
    # Edges of the tiny world: from c + 1 and c + 5 to every c but the last.
    edges = {(s, c) for c in concepts for s in ((c + 1) % 12, (c + 5) % 12) if s in concepts and c != 11}
    expected = edges | {(c, s) for s, c in edges}
    assert {tuple(pair) for pair in related.ignored_concepts.T.tolist()} == expected
    assert len(expected) > 4
    for share in (Share(0, 2), Share(1, 2)):
        ignored = collate(world, tokenizer, examples[:6], masks=("related",), share=share).ignored_concepts
        assert torch.equal(ignored, related.ignored_concepts), "every process knows the pairs of the whole batch"
    by_name = collate(world, tokenizer, examples[:6], masks=("names",))
    assert by_name.ignored_concepts.shape == (2, 0), "no two concepts of the tiny world share a name"
