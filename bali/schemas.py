"""The pyarrow schema of each artefact: the contract between the stages.

Columns taken one to one from an RRF file carry snake_case versions of its meaning (see the comments); a change here
is a change of `SCHEMA_VERSION`. Readers check these schemas (`bali.io.parquet`), so a stage never works on a file
that another version wrote.
"""

import pyarrow as pa

SCHEMA_VERSION = 5

NAMES = pa.schema(
    [
        ("cui", pa.string()),  # MRCONSO.CUI
        ("aui", pa.string()),  # MRCONSO.AUI
        ("name", pa.string()),  # MRCONSO.STR, untouched
        ("sab", pa.string()),  # MRCONSO.SAB
        ("tty", pa.string()),  # MRCONSO.TTY
        ("is_preferred", pa.bool_()),  # TS=P and STT=PF and ISPREF=Y
        ("srl", pa.int8()),  # MRCONSO.SRL, source restriction level 0-4 and 9
        ("suppress", pa.string()),  # MRCONSO.SUPPRESS: N, O, Y or E
    ]
)  # sorted by cui, aui

CONCEPTS = pa.schema(
    [
        ("cui", pa.string()),
        ("preferred_name", pa.string()),  # the first name of the concept in the preference order of `umls.concepts`
        ("num_names", pa.int32()),  # names of the concept that passed the filters
        ("tuis", pa.list_(pa.string())),  # sorted; empty where the release gives no semantic type
    ]
)  # sorted by cui

RELATIONS = pa.schema(
    [
        ("head_cui", pa.string()),  # MRREL.CUI2: a row reads "CUI2 RELA CUI1"
        ("rel", pa.string()),  # MRREL.REL
        ("rela", pa.string()),  # MRREL.RELA, "" where the source gives none
        ("tail_cui", pa.string()),  # MRREL.CUI1
        ("sab", pa.string()),  # MRREL.SAB
        ("srl", pa.int8()),  # of the source: by MRSAB, else the highest of its rows in MRCONSO, else 0
    ]
)  # distinct rows, sorted by head_cui, tail_cui, rel, rela, sab

SEMANTIC_TYPES = pa.schema(
    [
        ("cui", pa.string()),  # MRSTY.CUI
        ("tui", pa.string()),  # MRSTY.TUI
        ("sty", pa.string()),  # MRSTY.STY, the name of the type
    ]
)  # sorted by cui, tui

SOURCES = pa.schema(
    [
        ("sab", pa.string()),  # MRCONSO.SAB, MRREL.SAB (MRSAB.RSAB); only sources of kept rows
        ("name", pa.string()),  # MRSAB.SON, "" where unknown
        ("version", pa.string()),  # MRSAB.SVER, "" where unknown
        ("srl", pa.int8()),  # MRSAB.SRL, else the highest level of its rows in MRCONSO, else 0
        ("licence", pa.string()),  # MRSAB.SLC: licence contact; in an open Metathesaurus the licence itself
        ("citation", pa.string()),  # MRSAB.SCIT
        ("num_names", pa.int64()),  # names kept from this source
        ("num_relations", pa.int64()),  # relation rows kept from this source
    ]
)  # sorted by sab

CODES = pa.schema(
    [
        ("sab", pa.string()),  # MRCONSO.SAB
        ("code", pa.string()),  # MRCONSO.CODE: the source's own identifier, e.g. D003924 for MSH; NOCODE is left out
        ("cui", pa.string()),
    ]
)  # of the kept names; distinct, sorted by all columns

RETIRED_CUIS = pa.schema(
    [
        ("cui", pa.string()),  # MRCUI.CUI1 (MERGEDCUI.PCUI), no longer in use
        ("replacement_cui", pa.string()),  # MRCUI.CUI2 (MERGEDCUI.CUI), followed to its own replacements
    ]
)  # distinct, sorted by all columns

