import numpy as np
import pyarrow as pa
import pytest

from bali.batching.example_dataset import ExampleDataset, copy_examples
from bali.batching.name_table import NameTable
from bali.batching.randomness import Draws, Stream
from bali.batching.scratch import ScratchArray
from bali.batching.subgraph_store import ABSENT, SubgraphStore
from bali.errors import ArtefactError, InputError
from bali.graph.folder import read_relation_pairs
from bali.io.parquet import Provenance, read_artefact, write_artefact
from bali.schemas import DEFINITIONS, NAMES, SUBGRAPHS
from tests.unit.training.fixtures import CUIS, definitions_of, make_world, names_of


def draws(number):
    return Draws(0, Stream.COLLATION, number)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), with_base_model=False)


def test_examples_come_by_row_over_shards(world, tmp_path):
    copy_examples(world.inputs.train, tmp_path / "train.arrow")
    dataset = ExampleDataset(tmp_path / "train.arrow")
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
    assert union.root_has_edges.tolist() == [True, False, True]
    assert union.subgraph.tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert union.edge_index.tolist() == [[1, 2, 5, 6], [0, 0, 4, 4]]
    assert union.edge_relation.tolist() == [1, 2, 0, 2]
    assert store.num_relations() == len(read_relation_pairs(world.inputs.relation_labels)) == 3


def test_roots_only_has_the_same_roots_and_no_edge(world):
    union = SubgraphStore.read(world.inputs.subgraphs).roots_only().union(np.array([3, 11]))
    assert union.node_ids.tolist() == [3, 11]
    assert union.edge_index.shape == (2, 0)
    assert union.root_has_edges.tolist() == [False, False]


def two_hops(world, path):
    """The first subgraphs, grown by a hop: the neighbours' own first neighbours."""
    rows = read_artefact(world.inputs.subgraphs, SUBGRAPHS).to_pylist()[:3]
    for row in rows:
        for place, node in enumerate(row["node_ids"][1:], start=1):
            row["node_ids"].append((node + 1) % 12)
            row["node_hops"].append(2)
            row["edge_source"].append(len(row["node_ids"]) - 1)
            row["edge_target"].append(place)
            row["edge_relation"].append(1)
    write_artefact(path, pa.Table.from_pylist(rows, SUBGRAPHS), SUBGRAPHS, Provenance("subgraphs"))
    return path


def unions(store):
    union = store.union(np.arange(3))
    return [union.node_ids.tolist(), union.edge_index.tolist(), union.edge_relation.tolist(), union.root_index.tolist()]


def test_subgraphs_can_be_cut_to_fewer_hops(world, tmp_path):
    path = two_hops(world, tmp_path / "two_hops.parquet")
    whole = SubgraphStore.read(path)
    assert len(whole.union(np.arange(3)).node_ids) == 15
    assert unions(SubgraphStore.read(path, max_hops=2)) == unions(whole)
    assert unions(SubgraphStore.read(path, max_hops=1)) == unions(SubgraphStore.read(world.inputs.subgraphs))
    assert unions(SubgraphStore.read(path, max_hops=0)) == unions(SubgraphStore.read(path).roots_only())


def test_shuffled_edges_keep_roots_shapes_and_how_often_a_concept_is_a_neighbour(world):
    store = SubgraphStore.read(world.inputs.subgraphs)
    plain, shuffled, again, other = (s.union(np.arange(12)) for s in (store, *map(store.shuffled, (5, 5, 6))))
    assert shuffled.node_ids[shuffled.root_index].tolist() == list(range(12))
    assert np.array_equal(shuffled.edge_index, plain.edge_index)
    assert np.array_equal(shuffled.edge_relation, plain.edge_relation)
    assert np.array_equal(np.sort(shuffled.node_ids), np.sort(plain.node_ids))
    assert np.array_equal(shuffled.node_ids, again.node_ids)
    assert not np.array_equal(shuffled.node_ids, plain.node_ids)
    assert not np.array_equal(shuffled.node_ids, other.node_ids)


