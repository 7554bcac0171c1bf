"""Choosing among the concepts of a mention by its context: the concept one of whose texts is nearest to the mention.

Only concepts whose string is as similar to the mention as that of any other are compared: what the strings decide stays
decided (on real abstracts a general language model that may overrule them makes more mistakes: docs/linking.md).

A concept stands for itself by up to eight texts "name (semantic type, ...)", lower-cased, each encoded alone; a mention
by the mean of its tokens' vectors in its sentence. The similarity of the two is the cosine; a concept has that of its
nearest text. Concepts whose similarities are equal to four decimals keep the order of `bali.linking.choosing`.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from bali.vocabulary import QUICKUMLS

MAX_TEXTS = 8  # of a concept; one of them is the term that matched
_DECIMALS = 4  # the last bits of floats, which differ with the machine, decide nothing
_PAIRS_AT_ONCE = 1 << 16
_SPAN = ["pmid", "sentence_id", "start", "end"]


class Pairs(NamedTuple):
    """What is compared for a batch of mentions.

    Attributes:
        mentions: the linker's mentions with several most similar concepts; of MENTIONS, and `row`, the place there.
        concepts: a row for each of their concepts: mention (number in `mentions`), concept (number of this row), and of
            its first candidate rank, cui, term, similarity, tuis; sorted by mention, rank.
        comparisons: columns concept, text (number in `texts`).
        texts: distinct, sorted.
    """

    mentions: pl.DataFrame
    concepts: pl.DataFrame
    comparisons: pl.DataFrame
    texts: pl.Series


def concept_texts(names: pl.DataFrame, types: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The texts of concepts, and what follows the name in them.

    Args:
        names: columns cui, name, is_preferred.
        types: columns cui, tui, sty.

    Returns:
        Columns cui, text: at most MAX_TEXTS - 1 a concept, preferred names first, then names that more atoms have, then
        by code points; and columns cui, suffix: " (type, type)", types by TUI.
    """
    lowered = names.with_columns(pl.col("name").str.to_lowercase())
    distinct = lowered.group_by("cui", "name").agg(pl.col("is_preferred").any(), num_atoms=pl.len())
    ordered = distinct.sort("cui", "is_preferred", "num_atoms", "name", descending=[False, True, True, False])
    first = ordered.group_by("cui", maintain_order=True).head(MAX_TEXTS - 1)
    distinct_types = types.unique(["cui", "tui"], keep="any").sort("cui", "tui")
    suffixes = distinct_types.group_by("cui", maintain_order=True).agg(pl.col("sty").str.to_lowercase().str.join(", "))
    suffixes = suffixes.select("cui", suffix=" (" + pl.col("sty") + ")")
    texts = first.join(suffixes, on="cui", how="left", maintain_order="left")
    return texts.select("cui", text=pl.col("name") + pl.col("suffix").fill_null("")), suffixes


def pair(mentions: pl.DataFrame, candidates: pl.DataFrame, texts: pl.DataFrame, suffixes: pl.DataFrame) -> Pairs:
    """What to compare for the mentions of some sentences.

    Args:
        mentions: schema MENTIONS.
        candidates: schema CANDIDATES, of the same sentences.
        texts: as `concept_texts` gives them.
        suffixes: as `concept_texts` gives them.
    """
    most_similar = candidates.filter(pl.col("similarity") == pl.col("similarity").max().over(_SPAN))
    several = most_similar.filter(pl.col("cui").n_unique().over(_SPAN) > 1)
    linked = mentions.with_row_index("row").filter(pl.col("source") == QUICKUMLS)
    chosen = linked.join(several, on=_SPAN, how="semi", maintain_order="left")
    numbered = chosen.select(*_SPAN, mention=pl.int_range(pl.len(), dtype=pl.Int64))
    rows = several.join(numbered, on=_SPAN).sort("mention", "rank")
    concepts = rows.unique(["mention", "cui"], keep="first", maintain_order=True).with_columns(
        concept=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    by_term = concepts.join(suffixes, on="cui", how="left").select(
        "concept", text=pl.col("term").str.to_lowercase() + pl.col("suffix").fill_null("")
    )
    by_name = concepts.select("concept", "cui").join(texts, on="cui").select("concept", "text")
    comparisons = pl.concat([by_term, by_name]).unique().sort("concept", "text")
    distinct = comparisons["text"].unique().sort()
    numbers = pl.DataFrame({"text": distinct}).with_row_index("number")
    comparisons = comparisons.join(numbers, on="text", maintain_order="left").select("concept", text="number")
    columns = ["mention", "concept", "rank", "cui", "term", "similarity", "tuis"]
    return Pairs(chosen, concepts.select(columns), comparisons, distinct)


def choose_by_context(
    pairs: Pairs, found: np.ndarray, mention_vectors: np.ndarray, text_vectors: np.ndarray
) -> pl.DataFrame:
    """The nearest concept of each mention that has a vector.

    Args:
        pairs: what is compared.
        found: (num_mentions,) bool, the mentions that have a vector.
        mention_vectors: (found.sum(), hidden) float32.
        text_vectors: (num_texts, hidden) float32.

    Returns:
        Rows of `pairs.concepts`, one a mention found, sorted by mention.
    """
    place = np.cumsum(found) - 1
    compared = pairs.comparisons.join(pairs.concepts.select("concept", "mention"), on="concept", maintain_order="left")
    compared = compared.filter(pl.Series(found[compared["mention"].to_numpy()], dtype=pl.Boolean))
    scores = _cosines(
        _unit(mention_vectors),
        place[compared["mention"].to_numpy()],
        _unit(text_vectors),
        compared["text"].to_numpy(),
    )
    best = (
        compared.with_columns(score=pl.Series(scores).round(_DECIMALS)).group_by("concept").agg(pl.col("score").max())
    )
    scored = pairs.concepts.join(best, on="concept")
    ordered = scored.sort("mention", "score", "rank", descending=[False, True, False])
    return ordered.unique("mention", keep="first", maintain_order=True).select(pairs.concepts.columns)


def replace_concepts(mentions: pl.DataFrame, pairs: Pairs, chosen: pl.DataFrame) -> pl.DataFrame:
    """Mentions with the concepts that were chosen for some of them.

    Args:
        mentions: schema MENTIONS, of which `pairs` was made.
        pairs: what was compared.
        chosen: what `choose_by_context` gave.
    """
    fields = ["cui", "term", "similarity", "tuis"]
    rows = pairs.mentions["row"].gather(chosen["mention"])
    new = chosen.select(rows.alias("row"), *(pl.col(name).alias(f"new_{name}") for name in fields))
    joined = mentions.with_row_index("row").join(new, on="row", how="left", maintain_order="left")
    replaced = joined.with_columns(pl.coalesce(f"new_{name}", name).alias(name) for name in fields)
    return replaced.select(mentions.columns)


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows divided by their length; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def _cosines(left: np.ndarray, left_rows: np.ndarray, right: np.ndarray, right_rows: np.ndarray) -> np.ndarray:
    """The products of unit rows, pair by pair; a piece at a time, for the memory's sake."""
    products = np.empty(len(left_rows), np.float64)
    for start in range(0, len(left_rows), _PAIRS_AT_ONCE):
        piece = slice(start, start + _PAIRS_AT_ONCE)
        products[piece] = np.einsum("ij,ij->i", left[left_rows[piece]], right[right_rows[piece]])
    return products
