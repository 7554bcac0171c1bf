"""Sampled subgraphs written as texts of token ids, for a language model that reads the graph.

Two formats, both beginning with `[CLS] centre [SEP]`:

* v1, a statement an edge: `source relation target [SEP]`. With one hop these are the statements
  `neighbour relation centre [SEP]` of the paper (Sakhovskiy & Tutubalina, SIGIR 2025).
* v2, a statement for all edges of one relation into one node: `relation : source , source [SEP]` where that node is the
  centre, else `target relation : source , source [SEP]`. The phrase still reads from the sources to the target: of
  "is a : a , b" the centre is the general concept.

Names and phrases are tokenised one by one, once, and put together by number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bali.batching.ragged import IntArray, ranges
from bali.batching.subgraph_store import DisjointUnion
from bali.vocabulary import LinearisedFormat

_NOTHING, _SEP, _CLS = -3, -2, -1  # in the place of a piece's number


@dataclass(frozen=True)
class Pieces:
    """Tokens of texts without special tokens, ragged: piece p is `ids[indptr[p]:indptr[p + 1]]`.

    Attributes:
        indptr: (num_pieces + 1,).
        ids: (num_tokens,).
    """

    indptr: IntArray
    ids: IntArray


@dataclass(frozen=True)
class LinearLayout:
    """How a subgraph is written.

    Attributes:
        format: see above.
        cls_id: token that begins a text.
        sep_id: token that ends a statement.
        mask_id: token that stands for hidden ones.
        max_length: tokens of a text, special ones among them; at least 2.
        colon_piece: the piece ":", for v2.
        comma_piece: the piece ",", for v2.
    """

    format: LinearisedFormat
    cls_id: int
    sep_id: int
    mask_id: int
    max_length: int
    colon_piece: int
    comma_piece: int


@dataclass(frozen=True)
class LinearisedTexts:
    """A text a root, ragged: text r is `ids[indptr[r]:indptr[r + 1]]`.

    Attributes:
        indptr: (num_roots + 1,).
        ids: (num_tokens,).
        is_special: (num_tokens,) true on [CLS], [SEP] and [MASK], which are not to be predicted.
        num_dropped_edges: edges of all roots whose statements did not fit.
    """

    indptr: IntArray
    ids: IntArray
    is_special: npt.NDArray[np.bool_]
    num_dropped_edges: int


@dataclass(frozen=True)
class _Parts:
    """The texts as sequences of pieces, in order.

    Attributes:
        root: (num_parts,) the text it belongs to.
        piece: (num_parts,) number of a piece, or `_CLS`, `_SEP`.
        is_source: (num_parts,) it is the source of an edge: there is one for every edge.
    """

    root: IntArray
    piece: IntArray
    is_source: npt.NDArray[np.bool_]


def tokenise_pieces(tokenizer: Any, texts: Sequence[str], max_length: int) -> Pieces:
    """Tokenise texts, each cut at `max_length` tokens; a "[SEP]" in a name is letters, no separator."""
    if not texts:
        return Pieces(np.zeros(1, np.int64), np.empty(0, np.int64))
    rows = tokenizer(
        list(texts),
        add_special_tokens=False,
        split_special_tokens=True,
        truncation=True,
        max_length=max_length,
        return_attention_mask=False,
        return_token_type_ids=False,
    )["input_ids"]
    pieces = Pieces(
        np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64),
        np.fromiter((number for row in rows for number in row), np.int64),
    )
    separators = [tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id]
    assert not np.isin(pieces.ids, separators).any(), "the tokenizer made a special token of a text's own letters"
    return pieces


def linearise(
    union: DisjointUnion, node_piece: IntArray, relation_piece: IntArray, pieces: Pieces, layout: LinearLayout
) -> LinearisedTexts:
    """Write the subgraph of each root as a text.

    Edges come in order of their end that is stored later in the subgraph, then as stored; nodes are stored in order of
    hop, so this is an order by hop of the farther end, too. A group of v2 comes where its first edge would. A text
    ends before the first statement that does not fit; a centre that alone does not fit is cut.

    Args:
        union: the subgraphs side by side.
        node_piece: (num_nodes,) piece of each node's name.
        relation_piece: (num_relations,) piece of each relation's phrase.
        pieces: tokens of names and phrases.
        layout: how to write.

    Returns:
        The texts in order of the roots; each ends in [SEP].
    """
    assert layout.max_length >= 2, "no room for [CLS] and [SEP]"
    parts = _parts(union, node_piece, relation_piece, layout)
    lengths = np.ones(len(parts.piece), np.int64)
    is_text = parts.piece >= 0
    lengths[is_text] = np.diff(pieces.indptr)[parts.piece[is_text]]
    centre = np.flatnonzero(parts.piece == _CLS) + 1
    lengths[centre] = np.minimum(lengths[centre], layout.max_length - 2)
    fits = _fits(parts, lengths, layout.max_length)
    ids = _write(parts.piece[fits], lengths[fits], pieces, layout)
    num_tokens = np.bincount(parts.root[fits], weights=lengths[fits], minlength=len(union.root_index))
    return LinearisedTexts(
        indptr=np.concatenate([[0], np.cumsum(num_tokens)]).astype(np.int64),
        ids=ids,
        is_special=np.isin(ids, [layout.cls_id, layout.sep_id, layout.mask_id]),
        num_dropped_edges=int((parts.is_source & ~fits).sum()),
    )


def _parts(union: DisjointUnion, node_piece: IntArray, relation_piece: IntArray, layout: LinearLayout) -> _Parts:
    """The texts before they are cut."""
    num_roots = len(union.root_index)
    centre = node_piece[union.root_index]
    headers = np.stack([np.full(num_roots, _CLS), centre, np.full(num_roots, _SEP)], axis=1)
    order = np.argsort(union.edge_index.max(axis=0), kind="stable")
    if layout.format == "v1":
        statements, source_column = _single(union, order, node_piece, relation_piece), 0
    else:
        order, is_first = _group(union, order, len(relation_piece))
        statements, source_column = _grouped(union, order, is_first, (node_piece, relation_piece), layout), 4
    edge_root = np.searchsorted(union.root_index, union.edge_index[1, order], side="right") - 1
    root = np.concatenate([np.repeat(np.arange(num_roots), 3), np.repeat(edge_root, statements.shape[1])])
    piece = np.concatenate([headers.ravel(), statements.ravel()])
    is_source = np.zeros(statements.shape, np.bool_)
    is_source[:, source_column] = True
    is_source = np.concatenate([np.zeros(headers.size, np.bool_), is_source.ravel()])
    kept = np.flatnonzero(piece != _NOTHING)
    kept = kept[np.argsort(root[kept], kind="stable")]
    return _Parts(root[kept], piece[kept], is_source[kept])


def _single(union: DisjointUnion, order: IntArray, node_piece: IntArray, relation_piece: IntArray) -> IntArray:
    """The pieces of v1: (num_edges, 4)."""
    source, target = node_piece[union.edge_index[:, order]]
    return np.stack([source, relation_piece[union.edge_relation[order]], target, np.full(len(order), _SEP)], axis=1)


def _group(union: DisjointUnion, order: IntArray, num_relations: int) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Edges of one target and relation brought together; and which begin a group."""
    keys = union.edge_index[1, order] * num_relations + union.edge_relation[order]
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    begin = first[group]
    together = np.argsort(begin, kind="stable")
    return order[together], begin[together] == together