def test_concepts_that_share_a_name_are_found(world, tmp_path):
    rows = read_artefact(world.inputs.names, NAMES).to_pylist()
    taken = {**rows[0], "cui": CUIS[4], "aui": "A9999991", "name": names_of(0)[1].upper(), "is_preferred": False}
    third = {**taken, "cui": CUIS[7], "aui": "A9999992"}
    path = tmp_path / "names.parquet"
    write_artefact(path, pa.Table.from_pylist([*rows, taken, third], NAMES), NAMES, Provenance("names"))
    table = NameTable.read(path, world.inputs.nodes, np.arange(12), with_keys=True)
    pairs = table.sharing(np.array([0, 3, 4, 7, 9])).T.tolist()
    assert pairs == [[0, 2], [0, 3], [2, 0], [2, 3], [3, 0], [3, 2]]
    assert table.sharing(np.array([1, 4])).shape == (2, 0)


def test_unsorted_subgraphs_are_refused(world, tmp_path):
    table = read_artefact(world.inputs.subgraphs, SUBGRAPHS)
    path = tmp_path / "subgraphs.parquet"
    write_artefact(path, table.take(pa.array([1, 0])), SUBGRAPHS, Provenance("subgraphs"))
    with pytest.raises(ArtefactError, match="root_cui in order"):
        SubgraphStore.read(path)