DEFINITIONS = pa.schema(
    [
        ("cui", pa.string()),  # MRDEF.CUI
        ("sab", pa.string()),  # MRDEF.SAB
        ("definition", pa.string()),  # MRDEF.DEF
    ]
)  # of the kept concepts; distinct, sorted by all columns

INVERSES = pa.schema(
    [
        ("column", pa.string()),  # rel or rela
        ("label", pa.string()),  # MRDOC.VALUE, e.g. isa
        ("inverse", pa.string()),  # MRDOC.EXPL, e.g. inverse_isa
    ]
)  # NLM's table of inverse relations; one row a label, sorted by column and label; empty without MRDOC

NODES = pa.schema(
    [
        ("node_id", pa.int32()),  # position of the CUI among the sorted CUIs
        ("cui", pa.string()),
        ("preferred_name", pa.string()),
        ("tuis", pa.list_(pa.string())),
        ("degree", pa.int32()),  # incoming edges
    ]
)  # sorted by node_id

EDGES = pa.schema(
    [
        ("source", pa.int32()),  # node_id of the head concept
        ("target", pa.int32()),  # node_id of the tail concept; messages flow from source to target
        ("relation_id", pa.int16()),  # number of the (rel, rela) pair after sorting
        ("rel", pa.string()),
        ("rela", pa.string()),
        ("sab", pa.string()),  # sources that assert the edge, sorted, joined by "|"
    ]
)  # distinct (source, target, relation_id), sorted by target, source, relation_id

HELD_OUT_EDGES = pa.schema(
    [
        ("source", pa.int32()),  # node_id of the head concept
        ("target", pa.int32()),  # node_id of the tail concept
        ("relation_id", pa.int16()),  # as in relation_labels
        ("rel", pa.string()),
        ("rela", pa.string()),
        ("sab", pa.string()),  # sources that assert the edge, sorted, joined by "|"
    ]
)  # all edges between the held-out pairs of concepts, none of which is in edges; sorted as edges

RELATION_LABELS = pa.schema(
    [
        ("relation_id", pa.int16()),  # as in edges
        ("rel", pa.string()),
        ("rela", pa.string()),
        ("num_edges", pa.int64()),  # in the graph; 0 where all edges of the relation are held out
    ]
)  # sorted by relation_id, which is the order of (rel, rela)

DOCUMENTS = pa.schema(
    [
        ("pmid", pa.int64()),  # of a document whose identifier is no number: a hash of it, from 10^17
        ("version", pa.int32()),  # PMID/@Version; 1 where the format has none
        ("title", pa.string()),
        ("text", pa.string()),  # title, newline, abstract; sentence and annotation offsets count in it (code points)
        (
            "sections",
            pa.list_(pa.struct([("label", pa.string()), ("start", pa.int32()), ("end", pa.int32())])),
        ),  # TITLE first, then the labels of a structured abstract or ABSTRACT
        ("year", pa.int16()),  # of publication; null where unknown
        ("mesh_headings", pa.list_(pa.string())),  # descriptor UIs
        ("external_id", pa.string()),  # the file's identifier where it is no number; pmid is then a hash of it
    ]
)  # sorted by pmid, one row per PMID in the whole corpus

PARSED_DOCUMENTS = pa.schema(
    [
        *DOCUMENTS,
        ("position", pa.int32()),  # order of the records in the file
        ("text_digest", pa.int64()),  # of the text without white space and case: see bali/pubmed/duplicate_texts.py
    ]
)

DELETIONS = pa.schema(
    [
        ("pmid", pa.int64()),  # PMID in DeleteCitation
        ("position", pa.int32()),  # order among the records and deletions of the file
    ]
)

SELECTION = pa.schema(
    [
        ("shard", pa.string()),  # the shard that holds the record that won
        ("position", pa.int32()),  # its position there
        ("pmid", pa.int64()),
    ]
)  # sorted by shard, position; one row per PMID

