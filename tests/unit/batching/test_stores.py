import numpy as np
import pyarrow as pa
import pytest

from bali.batching.example_dataset import ExampleDataset
from bali.batching.name_table import NameTable
from bali.batching.subgraph_store import ABSENT, SubgraphStore, count_relations
from bali.errors import ArtefactError
from bali.io.parquet import Provenance, read_artefact, write_artefact
from bali.schemas import SUBGRAPHS
from tests.unit.training.fixtures import CUIS, make_world, names_of


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), with_base_model=False)


def test_examples_come_by_row_over_shards(world, tmp_path):
    dataset = ExampleDataset(world.inputs.train, tmp_path / "train.arrow")
    assert len(dataset) == 48
    first, last = dataset.examples(np.array([47, 0]))
    assert all(m.cui in CUIS and first.text[m.start : m.end] for m in first.mentions)
    assert last.text != first.text
    counts = dataset.count()
    assert counts["num_sentences"] == 48
    assert counts["num_concepts"] == 12
    assert counts["num_mentions"] == sum(len(e.mentions) for e in dataset.examples(np.arange(48))) > 96


def test_subgraphs_are_joined_side_by_side(world):
    store = SubgraphStore.read(world.inputs.subgraphs)
    rows = store.rows([CUIS[3], "C9999999", CUIS[11], "C0000001"])
    assert rows.tolist() == [3, ABSENT, 11, ABSENT]
    union = store.union(np.array([3, 11, 4]))
    assert union.node_ids.tolist() == [3, 4, 8, 11, 4, 5, 9]
    assert union.root_index.tolist() == [0, 3, 4]
    assert union.root_in_degree.tolist() == [2, 0, 2]
    assert union.edge_index.tolist() == [[1, 2, 5, 6], [0, 0, 4, 4]]
    assert union.edge_relation.tolist() == [1, 2, 0, 2]
    assert store.num_relations() == count_relations(world.inputs.graph_dir) == 3


def test_roots_only_has_the_same_roots_and_no_edge(world):
    union = SubgraphStore.read(world.inputs.subgraphs).roots_only().union(np.array([3, 11]))
    assert union.node_ids.tolist() == [3, 11]
    assert union.edge_index.shape == (2, 0)
    assert union.root_in_degree.tolist() == [0, 0]


def test_unsorted_subgraphs_are_refused(world, tmp_path):
    table = read_artefact(world.inputs.subgraphs, SUBGRAPHS)
    path = tmp_path / "subgraphs.parquet"
    write_artefact(path, table.take(pa.array([1, 0])), SUBGRAPHS, Provenance("subgraphs"))
    with pytest.raises(ArtefactError, match="root_cui in order"):
        SubgraphStore.read(path)


def test_every_name_is_drawn_once_without_regard_to_case(world):
    table = NameTable.read(world.inputs.names, world.inputs.nodes, np.array([2, 5]))
    generator = np.random.default_rng(0)
    drawn = [table.draw(np.array([5, 2, 5]), generator) for _ in range(300)]
    assert {names[1].lower() for names in drawn} == set(names_of(2))
    assert {names[0].lower() for names in drawn} == set(names_of(5))
    counts = np.unique([names[1].lower() for names in drawn], return_counts=True)[1]
    assert counts.min() > 60, "each name has the same chance; one that comes in two cases is one name"
