"""Abstracts made of sentences that state facts."""

from dataclasses import dataclass

from source.dice import Dice
from source.knowledge import Concept, Fact, Knowledge, read_table
from source.language import Mention, NameChooser, Sentence, Writer

SECTIONS = ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")
_SECTION_OF = {
    "isa": "BACKGROUND",
    "part_of": "BACKGROUND",
    "cause_of": "BACKGROUND",
    "has_finding_site": "BACKGROUND",
    "gene_encodes_gene_product": "BACKGROUND",
    "may_diagnose": "METHODS",
    "measured_by": "METHODS",
    "procedure_site_of": "METHODS",
}
_KIND_OF_TABLE = {
    "diseases": "disease",
    "neoplasms": "disease",
    "symptoms": "disease",
    "drugs": "drug",
    "procedures": "test",
}


@dataclass(frozen=True)
class Document:
    """An abstract: a title, and sentences by section."""

    focus: Concept
    title: Sentence
    sections: tuple[tuple[str, tuple[Sentence, ...]], ...]

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences of the abstract, without the title."""
        return [sentence for _, sentences in self.sections for sentence in sentences]

    @property
    def abstract(self) -> Sentence:
        """The abstract as one text, sentences joined by a blank, with the offsets of all its mentions."""
        text, mentions = "", []
        for sentence in self.sentences:
            text += " " if text else ""
            shift = len(text)
            mentions += [Mention(m.start + shift, m.end + shift, m.concept) for m in sentence.mentions]
            text += sentence.text
        return Sentence(text, tuple(mentions))


class Author:
    """Writes abstracts; facts that were told least often come first."""

    def __init__(self, knowledge: Knowledge, names: dict[str, list[str]], seed: int) -> None:
        self._knowledge = knowledge
        self._dice = Dice(seed)
        self._writer = Writer(self._dice, NameChooser(self._dice, names))
        self._told: dict[Fact, int] = dict.fromkeys(knowledge.facts, 0)
        self._seen: set[str] = set()
        self._templates: dict[str, list[str]] = {}
        for rela, template in read_table("templates.tsv"):
            self._templates.setdefault(rela, []).append(template)
        self._deck: list[Concept] = []

    def avoid(self, texts: set[str]) -> None:
        """Never write one of these sentences."""
        self._seen |= texts

    def write(self, num_facts: int, with_fillers: bool = True) -> Document:
        """Write an abstract of `num_facts` facts around the next concept of the deck, and one or two more sentences."""
        focus = self._next_focus()
        facts = self._choose_facts(focus, num_facts)
        placed: dict[str, list[Sentence]] = {section: [] for section in SECTIONS}
        for fact in facts:
            placed[_SECTION_OF.get(fact.rela, "RESULTS")].append(self._state(fact))
        section, sentence = self._about(focus)
        placed[section].append(sentence)
        if with_fillers and self._dice.chance(60):
            section, template = self._dice.pick(read_table("fillers.tsv"))
            placed[section].append(self._writer.write(template, {}))
        other = next((c for f in facts for c in (f.tail, f.head) if c != focus), focus)
        templates = [t for [t] in read_table("titles.tsv") if other != focus or "{Z}" not in t]
        title = self._once(self._dice.pick(templates), {"X": focus, "Z": other})
        sections = tuple((section, tuple(sentences)) for section, sentences in placed.items() if sentences)
        return Document(focus, title, sections)

    def _next_focus(self) -> Concept:
        if not self._deck:
            self._deck = self._dice.shuffled([c for c in self._knowledge.concepts if self._knowledge.facts_of[c.cui]])
            self._deck.sort(key=lambda c: -min(self._told[f] for f in self._knowledge.facts_of[c.cui]))
        return self._deck.pop()

    def _choose_facts(self, focus: Concept, num_facts: int) -> list[Fact]:
        """The facts of the focus told least often, then those of its neighbours, and of theirs."""
        of = self._knowledge.facts_of
        own = sorted(self._dice.shuffled(of[focus.cui]), key=lambda fact: self._told[fact])
        chosen = dict.fromkeys(own[: num_facts - 2])
        while len(chosen) < num_facts:
            around = [f for fact in chosen for concept in (fact.head, fact.tail) for f in of[concept.cui]]
            new = [fact for fact in dict.fromkeys(around) if fact not in chosen]
            if not new:
                break
            ranked = sorted(self._dice.shuffled(new), key=lambda fact: self._told[fact])
            chosen.update(dict.fromkeys(ranked[: num_facts - len(chosen)]))
        for fact in chosen:
            self._told[fact] += 1
        return list(chosen)

    def _state(self, fact: Fact) -> Sentence:
        return self._once(self._dice.pick(self._templates[fact.rela]), {"H": fact.head, "T": fact.tail})

    def _about(self, focus: Concept) -> tuple[str, Sentence]:
        kind = _KIND_OF_TABLE.get(focus.table, "thing")
        choices = [(section, template) for k, section, template in read_table("focus.tsv") if k == kind]
        section, template = self._dice.pick(choices)
        return section, self._once(template, {"X": focus})

    def _once(self, template: str, concepts: dict[str, Concept]) -> Sentence:
        """Fill a template, anew where the sentence was written before (names and numbers differ each time)."""
        for _ in range(20):
            sentence = self._writer.write(template, concepts)
            if sentence.text not in self._seen:
                break
        self._seen.add(sentence.text)
        return sentence