ANNOTATIONS = pa.schema(
    [
        ("pmid", pa.int64()),
        ("start", pa.int32()),  # in the document text, code points
        ("end", pa.int32()),  # exclusive
        ("surface", pa.string()),  # documents.text[start:end]
        ("identifier", pa.string()),  # as the file gives it: a CUI, MESH:D..., D...
        ("type", pa.string()),  # the file's entity type, e.g. Disease or T047
    ]
)  # sorted by pmid, start, end, identifier

PARSED_ANNOTATIONS = ANNOTATIONS.append(
    pa.field("position", pa.int32())  # of the record in the file: a PMID may stand there more than once
)  # in the file's order of records

SENTENCES = pa.schema(
    [
        ("pmid", pa.int64()),
        ("sentence_id", pa.int32()),  # 0 is the title's first sentence
        ("start", pa.int32()),  # in the document text, code points
        ("end", pa.int32()),  # exclusive
        ("text", pa.string()),  # documents.text[start:end]
    ]
)  # sorted by pmid, sentence_id

MENTIONS = pa.schema(
    [
        ("pmid", pa.int64()),
        ("sentence_id", pa.int32()),
        ("start", pa.int32()),  # in the sentence, code points
        ("end", pa.int32()),  # exclusive
        ("surface", pa.string()),  # sentences.text[start:end]
        ("cui", pa.string()),
        ("term", pa.string()),  # the dictionary's string; the surface for annotations that came with the corpus
        ("similarity", pa.float32()),  # 0-1; 1 for annotations that came with the corpus
        ("tuis", pa.list_(pa.string())),  # sorted
        ("num_candidates", pa.int32()),  # concepts proposed for this span, of the types that are kept
        ("source", pa.string()),  # quickumls (links of either back end) or pubtator
    ]
)  # sorted by pmid, sentence_id, start, end, source

CANDIDATES = pa.schema(
    [
        ("pmid", pa.int64()),
        ("sentence_id", pa.int32()),
        ("start", pa.int32()),  # as in mentions, source quickumls
        ("end", pa.int32()),
        ("rank", pa.int32()),  # place in the order of the span's candidates, 0 is the one that the order chooses
        ("cui", pa.string()),
        ("term", pa.string()),  # the dictionary's string; a concept may be there with several
        ("similarity", pa.float32()),  # 0-1
        ("tuis", pa.list_(pa.string())),  # sorted
        ("is_preferred", pa.bool_()),  # the term is the preferred name of the concept
        ("source_rank", pa.int32()),  # of the best source that has the term for the concept, 0 is best
    ]
)  # of the mentions kept; sorted by pmid, sentence_id, start, end, rank; empty unless candidates are kept

MENTION_COUNTS = pa.schema(
    [
        ("cui", pa.string()),
        ("source", pa.string()),  # of the mentions: quickumls or pubtator
        ("num_sentences", pa.int64()),  # sentences of the corpus that mention the concept
    ]
)  # sorted by cui, source

SUBGRAPHS = pa.schema(
    [
        ("root_cui", pa.string()),
        ("root_id", pa.int32()),  # node_id of the root
        ("num_hops", pa.int8()),
        ("node_ids", pa.list_(pa.int32())),  # root first, then in order of discovery
        ("node_hops", pa.list_(pa.int8())),  # distance at which each node was found
        ("edge_source", pa.list_(pa.int32())),  # positions in node_ids; messages flow source -> target, to the root
        ("edge_target", pa.list_(pa.int32())),
        ("edge_relation", pa.list_(pa.int16())),  # relation_id of each edge
        ("truncated", pa.bool_()),  # a node had more neighbours than the fan-out lets in
    ]
)  # sorted by root_id

EXAMPLES = pa.schema(
    [
        ("pmid", pa.int64()),
        ("sentence_id", pa.int32()),
        ("text", pa.string()),  # the sentence
        (
            "mentions",
            pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("cui", pa.string())])),
        ),  # in the sentence, code points; sorted by start, end, never overlapping
    ]
)  # sorted by pmid, sentence_id

HELD_OUT = pa.schema(
    [
        ("pmid", pa.int64()),
        ("reason", pa.string()),  # config, or evaluation.TASK.DATASET
    ]
)  # sorted by pmid, reason

