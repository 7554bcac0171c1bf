from dataclasses import replace

import numpy as np
import pytest

from bali.batching.linearisation import LinearLayout, Pieces, linearise, tokenise_pieces
from bali.batching.subgraph_store import SubgraphStore
from bali.models.wordpiece import count_words, learn_vocabulary, make_tokenizer

NAMES = ["renal failure", "kidney", "acute renal failure", "x", "", "[SEP] heart [MASK]", "liver", "a, b: c"]
PHRASES = ["is a", "includes", "may treat", "has finding site"]
TEXTS = [*NAMES, *PHRASES, ":", ",", "[MASK]"]
COLON, COMMA = len(NAMES) + len(PHRASES), len(NAMES) + len(PHRASES) + 1
RELATION_PIECE = np.arange(len(PHRASES)) + len(NAMES)


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer(learn_vocabulary(count_words(TEXTS * 3), 200), 64)


@pytest.fixture(scope="module")
def pieces(tokenizer):
    return tokenise_pieces(tokenizer, TEXTS, 6)


@pytest.fixture(scope="module")
def layout(tokenizer):
    special = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id
    return LinearLayout("v1", *special, max_length=512, colon_piece=COLON, comma_piece=COMMA)


def store_of(subgraphs):
    """Subgraphs: (node ids, edges (source, target, relation))."""
    indptr = [np.cumsum([0, *(len(subgraph[part]) for subgraph in subgraphs)]) for part in range(2)]
    nodes = np.array([node for subgraph in subgraphs for node in subgraph[0]], np.int32)
    edges = np.array([edge for subgraph in subgraphs for edge in subgraph[1]], np.int32).reshape(-1, 3)
    cuis = np.array([f"C{number:07d}" for number in range(len(subgraphs))], "S8")
    return SubgraphStore(cuis, (indptr[0], nodes), (indptr[1], *edges.T))


def random_subgraphs(seed, number=12):
    generator = np.random.default_rng(seed)
    subgraphs = []
    for _ in range(number):
        num_nodes = int(generator.integers(1, 6))
        num_edges = int(generator.integers(0, 9)) * int(generator.random() < 0.9)
        edges = {tuple(map(int, generator.integers((num_nodes, num_nodes, len(PHRASES))))) for _ in range(num_edges)}
        edges = [sorted(edges)[place] for place in generator.permutation(len(edges))]
        subgraphs.append((generator.permutation(len(NAMES))[:num_nodes].tolist(), edges))
    return subgraphs


def plain_statements(subgraph, version):
    """Statements (texts, number of edges), of lists and dictionaries only."""
    nodes, edges = subgraph
    names = [NAMES[node] for node in nodes]
    ordered = sorted(edges, key=lambda edge: max(edge[:2]))
    if version == "v1":
        return [([names[source], PHRASES[relation], names[target]], 1) for source, target, relation in ordered]
    groups = {}
    for source, target, relation in ordered:
        groups.setdefault((target, relation), []).append(names[source])
    statements = []
    for (target, relation), sources in groups.items():
        texts = [] if target == 0 else [names[target]]
        texts += [PHRASES[relation], ":"]
        for place, source in enumerate(sources):
            texts += [",", source] if place else [source]
        statements.append((texts, len(sources)))
    return statements


def plain_text(tokenizer, subgraph, version, max_length):
    """(tokens, dropped edges)."""

    def tokens(texts):
        words = [tokenizer.tokenize(text, split_special_tokens=True)[:6] for text in texts]
        return [word for piece in words for word in piece]

    text = ["[CLS]", *tokens([NAMES[subgraph[0][0]]])[: max_length - 2], "[SEP]"]
    statements = plain_statements(subgraph, version)
    for place, (texts, _) in enumerate(statements):
        statement = [*tokens(texts), "[SEP]"]
        if len(text) + len(statement) > max_length:
            return text, sum(num_edges for _, num_edges in statements[place:])
        text += statement
    return text, 0


def texts_of(tokenizer, result):
    bounds = zip(result.indptr[:-1], result.indptr[1:], strict=True)
    return [tokenizer.convert_ids_to_tokens(result.ids[start:end].tolist()) for start, end in bounds]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("max_length", [2, 3, 9, 17, 30, 512])
def test_equals_the_plain_way_token_by_token(tokenizer, pieces, layout, version, max_length):
    num_dropped = num_edges = 0
    for seed in range(15):
        subgraphs = random_subgraphs(seed)
        rows = np.random.default_rng(seed).integers(0, len(subgraphs), 20)
        union = store_of(subgraphs).union(rows)
        cut = replace(layout, format=version, max_length=max_length)
        result = linearise(union, union.node_ids, RELATION_PIECE, pieces, cut)
        plain = [plain_text(tokenizer, subgraphs[row], version, max_length) for row in rows]
        assert texts_of(tokenizer, result) == [text for text, _ in plain]
        assert result.num_dropped_edges == sum(dropped for _, dropped in plain)
        assert np.diff(result.indptr).max() <= max_length
        assert (result.ids[result.indptr[1:] - 1] == layout.sep_id).all()
        assert np.array_equal(result.is_special, np.isin(result.ids, [layout.cls_id, layout.sep_id]))
        num_dropped += result.num_dropped_edges
        num_edges += len(union.edge_relation)
    assert num_edges > 300
    assert (num_dropped == 0) == (max_length == 512)


STAR = ([0, 1, 2, 6], [(1, 0, 0), (2, 0, 2), (3, 0, 0), (3, 1, 3)])


def write(tokenizer, pieces, layout, subgraphs=(STAR,), rows=(0,)):
    union = store_of(subgraphs).union(np.array(rows, np.int64))
    result = linearise(union, union.node_ids, RELATION_PIECE, pieces, layout)
    return [" ".join(text).replace(" ##", "") for text in texts_of(tokenizer, result)], result


