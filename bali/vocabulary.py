"""The words of this code base: aliases, literals and patterns, each written once."""

import re
from typing import Literal

Cui = str  # concept identifier: of UMLS "C" and seven digits; the forms of other releases: bali/concept_ids.py
Aui = str  # UMLS atom unique identifier: one name in one source
Tui = str  # semantic type unique identifier, "T" and three digits
Sab = str  # source abbreviation, e.g. MSH
Pmid = int  # PubMed identifier
NodeId = int  # dense int32 given to the sorted CUIs of a graph

Split = Literal["train", "validation"]
GraphEncoder = Literal["gat", "sage", "rgcn", "linearised", "names_only", "none"]
LinearisedFormat = Literal["v1", "v2"]
Pooling = Literal["mean", "attention"]
AlignmentLoss = Literal["infonce", "multi_similarity"]
LinkPredictionMethod = Literal["transe", "distmult", "rotate"]
Schedule = Literal["cosine", "linear"]
NodeText = Literal["names", "names_and_definitions"]
LinkingBackend = Literal["quickumls", "fast"]
Similarity = Literal["jaccard", "dice", "cosine", "overlap"]
Overlapping = Literal["score", "length"]
Ranker = Literal["order", "context"]
CorpusFormat = Literal["auto", "pubmed_xml", "pubtator", "bioc_json", "jsonl", "text"]
DuplicateTexts = Literal["keep", "drop"]
Accelerator = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16"]

CUI_PATTERN = re.compile(r"C\d{7}|CN\d{6}|R\d{7}")  # UMLS, MedGen, RxNorm; see bali/concept_ids.py
TUI_PATTERN = re.compile(r"T\d{3}")
MODEL_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

# The inverse of each REL (UMLS Reference Manual, appendix B.2); the others (RO, RQ, RL, SIB, SY, XR...) are symmetric.
REL_INVERSES = {"PAR": "CHD", "CHD": "PAR", "RB": "RN", "RN": "RB", "AQ": "QB", "QB": "AQ"}

BASE_MODEL = "base"  # name of the untouched base model in tables and folders
BASELINES = ("majority", "random", "trigrams")  # systems without a language model that stand in every table
QUICKUMLS = "quickumls"  # value of mentions.source for links by QuickUMLS's rules, of either back end
PUBTATOR = "pubtator"  # value of mentions.source for annotations that came with the corpus