def _grouped(
    union: DisjointUnion,
    order: IntArray,
    is_first: npt.NDArray[np.bool_],
    piece_of: tuple[IntArray, IntArray],
    layout: LinearLayout,
) -> IntArray:
    """The pieces of v2: (num_edges, 6), `_NOTHING` where an edge adds none.

    Args:
        union: the subgraphs.
        order: (num_edges,) the edges, group after group.
        is_first: (num_edges,) in this order: the edge begins a group.
        piece_of: of the nodes, of the relations.
        layout: how to write.
    """
    node_piece, relation_piece = piece_of
    source, target = union.edge_index[:, order]
    is_last = np.append(is_first[1:], True)[: len(order)]
    columns = [
        np.where(is_first & ~np.isin(target, union.root_index), node_piece[target], _NOTHING),
        np.where(is_first, relation_piece[union.edge_relation[order]], _NOTHING),
        np.where(is_first, layout.colon_piece, _NOTHING),
        np.where(is_first, _NOTHING, layout.comma_piece),
        node_piece[source],
        np.where(is_last, _SEP, _NOTHING),
    ]
    return np.stack(columns, axis=1)


def _fits(parts: _Parts, lengths: IntArray, max_length: int) -> npt.NDArray[np.bool_]:
    """Whether a text has at most `max_length` tokens with the statement of each part."""
    end = np.cumsum(lengths)
    begin = (end - lengths)[parts.piece == _CLS]
    separators = np.flatnonzero(parts.piece == _SEP)
    statement = np.searchsorted(separators, np.arange(len(end)))
    fits: npt.NDArray[np.bool_] = end[separators][statement] - begin[parts.root] <= max_length
    return fits


def _write(piece: IntArray, lengths: IntArray, pieces: Pieces, layout: LinearLayout) -> IntArray:
    """The tokens of the parts."""
    start = np.cumsum(lengths) - lengths
    ids = np.empty(int(lengths.sum()), np.int64)
    is_text = piece >= 0
    tokens = ranges(pieces.indptr[piece[is_text]], lengths[is_text])
    ids[ranges(start[is_text], lengths[is_text])] = pieces.ids[tokens]
    ids[start[piece == _CLS]] = layout.cls_id
    ids[start[piece == _SEP]] = layout.sep_id
    return ids
