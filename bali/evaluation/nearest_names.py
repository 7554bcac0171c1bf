"""The names of a dictionary nearest to a query, by vectors that are stored or encoded meanwhile."""

import logging
from collections.abc import Iterator

from bali.evaluation.dictionary import NUM_NAMES_SEARCHED, Dictionary, Hit, ranked_concepts
from bali.evaluation.dictionary_vectors import BLOCK_ROWS, DictionaryVectors, Rows
from bali.evaluation.encoder import Encoder, Vectors, rounded
from bali.evaluation.search import PooledTopK

logger = logging.getLogger(__name__)


def nearest_concepts(
    dictionary: Dictionary, queries: Vectors, encoder: Encoder, stored: DictionaryVectors | None = None
) -> dict[str, list[list[Hit]]]:
    """The concepts of the names nearest to each query, best first, each concept once, by its best name.

    The search is exact over vectors of unit length rounded to float16, of names and queries alike: a query that reads
    as a name has cosine 1 with it. A name that several concepts share ranks them in the order of their CUIs. Names are
    read or encoded block by block and searched at once, so their vectors never fill the memory.

    Args:
        dictionary: names, not empty.
        queries: vectors to compare with the [CLS] and the mean-pooled vectors of the names.
        encoder: of the queries; also of the names where they are not stored.
        stored: vectors of the artefact that the dictionary is of. Without them, or for a dictionary that is of no
            artefact, the names are encoded here.

    Returns:
        Pooling -> one list per query; it holds the concepts of the `NUM_NAMES_SEARCHED` nearest names.
    """
    nearest = nearest_rows(dictionary, queries, encoder, stored)
    return {pooling: ranked_concepts(dictionary, rows) for pooling, rows in nearest.items()}


def nearest_rows(
    dictionary: Dictionary, queries: Vectors, encoder: Encoder, stored: DictionaryVectors | None = None
) -> dict[str, Rows]:
    """Pooling -> (num_queries, `NUM_NAMES_SEARCHED`) rows of the nearest names; arguments as `nearest_concepts`."""
    search = PooledTopK(rounded(queries), NUM_NAMES_SEARCHED)
    device = queries.cls.device
    for block in _blocks(dictionary, encoder, stored):
        search.add(Vectors(*(pooled.to(device) for pooled in block)))
    return {pooling: rows.cpu().numpy() for pooling, rows in search.rows().items()}


def _blocks(dictionary: Dictionary, encoder: Encoder, stored: DictionaryVectors | None) -> Iterator[Vectors]:
    """Rounded vectors of the names, in order."""
    if stored is None or dictionary.stored is None:
        for start in range(0, len(dictionary), BLOCK_ROWS):
            yield rounded(encoder.encode(dictionary.names[start : start + BLOCK_ROWS].to_list()))
        return
    if stored.manifest.precision != encoder.precision:
        logger.warning(
            "the dictionary was encoded in %s, queries are in %s: equal texts differ a little. Give both stages one "
            "compute.precision and one kind of device.",
            *(stored.manifest.precision, encoder.precision),
        )
    yield from stored.blocks(dictionary.stored.rows)
