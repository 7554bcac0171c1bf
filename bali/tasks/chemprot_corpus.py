"""The ChemProt corpus as BioCreative VI released it: a folder such as `chemprot_training` or `chemprot_test_gs`.

Files and their columns (the corpus' readme), tab-separated, without header or quoting:

- `*_abstracts*.tsv`: PMID, title, abstract. Offsets count the title, one character, and the abstract.
- `*_entities*.tsv`: PMID, entity (`T1`), `CHEMICAL`, `GENE-Y` or `GENE-N`, start, end (exclusive), text.
- `*_gold_standard*.tsv`: PMID, group (`CPR:4`), `Arg1:T1` (the chemical), `Arg2:T2` (the gene).

An example is a chemical and a gene in one sentence (split by `bali.pubmed.sentences`). What is left out is counted:
pairs in a sentence that cannot be marked, and relations of the task that no sentence holds or that a pair has besides
another.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bali.errors import InputError
from bali.pubmed.records import ABSTRACT, compose_text, parse_pmid
from bali.pubmed.sentences import split_sentences
from bali.tasks.examples import LabelledText
from bali.tasks.files import read_rows
from bali.tasks.markers import NO_RELATION, Span, mark

GROUPS = ("CPR:3", "CPR:4", "CPR:5", "CPR:6", "CPR:9")  # scored by the task; all other pairs count as having none
MISPLACED = "entity not at its offsets"
ELSEWHERE = "relation not within a sentence"
SECOND = "second relation of a pair"
_OFFSET = re.compile(r"[0-9]{1,9}")
_FILES = ("abstracts", "entities", "gold_standard")
_CHEMICAL, _GENES = "CHEMICAL", ("GENE", "GENE-Y", "GENE-N")


class _Entity(NamedTuple):
    start: int
    end: int
    entity_id: str
    surface: str
    is_chemical: bool

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass
class _Document:
    text: str
    sentences: Sequence[Span]
    entities: dict[str, _Entity] = field(default_factory=dict)
    relations: dict[tuple[str, str], str] = field(default_factory=dict)  # (chemical, gene) -> group, of GROUPS only


def read_corpus(folder: Path, left_out: Counter[str]) -> Iterator[LabelledText]:
    """Pairs of a folder in the order of its abstracts; counts in `left_out` what became none.

    Raises:
        InputError: the folder has not one file of each kind, or a row is not as it should be.
    """
    abstracts, entities, gold = (_file(folder, kind) for kind in _FILES)
    documents = dict(_documents(abstracts))
    if not documents:
        raise InputError(f"{abstracts}: expected at least one abstract, found none.")
    _add_entities(entities, documents)
    _add_relations(gold, documents, left_out)
    for pmid, document in documents.items():
        yield from _pairs(pmid, document, left_out)


def _file(folder: Path, kind: str) -> Path:
    found = sorted(path for path in folder.rglob(f"*_{kind}*.tsv*") if not path.name.startswith("."))
    if len(found) != 1:
        raise InputError(
            f"{folder}: expected one file *_{kind}*.tsv, found {len(found)}. Name the folder of one part of the corpus,"
            " e.g. chemprot_training."
        )
    return found[0]


def _documents(path: Path) -> Iterator[tuple[str, _Document]]:
    seen = set()
    for number, (pmid, title, abstract) in read_rows(path, (3,)):
        if parse_pmid(pmid) is None or pmid in seen:
            raise InputError(f"{path} line {number}: expected a new PMID in the first column, got {pmid!r:.40}.")
        seen.add(pmid)
        text, sections = compose_text(title, [(ABSTRACT, abstract)])
        sentences = list(split_sentences(text, [(section.start, section.end) for section in sections]))
        yield pmid, _Document(text, sentences)


def _add_entities(path: Path, documents: dict[str, _Document]) -> None:
    for number, (pmid, entity_id, kind, start, end, surface) in read_rows(path, (6,)):
        document = _document(path, number, documents, pmid)
        if kind not in (_CHEMICAL, *_GENES):
            raise InputError(f"{path} line {number}: expected {_CHEMICAL} or {', '.join(_GENES)}, got {kind!r:.40}.")
        if not (_OFFSET.fullmatch(start) and _OFFSET.fullmatch(end)) or entity_id in document.entities:
            found = f"{entity_id}, {start}, {end}"
            raise InputError(f"{path} line {number}: expected a new entity and two offsets, got {found!r:.60}.")
        document.entities[entity_id] = _Entity(int(start), int(end), entity_id, surface, kind == _CHEMICAL)


def _add_relations(path: Path, documents: dict[str, _Document], left_out: Counter[str]) -> None:
    for number, (pmid, group, *arguments) in read_rows(path, (4,)):
        document = _document(path, number, documents, pmid)
        ids = [argument.rpartition(":")[2] for argument in arguments]
        pair = sorted((document.entities[i] for i in ids if i in document.entities), key=lambda e: not e.is_chemical)
        if [entity.is_chemical for entity in pair] != [True, False]:
            raise InputError(
                f"{path} line {number}: expected a chemical and a gene of {pmid}, got {arguments[0]}, {arguments[1]}."
            )
        key = (pair[0].entity_id, pair[1].entity_id)
        if group not in GROUPS:
            continue
        if key in document.relations:
            left_out[SECOND] += 1
        elif not any(_is_in(pair[0], sentence) and _is_in(pair[1], sentence) for sentence in document.sentences):
            left_out[ELSEWHERE] += 1
        else:
            document.relations[key] = group


def _document(path: Path, number: int, documents: dict[str, _Document], pmid: str) -> _Document:
    if pmid not in documents:
        raise InputError(f"{path} line {number}: expected the PMID of an abstract of this folder, got {pmid!r:.40}.")
    return documents[pmid]


def _pairs(pmid: str, document: _Document, left_out: Counter[str]) -> Iterator[LabelledText]:
    for sentence in document.sentences:
        entities = sorted(entity for entity in document.entities.values() if _is_in(entity, sentence))
        chemicals = [entity for entity in entities if entity.is_chemical]
        genes = [entity for entity in entities if not entity.is_chemical]
        for chemical, gene in ((chemical, gene) for chemical in chemicals for gene in genes):
            if any(document.text[e.start : e.end] != e.surface for e in (chemical, gene)):
                left_out[MISPLACED] += 1
            else:
                key = (chemical.entity_id, gene.entity_id)
                label = document.relations.get(key, NO_RELATION)
                text = _marked(document.text, sentence, chemical, gene)
                yield LabelledText(f"{pmid}.{'.'.join(key)}", text, None, label, int(pmid))


def _is_in(entity: _Entity, sentence: Span) -> bool:
    return sentence[0] <= entity.start < entity.end <= sentence[1]


def _marked(text: str, sentence: Span, chemical: _Entity, gene: _Entity) -> str:
    start, end = sentence
    spans = ((entity.start - start, entity.end - start) for entity in (chemical, gene))
    return mark(text[start:end], *spans)
