"""The words of this code base: aliases, literals and patterns, each written once."""

import re
from typing import Literal

Cui = str  # UMLS concept unique identifier, "C" and seven digits
Aui = str  # UMLS atom unique identifier: one name in one source
Tui = str  # semantic type unique identifier, "T" and three digits
Sab = str  # source abbreviation, e.g. MSH
Pmid = int  # PubMed identifier
NodeId = int  # dense int32 given to the sorted CUIs of a graph

Split = Literal["train", "validation"]
GraphEncoder = Literal["gat", "names_only", "none"]
LinkingBackend = Literal["quickumls"]
Similarity = Literal["jaccard", "dice", "cosine", "overlap"]
Overlapping = Literal["score", "length"]
CorpusFormat = Literal["auto", "pubmed_xml", "pubtator"]
Accelerator = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16"]

CUI_PATTERN = re.compile(r"C\d{7}")
TUI_PATTERN = re.compile(r"T\d{3}")
MODEL_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

BASE_MODEL = "base"  # name of the untouched base model in tables and folders
QUICKUMLS = "quickumls"  # value of mentions.source for links made by the matcher
PUBTATOR = "pubtator"  # value of mentions.source for annotations that came with the corpus