OVERLAPS = pa.schema(
    [
        ("task", pa.string()),
        ("dataset", pa.string()),
        ("check", pa.string()),  # pmid, text or pair
        ("source", pa.string()),  # of a pair, a SAB that asserts the edge; "" otherwise
        ("example_id", pa.string()),  # of the text; of a pair, its PMID and identifiers or its two terms
        ("share", pa.float64()),  # of the text's shingles that stand in one training document; 1 for pmid and pair
        ("pmid", pa.int64()),  # of that document, of several the lowest; null for a pair
    ]
)  # what is tested on and was trained on; of the check text, shares from 0.5; sorted by all columns

LINKING_QUALITY = pa.schema(
    [
        ("shard", pa.string()),  # the shard whose annotations are the gold standard
        ("level", pa.string()),  # span_and_cui, span, span_overlap, span_and_cui_in_dictionary
        ("num_gold", pa.int64()),  # distinct annotations
        ("num_predicted", pa.int64()),  # distinct links in the documents that have annotations
        ("num_correct", pa.int64()),
        ("precision", pa.float64()),
        ("recall", pa.float64()),
        ("f1", pa.float64()),
    ]
)  # sorted by shard; counts of shards add up

LINKING_BY_TYPE = pa.schema(
    [
        ("shard", pa.string()),
        ("tui", pa.string()),  # of the annotation's concept, or of the link's; "" where it has none
        ("sty", pa.string()),  # name of the type; "no type" where the concept has none or is unknown
        ("num_gold", pa.int64()),  # a concept with several types counts in each
        ("num_predicted", pa.int64()),
        ("num_correct", pa.int64()),  # span and CUI agree
        ("precision", pa.float64()),
        ("recall", pa.float64()),
        ("f1", pa.float64()),
    ]
)  # sorted by shard, tui

LINKING_CURVE = pa.schema(
    [
        ("shard", pa.string()),
        ("level", pa.string()),  # span_and_cui, span
        ("threshold", pa.float64()),  # links of a lower similarity are left out; the first is what was linked with
        ("num_gold", pa.int64()),
        ("num_predicted", pa.int64()),
        ("num_correct", pa.int64()),
        ("precision", pa.float64()),
        ("recall", pa.float64()),
        ("f1", pa.float64()),
    ]
)  # sorted by shard, level, threshold

LINKING_OUTCOMES = pa.schema(
    [
        ("shard", pa.string()),
        ("side", pa.string()),  # annotation or link: what is counted
        ("kind", pa.string()),  # correct, or a kind of error: see bali/linking/quality/outcomes.py
        ("num", pa.int64()),
    ]
)  # sums by shard and side: num_gold and num_predicted of the level span_and_cui

LINKING_ERRORS = pa.schema(
    [
        ("kind", pa.string()),  # as in linking_outcomes
        ("surface", pa.string()),  # annotated text in lower case; for "no annotation here" the linked text
        ("gold", pa.string()),  # CUI of the annotation; its identifier where the release has no concept for it
        ("gold_name", pa.string()),  # preferred name, "" where unknown
        ("predicted_surface", pa.string()),  # linked text in lower case; "" where nothing is linked
        ("predicted_cui", pa.string()),
        ("predicted_name", pa.string()),
        ("num", pa.int64()),  # how often
        ("shard", pa.string()),  # of the example
        ("pmid", pa.int64()),
        ("sentence", pa.string()),  # the one that the example starts in
        ("start", pa.int32()),  # of `surface` in the sentence, code points
        ("end", pa.int32()),  # exclusive; the sentence's length where an annotation goes beyond it
    ]
)  # the commonest of each kind, most frequent first

DICTIONARY = pa.schema(
    [
        ("name", pa.string()),  # stripped, lower-cased, not empty
        ("cuis", pa.list_(pa.string())),  # the concepts that have the name, sorted
    ]
)  # what is linked to: distinct names, sorted by code points