@pytest.mark.parametrize("batch_rows", [2, 8192])
def test_the_mapped_subgraphs_are_those_of_the_artefact(world, tmp_path, monkeypatch, batch_rows):
    monkeypatch.setattr("bali.batching.subgraph_store._BATCH_ROWS", batch_rows)
    store = SubgraphStore.read(world.inputs.subgraphs, tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == [], "the files have no name"
    rows = read_artefact(world.inputs.subgraphs, SUBGRAPHS).to_pylist()
    assert len(rows) == 12
    for number, row in enumerate(rows):
        union = store.union(np.array([number]))
        assert union.node_ids.tolist() == row["node_ids"]
        assert union.edge_index.tolist() == [row["edge_source"], row["edge_target"]]
        assert union.edge_relation.tolist() == row["edge_relation"]
    assert store.rows(CUIS).tolist() == list(range(12))
    assert store.node_ids().tolist() == list(range(12))


def test_no_subgraph_at_all(world, tmp_path):
    path = tmp_path / "subgraphs.parquet"
    write_artefact(path, SUBGRAPHS.empty_table(), SUBGRAPHS, Provenance("subgraphs"))
    store = SubgraphStore.read(path, tmp_path)
    assert store.rows(CUIS).tolist() == [ABSENT] * 12
    assert store.node_ids().tolist() == []
    assert store.num_relations() == 0


@pytest.mark.parametrize(("column", "value"), [("edge_target", [0, 0, 0]), ("node_ids", [])])
def test_a_subgraph_that_is_not_whole_is_refused(world, tmp_path, column, value):
    rows = read_artefact(world.inputs.subgraphs, SUBGRAPHS).to_pylist()
    rows[5][column] = value
    path = tmp_path / "subgraphs.parquet"
    write_artefact(path, pa.Table.from_pylist(rows, SUBGRAPHS), SUBGRAPHS, Provenance("subgraphs"))
    with pytest.raises(ArtefactError, match="expected distinct root_cui in order"):
        SubgraphStore.read(path)


def test_an_unsorted_pair_at_the_seam_of_two_batches_is_refused(world, tmp_path, monkeypatch):
    monkeypatch.setattr("bali.batching.subgraph_store._BATCH_ROWS", 2)
    table = read_artefact(world.inputs.subgraphs, SUBGRAPHS)
    path = tmp_path / "subgraphs.parquet"
    write_artefact(path, table.take(pa.array([0, 2, 1, 3])), SUBGRAPHS, Provenance("subgraphs"))
    with pytest.raises(ArtefactError, match="root_cui in order"):
        SubgraphStore.read(path)


def test_a_scratch_array_is_mapped_whole(tmp_path):
    array = ScratchArray(tmp_path / "new", np.int16)
    array.append(np.array([3, 1], np.int16))
    array.append(np.arange(20, dtype=np.int16)[::2])
    mapped = array.map()
    assert mapped.tolist() == [3, 1, *range(0, 20, 2)]
    assert isinstance(mapped.base, np.memmap)
    assert not mapped.flags.writeable
    assert ScratchArray(tmp_path, np.int64).map().tolist() == []
    with pytest.raises(AssertionError, match="expected int16, got int64"):
        ScratchArray(None, np.int16).append(np.array([1]))


def test_every_name_is_drawn_once_without_regard_to_case(world):
    table = NameTable.read(world.inputs.names, world.inputs.nodes, np.array([2, 5]))
    drawn = [table.draw(np.array([5, 2, 5]), draws(number)) for number in range(300)]
    assert all(names[0] == names[2] for names in drawn), "a node has one name in a batch"
    assert {names[1].lower() for names in drawn} == set(names_of(2))
    assert {names[0].lower() for names in drawn} == set(names_of(5))
    counts = np.unique([names[1].lower() for names in drawn], return_counts=True)[1]
    assert counts.min() > 60, "each name has the same chance; one that comes in two cases is one name"


def drawn(table, node, num=600):
    found = [table.draw(np.array([node]), draws(number))[0] for number in range(num)]
    texts, counts = np.unique(found, return_counts=True)
    return dict(zip(texts.tolist(), counts.tolist(), strict=True))


def read_texts(world, definitions):
    return NameTable.read(world.inputs.names, world.inputs.nodes, np.array([2, 5, 6]), definitions)


def test_definitions_are_drawn_as_often_as_names(world):
    found = drawn(read_texts(world, world.inputs.definitions), 2)
    new = {text for _, text in definitions_of(2) if text.lower() not in names_of(2)}
    assert len(new) == 2
    assert {text.lower() for text in found} == {*names_of(2), *(text.lower() for text in new)}
    assert new < found.keys(), "a definition keeps its case"
    assert min(found.values()) > 600 / 5 * 0.7, "one that repeats a name in other case is not drawn twice as often"
    assert max(found.values()) < 600 / 5 * 1.3


def test_a_concept_without_a_definition_has_its_names(world):
    assert definitions_of(6) == []
    found = drawn(read_texts(world, world.inputs.definitions), 6)
    assert {text.lower() for text in found} == set(names_of(6))


def test_without_the_option_no_definition_is_drawn(world):
    assert {text.lower() for text in drawn(read_texts(world, None), 2)} == set(names_of(2))


def test_the_order_of_the_definitions_changes_nothing(world, tmp_path):
    table = read_artefact(world.inputs.definitions, DEFINITIONS)
    assert table.num_rows == 12
    path = tmp_path / "definitions.parquet"
    turned = table.take(pa.array(range(table.num_rows - 1, -1, -1)))
    write_artefact(path, turned, DEFINITIONS, Provenance("definitions"))
    tables = [read_texts(world, definitions) for definitions in (world.inputs.definitions, path)]
    nodes = np.array([2, 5, 6])
    for number in range(50):
        first, second = (table.draw(nodes, draws(number)) for table in tables)
        assert first == second


def test_asking_for_definitions_that_are_not_there_is_an_error(world, tmp_path):
    path = tmp_path / "definitions.parquet"
    write_artefact(path, DEFINITIONS.empty_table(), DEFINITIONS, Provenance("definitions"))
    with pytest.raises(InputError, match=r"definitions of the 3 concepts .* Set pretraining\.node_text to names"):
        read_texts(world, path)
