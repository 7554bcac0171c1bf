"""The two sides of a batch over the tiny world."""

from bali.batching.collator import Collator
from bali.batching.false_negatives import FalseNegatives
from bali.batching.graph_side import GraphOptions, GraphSide
from bali.batching.linearised_texts import LinearisedOptions, LinearisedSide
from bali.batching.name_table import NameTable
from bali.batching.randomness import Draws, Stream
from bali.batching.sentences import SentenceOptions, SentenceSide
from bali.batching.subgraph_store import SubgraphStore
from bali.graph.folder import open_in_edges, read_relation_pairs
from bali.graph.relation_phrases import relation_phrases
from bali.models.wordpiece import count_words, learn_vocabulary, make_tokenizer
from tests.unit.training.fixtures import PATTERNS, names_of


def tokenizer_of_the_world():
    names = [name for concept in range(12) for name in names_of(concept)]
    return make_tokenizer(learn_vocabulary(count_words([*names, *PATTERNS] * 2), 400), 64)


def draws(step=0):
    return Draws(0, Stream.COLLATION, step)


def sentence_side(tokenizer, store=None, **changes):
    values = {"max_length": 64, "mlm_probability": 0.15, "mention_masking": 0.0, **changes}
    return SentenceSide(tokenizer, SentenceOptions(**values), store.rows if store else None)


def graph_side(world, tokenizer, linearised=None, **changes):
    store = SubgraphStore.read(world.inputs.subgraphs)
    names = NameTable.read(world.inputs.names, world.inputs.nodes, store.node_ids(), with_keys=True)
    options = GraphOptions(**{"max_name_length": 16, "centre_name_masking": 0.0, **changes})
    written = None
    if linearised:
        how = {"format": linearised, "max_length": 40, "max_name_length": 16, "mlm_probability": 0.15}
        phrases = relation_phrases(read_relation_pairs(world.inputs.relation_labels))
        written = LinearisedSide(tokenizer, LinearisedOptions(**how), phrases)
    return GraphSide(tokenizer, options, store, names, written)


def collator(world, tokenizer, share=None, masks=(), **changes):
    """A collator; `changes` of either side's options."""
    ours = {key: changes.pop(key) for key in ("mlm_probability", "mention_masking", "at_once") if key in changes}
    graph = graph_side(world, tokenizer, **changes)
    negatives = None
    if masks:
        in_edges = open_in_edges(world.inputs.graph_dir) if "related" in masks else None
        negatives = FalseNegatives(graph.subgraphs, in_edges, graph.names if "names" in masks else None)
    return Collator(sentence_side(tokenizer, graph.subgraphs, **ours), graph, negatives, share)
