import copy

import numpy as np
import pytest
import torch

from bali.batching.collator import BatchOptions, Collator, GraphSide
from bali.batching.example_dataset import Example, Mention
from bali.batching.name_table import NameTable
from bali.batching.subgraph_store import SubgraphStore
from bali.models.wordpiece import count_words, learn_vocabulary, make_tokenizer
from tests.unit.training.fixtures import CUIS, make_world, names_of

TEXT = "renal failure, failing renal organ and cardiac failure"
MENTIONS = (Mention(0, 13, CUIS[0]), Mention(15, 34, CUIS[0]), Mention(39, 54, CUIS[2]))


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    world = make_world(tmp_path_factory.mktemp("world"), with_base_model=False)
    store = SubgraphStore.read(world.inputs.subgraphs)
    return GraphSide(store, NameTable.read(world.inputs.names, world.inputs.nodes, store.node_ids()))


@pytest.fixture(scope="module")
def tokenizer():
    words = count_words([TEXT, *(name for concept in range(12) for name in names_of(concept))] * 2)
    return make_tokenizer(learn_vocabulary(words, 400), 64)


def options(**changes):
    shares = {"mlm_probability": 0.15, "mention_masking": 0.0, "centre_name_masking": 0.0}
    return BatchOptions(**{"max_sentence_length": 64, "max_name_length": 16, **shares, **changes})


def collate(tokenizer, graph, examples, seed=0, **changes):
    return Collator(tokenizer, options(**changes), graph)(examples, np.random.default_rng(seed))


def words_of(tokenizer, batch, group):
    positions = batch.mentions.position[batch.mentions.group == group]
    return tokenizer.convert_ids_to_tokens(batch.sentences.input_ids.flatten()[positions].tolist())


def test_a_repeated_concept_keeps_every_token_in_one_vector(tokenizer, graph):
    batch = collate(tokenizer, graph, [Example(TEXT, MENTIONS)], mlm_probability=1e-9)
    assert batch.mentions.num_groups == 2
    assert words_of(tokenizer, batch, 0) == ["renal", "failure", "failing", "renal", "organ"]
    assert words_of(tokenizer, batch, 1) == ["cardiac", "failure"]
    assert batch.mention_concept.tolist() == [0, 1]
    assert batch.counts == {
        "sentences": 1,
        "mentions": 3,
        "mentions_cut_by_truncation": 0,
        "mentions_without_token": 0,
        "mentions_without_subgraph": 0,
    }


def test_one_concept_in_two_sentences_is_one_concept_of_the_batch(tokenizer, graph):
    batch = collate(tokenizer, graph, [Example(TEXT, MENTIONS), Example(TEXT, MENTIONS[2:])])
    assert batch.mentions.num_groups == 3
    assert batch.mention_concept.tolist() == [0, 1, 1]
    assert len(batch.graph.root_index) == 2


def test_dropped_mentions_are_counted_by_reason(tokenizer, graph):
    unknown = Mention(0, 5, "C7777777")
    examples = [Example(TEXT, (unknown, *MENTIONS[1:])), Example("\u200b\u200b renal", (Mention(0, 1, CUIS[0]),))]
    batch = collate(tokenizer, graph, examples, max_sentence_length=9)
    assert batch.counts["mentions_without_subgraph"] == 1
    assert batch.counts["mentions_cut_by_truncation"] == 1
    assert batch.counts["mentions_without_token"] == 1
    assert batch.counts["mentions"] == 1


def test_inputs_are_not_changed(tokenizer, graph):
    examples = [Example(TEXT, MENTIONS)] * 3
    before = copy.deepcopy(examples)
    collate(tokenizer, graph, examples, mention_masking=1.0, centre_name_masking=1.0)
    assert examples == before


def test_mention_masking_hides_the_mention_and_keeps_the_targets(tokenizer, graph):
    plain = collate(tokenizer, graph, [Example(TEXT, MENTIONS)], seed=4)
    masked = collate(tokenizer, graph, [Example(TEXT, MENTIONS)], seed=4, mention_masking=1.0)
    assert len(plain.mlm_target) > 0
    assert torch.equal(plain.mlm_target, masked.mlm_target)
    assert set(words_of(tokenizer, masked, 0)) == {"[MASK]"}
    assert set(words_of(tokenizer, plain, 0)) != {"[MASK]"}


def test_centre_name_masking_spares_a_root_without_neighbours(tokenizer, graph):
    last = Example("thyroid failure", (Mention(0, 15, CUIS[11]),))
    batch = collate(tokenizer, graph, [Example(TEXT, MENTIONS), last], centre_name_masking=1.0)
    names = [row for bucket in batch.graph.names for row in bucket.tokens.input_ids.tolist()]
    roots = [names[batch.graph.node_name[index]] for index in batch.graph.root_index.tolist()]
    is_masked = [tokenizer.mask_token_id in row for row in roots]
    assert is_masked == [True, True, False]


def test_a_name_is_encoded_once(tokenizer, graph):
    batch = collate(tokenizer, graph, [Example(TEXT, MENTIONS)] * 20)
    names = [tuple(row) for bucket in batch.graph.names for row in bucket.tokens.input_ids.tolist()]
    assert len(names) == len(set(names)) == int(batch.graph.node_name.max()) + 1 > 1


def test_without_a_graph_side_only_the_language_model_is_fed(tokenizer):
    batch = collate(tokenizer, None, [Example(TEXT, MENTIONS)], mention_masking=1.0, mlm_probability=1e-9)
    assert batch.graph is None
    assert batch.mentions.num_groups == 0
    assert tokenizer.mask_token_id not in batch.sentences.input_ids


def test_no_mention_in_the_batch_means_no_graph(tokenizer, graph):
    batch = collate(tokenizer, graph, [Example(TEXT, ())])
    assert batch.graph is None
    assert batch.sentences.input_ids.shape[0] == 1


def test_the_generator_alone_decides(tokenizer, graph):
    first, again, other = (collate(tokenizer, graph, [Example(TEXT, MENTIONS)] * 4, seed=s) for s in (1, 1, 2))
    assert torch.equal(first.sentences.input_ids, again.sentences.input_ids)
    assert torch.equal(first.graph.node_name, again.graph.node_name)
    assert not torch.equal(first.sentences.input_ids, other.sentences.input_ids)