def test_v1_is_the_form_of_the_paper(tokenizer, pieces, layout):
    (text,), _ = write(tokenizer, pieces, layout)
    statements = ["[CLS] renal failure", "kidney is a renal failure", "acute renal failure may treat renal failure"]
    statements += ["liver is a renal failure", "liver has finding site kidney", ""]
    assert text == " [SEP] ".join(statements).strip()


def test_v2_says_target_and_relation_once(tokenizer, pieces, layout):
    (text,), result = write(tokenizer, pieces, replace(layout, format="v2"))
    statements = ["[CLS] renal failure", "is a : kidney , liver", "may treat : acute renal failure"]
    statements += ["kidney has finding site : liver", ""]
    assert text == " [SEP] ".join(statements).strip()
    assert result.num_dropped_edges == 0


def test_a_text_ends_before_the_first_statement_that_does_not_fit(tokenizer, pieces, layout):
    (whole,), result = write(tokenizer, pieces, layout)
    ends = np.flatnonzero(result.ids == layout.sep_id) + 1
    for number, end in enumerate(ends.tolist()):
        for room in range(end, int(ends[number + 1]) if number + 1 < len(ends) else end + 3):
            (text,), cut = write(tokenizer, pieces, replace(layout, max_length=room))
            assert len(cut.ids) == end
            assert whole.startswith(text)
            assert cut.num_dropped_edges == len(ends) - 1 - number


def test_a_short_statement_does_not_follow_a_dropped_long_one(tokenizer, pieces, layout):
    subgraph = ([1, 2, 3], [(1, 0, 2), (2, 0, 0)])
    _, short = write(tokenizer, pieces, layout, [([1, 3], [(1, 0, 0)])])
    room = len(short.ids)
    assert len(write(tokenizer, pieces, replace(layout, max_length=room), [([1, 3], [(1, 0, 0)])])[1].ids) == room
    (text,), result = write(tokenizer, pieces, replace(layout, max_length=room), [subgraph])
    assert text == "[CLS] kidney [SEP]"
    assert result.num_dropped_edges == 2


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_text_does_not_depend_on_the_others(tokenizer, pieces, layout, version):
    subgraphs = random_subgraphs(3)
    cut = replace(layout, format=version, max_length=30)
    alone = [write(tokenizer, pieces, cut, subgraphs, [row]) for row in range(len(subgraphs))]
    order = np.random.default_rng(0).permutation(len(subgraphs))
    together, result = write(tokenizer, pieces, cut, subgraphs, order)
    assert len(set(together)) > 6
    assert together == [alone[row][0][0] for row in order]
    assert result.num_dropped_edges == sum(one.num_dropped_edges for _, one in alone) > 0


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_roots_without_edges_and_no_roots(tokenizer, pieces, layout, version):
    alone = replace(layout, format=version)
    assert write(tokenizer, pieces, alone, [([1], [])])[0] == ["[CLS] kidney [SEP]"]
    mixed = write(tokenizer, pieces, alone, [([1], []), STAR, ([3], [])], [0, 1, 2])[0]
    assert (mixed[0], mixed[2]) == ("[CLS] kidney [SEP]", "[CLS] x [SEP]")
    texts, result = write(tokenizer, pieces, alone, [STAR], [])
    assert texts == []
    assert (result.indptr.tolist(), len(result.ids), result.num_dropped_edges) == ([0], 0, 0)


def test_a_separator_in_a_name_is_letters(tokenizer, pieces, layout):
    number = NAMES.index("[SEP] heart [MASK]")
    (text,), result = write(tokenizer, pieces, layout, [([number], [])])
    assert text.startswith("[CLS] [ sep ] heart")
    assert np.flatnonzero(result.is_special).tolist() == [0, len(result.ids) - 1]
    assert (result.ids == layout.sep_id).sum() == 1
    assert tokenizer("[SEP]", add_special_tokens=False)["input_ids"] == [layout.sep_id]  # is one, asked the usual way


def test_a_hidden_name_is_not_to_be_predicted(tokenizer, pieces, layout):
    hidden = len(TEXTS) - 1
    ids = np.concatenate([pieces.ids[: pieces.indptr[hidden]], [layout.mask_id]])
    with_mask = Pieces(np.append(pieces.indptr[: hidden + 1], len(ids)), ids)
    union = store_of([STAR]).union(np.array([0]))
    node_piece = np.where(union.node_ids == 0, hidden, union.node_ids)
    result = linearise(union, node_piece, RELATION_PIECE, with_mask, layout)
    assert (result.ids == layout.mask_id).sum() == 4
    assert result.is_special[result.ids == layout.mask_id].all()


def test_inputs_are_not_modified(pieces, layout):
    union = store_of([STAR]).union(np.array([0, 0]))
    arrays = [union.node_ids, union.edge_index, union.edge_relation, union.root_index, pieces.ids, pieces.indptr]
    for array in arrays:
        array.setflags(write=False)
    result = linearise(union, union.node_ids, RELATION_PIECE, pieces, replace(layout, format="v2", max_length=12))
    assert len(result.ids)
    for array in arrays:
        array.setflags(write=True)


def test_pieces_are_cut_and_may_be_empty(tokenizer):
    pieces = tokenise_pieces(tokenizer, ["renal " * 9, "", "kidney"], 4)
    assert np.diff(pieces.indptr).tolist() == [4, 0, np.diff(tokenise_pieces(tokenizer, ["kidney"], 64).indptr)[0]]
    assert len(pieces.ids) == pieces.indptr[-1]
    assert tokenise_pieces(tokenizer, [], 4).indptr.tolist() == [0]