METRICS = pa.schema(
    [
        ("model", pa.string()),
        ("base_model", pa.string()),
        ("task", pa.string()),
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("ci_low", pa.float64()),  # 95 % bootstrap interval
        ("ci_high", pa.float64()),
        ("seed", pa.int64()),
        ("n", pa.int64()),  # examples that the value rests on
    ]
)

COMPARISONS = pa.schema(
    [
        ("model", pa.string()),
        ("baseline", pa.string()),  # the model it is compared with on the same examples
        ("task", pa.string()),
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("metric", pa.string()),
        ("difference", pa.float64()),  # model - baseline, mean over seeds
        ("ci_low", pa.float64()),  # 95 % interval of the paired bootstrap
        ("ci_high", pa.float64()),
        ("p_value", pa.float64()),  # two-sided, of the paired bootstrap
        ("p_corrected", pa.float64()),  # Holm's, over the main measures of all tasks; null for the other measures
        ("n", pa.int64()),
    ]
)

PREDICTIONS = pa.schema(
    [
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("example_id", pa.string()),  # stable over models: predictions of two models join on it
        ("metric", pa.string()),
        (
            "value",
            pa.float64(),
        ),  # what this example adds to the metric's numerator; of a correlation, the model's score
        (
            "weight",
            pa.float64(),
        ),  # what it adds to the denominator: the metric is the sum of values over that of weights
        ("gold", pa.string()),  # of a correlation, the human score
        ("predicted", pa.string()),
        ("text", pa.string()),  # what was asked: the mention, the question
    ]
)

TRAINING_LOG = pa.schema(
    [
        ("step", pa.int32()),  # optimiser steps done
        ("split", pa.string()),  # train or validation
        ("name", pa.string()),  # loss, mlm_loss, alignment_loss, learning_rate, mention_retrieval_accuracy, ...
        ("value", pa.float64()),
    ]
)

ARTEFACTS: dict[str, pa.Schema] = {
    "names": NAMES,
    "concepts": CONCEPTS,
    "relations": RELATIONS,
    "semantic_types": SEMANTIC_TYPES,
    "sources": SOURCES,
    "codes": CODES,
    "retired_cuis": RETIRED_CUIS,
    "definitions": DEFINITIONS,
    "inverses": INVERSES,
    "nodes": NODES,
    "edges": EDGES,
    "held_out_edges": HELD_OUT_EDGES,
    "relation_labels": RELATION_LABELS,
    "documents": DOCUMENTS,
    "parsed_documents": PARSED_DOCUMENTS,
    "deletions": DELETIONS,
    "selection": SELECTION,
    "annotations": ANNOTATIONS,
    "parsed_annotations": PARSED_ANNOTATIONS,
    "sentences": SENTENCES,
    "mentions": MENTIONS,
    "candidates": CANDIDATES,
    "mention_counts": MENTION_COUNTS,
    "subgraphs": SUBGRAPHS,
    "examples": EXAMPLES,
    "held_out": HELD_OUT,
    "overlaps": OVERLAPS,
    "linking_quality": LINKING_QUALITY,
    "linking_by_type": LINKING_BY_TYPE,
    "linking_curve": LINKING_CURVE,
    "linking_outcomes": LINKING_OUTCOMES,
    "linking_errors": LINKING_ERRORS,
    "dictionary": DICTIONARY,
    "metrics": METRICS,
    "comparisons": COMPARISONS,
    "predictions": PREDICTIONS,
    "training_log": TRAINING_LOG,
}

# Columns of few distinct values, for the artefacts with tens of millions of rows: these columns only are written with a
# Parquet dictionary, and their writers pass them as Arrow dictionaries. Readers see plain strings and numbers.
REPEATED: dict[str, tuple[str, ...]] = {
    "names": ("cui", "sab", "tty", "srl", "suppress"),
    "relations": ("head_cui", "rel", "rela", "sab", "srl"),
    "codes": ("sab",),
    "edges": ("relation_id", "rel", "rela", "sab"),
    "held_out_edges": ("relation_id", "rel", "rela", "sab"),
}
