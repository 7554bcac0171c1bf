import numpy as np
import pytest
import torch

from tests.unit.batching.sides import draws, graph_side, tokenizer_of_the_world
from tests.unit.training.fixtures import make_world, names_of

CONCEPTS = np.array([0, 3, 6, 11])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), with_base_model=False)


@pytest.fixture(scope="module")
def tokenizer():
    return tokenizer_of_the_world()


def texts_of(tokenizer, parts):
    return [
        tokenizer.decode(row[: int(mask.sum())].tolist())
        for part in parts
        for row, mask in zip(part.tokens.input_ids, part.tokens.attention_mask, strict=True)
    ]


def bare(text):
    return text.removeprefix("[CLS] ").removesuffix(" [SEP]")


def make(world, tokenizer, concepts=CONCEPTS, step=0, **changes):
    return graph_side(world, tokenizer, **changes)(concepts, draws(step), {})


def test_nodes_have_names_of_their_concepts_and_a_name_is_encoded_once(world, tokenizer):
    graph = make(world, tokenizer, np.arange(12))
    texts = texts_of(tokenizer, graph.texts)
    assert len(texts) == len(set(texts)) == 12
    assert len(graph.node_text) == 12 + 22
    roots = [bare(texts[graph.node_text[index]]) for index in graph.root_index]
    assert all(root in [name.lower() for name in names_of(concept)] for concept, root in enumerate(roots))
    assert graph.has_edges.tolist() == [True] * 11 + [False]


def test_centre_name_masking_spares_a_root_without_neighbours_and_root_names_are_kept(world, tokenizer):
    graph = make(world, tokenizer, centre_name_masking=1.0, with_root_names=True)
    texts = texts_of(tokenizer, graph.texts)
    roots = [bare(texts[graph.node_text[index]]) for index in graph.root_index]
    assert roots[:3] == ["[MASK]"] * 3
    assert roots[3] in names_of(11)
    own = [bare(texts[number]) for number in graph.root_name]
    assert all(name in names_of(concept) for concept, name in zip(CONCEPTS, own, strict=True))
    assert make(world, tokenizer).root_name is None


def test_held_out_edges_leave_message_passing(world, tokenizer):
    whole = make(world, tokenizer, np.arange(12))
    found = 0
    for step in range(20):
        graph = make(world, tokenizer, np.arange(12), step, with_links=True)
        source, relation, target = graph.links.triples
        left = set(map(tuple, torch.cat([graph.edge_index, graph.edge_relation[None]]).T.tolist()))
        taken = set(zip(source.tolist(), target.tolist(), relation.tolist(), strict=True))
        assert not left & taken
        assert len(left) + len(taken) == whole.edge_index.shape[1]
        assert graph.links.negatives.shape == (len(source), 16)
        assert len(source) == 0 or int(graph.links.negatives.max()) < len(graph.node_text)
        found += len(source)
    assert found / (20 * whole.edge_index.shape[1]) == pytest.approx(0.15, abs=0.06)


def test_corrupted_sources_and_shuffled_texts_are_of_the_batch(world, tokenizer):
    graph = make(world, tokenizer, np.arange(12), with_corrupted_edges=True, with_shuffled_texts=True)
    assert graph.corrupted_source.shape == graph.edge_index[0].shape
    assert not torch.equal(graph.corrupted_source, graph.edge_index[0])
    assert int(graph.corrupted_source.max()) < len(graph.node_text)
    assert sorted(graph.shuffled_text.tolist()) == sorted(graph.node_text.tolist())
    assert not torch.equal(graph.shuffled_text, graph.node_text)


def test_targets_on_the_graph_do_not_depend_on_the_other_concepts(world, tokenizer):
    """Which edges are held out, and which names are drawn, is a matter of the subgraph and the batch's number."""
    alone = make(world, tokenizer, np.array([3]), 2, with_links=True)
    together = make(world, tokenizer, np.array([0, 3]), 2, with_links=True)
    first = int(together.root_index[1])
    expected = alone.links.triples + torch.tensor([[first], [0], [first]])
    mine = together.links.triples[:, together.links.triples[0] >= first]
    assert torch.equal(mine, expected)


@pytest.mark.parametrize("layout", ["v1", "v2"])
def test_a_linearised_subgraph_is_one_text_of_its_concept(world, tokenizer, layout):
    graph = make(world, tokenizer, linearised=layout, with_root_names=True)
    assert graph.edge_index.shape == (2, 0)
    assert graph.root_index.tolist() == [0, 1, 2, 3]
    texts = texts_of(tokenizer, graph.texts)
    for place, concept in enumerate(CONCEPTS.tolist()):
        text = texts[graph.node_text[place]]
        own = bare(texts[graph.root_name[place]])
        assert own in names_of(concept)
        assert text.startswith("[CLS]")
        assert text.endswith("[SEP]")
        assert text.count("[SEP]") == (1 if concept == 11 else 3)
    spans = [part.spans for part in graph.texts]
    assert sum(span.num_groups for span in spans) == 8
    for part in graph.texts[: len(graph.texts) - 1]:
        assert torch.all(part.spans.position % part.tokens.input_ids.shape[1] == 0) or part.targets.token.shape == (0,)


def test_targets_of_linearised_graphs_are_no_special_tokens(world, tokenizer):
    found = []
    for step in range(20):
        graph = make(world, tokenizer, np.arange(12), step, linearised="v1", centre_name_masking=0.5)
        for part in graph.texts:
            found += part.targets.token.tolist()
            assert torch.all(part.tokens.attention_mask.flatten()[part.targets.position] == 1)
    assert len(found) > 100
    special = [tokenizer.pad_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id]
    assert not set(found) & {*special}
