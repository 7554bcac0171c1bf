"""The hand-written tables as objects: concepts with their names, and the facts that connect them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SOURCE_DIR = Path(__file__).parent
# Table of `concepts/` -> the source that its names are given to. The order numbers the CUIs.
SOURCE_OF_TABLE = {
    "diseases": "DEMO_DISEASE",
    "neoplasms": "DEMO_DISEASE",
    "drugs": "DEMO_DRUG",
    "symptoms": "DEMO_FINDING",
    "anatomy": "DEMO_ANATOMY",
    "procedures": "DEMO_PROCEDURE",
    "molecules": "DEMO_MOLECULE",
    "organisms": "DEMO_ORGANISM",
    "functions": "DEMO_FUNCTION",
    "odd": "DEMO_DISEASE",
}
FIRST_CUI = 9900001  # far above the CUIs that NLM has assigned


@dataclass(frozen=True)
class Concept:
    """A concept.

    Attributes:
        names: its names in the release; the first is the preferred one.
        variants: what authors also write, and the release does not hold.
    """

    cui: str
    table: str
    tuis: tuple[str, ...]
    names: tuple[str, ...]
    variants: tuple[str, ...]

    @property
    def key(self) -> str:
        """The preferred name, which is unique."""
        return self.names[0]

    @property
    def sab(self) -> str:
        """The source of its names."""
        return SOURCE_OF_TABLE[self.table]


@dataclass(frozen=True)
class Fact:
    """A triple; reads "head rela tail"."""

    head: Concept
    rela: str
    tail: Concept


@dataclass(frozen=True)
class Knowledge:
    """Everything the tables say."""

    concepts: tuple[Concept, ...]
    facts: tuple[Fact, ...]

    @cached_property
    def by_name(self) -> dict[str, list[Concept]]:
        """Lower-cased name -> the concepts that bear it."""
        index: dict[str, list[Concept]] = {}
        for concept in self.concepts:
            for name in sorted({name.lower() for name in concept.names}):
                index.setdefault(name, []).append(concept)
        return index

    @cached_property
    def facts_of(self) -> dict[str, list[Fact]]:
        """CUI -> the facts in which the concept takes part."""
        index: dict[str, list[Fact]] = {concept.cui: [] for concept in self.concepts}
        for fact in self.facts:
            index[fact.head.cui].append(fact)
            if fact.tail.cui != fact.head.cui:
                index[fact.tail.cui].append(fact)
        return index

    def is_ambiguous(self, name: str) -> bool:
        """True where two concepts share the name."""
        return len(self.by_name.get(name.lower(), ())) > 1


def read_table(name: str) -> list[list[str]]:
    """The rows of a tab-separated table of this folder; a quote is an ordinary character."""
    lines = (SOURCE_DIR / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line]


def load_knowledge() -> Knowledge:
    """Read the tables.

    Raises:
        ValueError: a key is not unique, a fact names an unknown concept, or a variant is a name already.
    """
    concepts: list[Concept] = []
    for table in SOURCE_OF_TABLE:
        for tuis, names, variants in read_table(f"concepts/{table}.tsv"):
            cui = f"C{FIRST_CUI + len(concepts)}"
            types = () if tuis == "-" else tuple(tuis.split(","))
            concepts.append(Concept(cui, table, types, tuple(names.split("|")), tuple(variants.split("|"))))
    knowledge = Knowledge(tuple(concepts), tuple(_load_facts(concepts)))
    _check(knowledge)
    return knowledge


def find_concept(concepts: list[Concept], label: str) -> Concept:
    """The concept of that preferred name, else the only one that bears the name."""
    found = [c for c in concepts if c.key == label] or [c for c in concepts if label in c.names]
    if len(found) != 1:
        raise ValueError(f"{label!r} must name one concept, found {[c.key for c in found]}")
    return found[0]


def _load_facts(concepts: list[Concept]) -> list[Fact]:
    facts = {}
    for rela, head, tails in read_table("relations.tsv"):
        for tail in tails.split("|"):
            fact = Fact(find_concept(concepts, head), rela, find_concept(concepts, tail))
            facts[fact.head.cui, rela, fact.tail.cui] = fact
    return list(facts.values())


def _check(knowledge: Knowledge) -> None:
    keys = [concept.key.lower() for concept in knowledge.concepts]
    problems = [f"{key!r} is twice a preferred name" for key in sorted({k for k in keys if keys.count(k) > 1})]
    seen: dict[str, str] = {}
    for concept in knowledge.concepts:
        for variant in concept.variants:
            lowered = variant.lower()
            if lowered in knowledge.by_name:
                problems.append(f"variant {variant!r} of {concept.key!r} is a name of the release")
            if lowered in seen:
                problems.append(f"variant {variant!r} of {concept.key!r} belongs to {seen[lowered]!r} too")
            seen[lowered] = concept.key
        if len({name.lower() for name in concept.names}) < len(concept.names) and concept.key != "none":
            problems.append(f"{concept.key!r} repeats a name")
    if problems:
        raise ValueError("\n".join(problems))
