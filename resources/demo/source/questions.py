"""Yes/no/maybe questions in the files and keys of PubMedQA (Jin et al., EMNLP 2019)."""

import json
from pathlib import Path
from typing import Any

from source.dice import Dice
from source.knowledge import Concept, Fact, Knowledge, read_table
from source.language import NameChooser, Writer

FIRST_PMID = 97000001
NUM_QUESTIONS, NUM_TEST = 300, 100
_SEED = 53
_DECISIONS = ("yes",) * 11 + ("no",) * 6 + ("maybe",) * 3  # shares as in PQA-L: 55 / 34 / 11 percent, rounded


def write_questions(knowledge: Knowledge, names: dict[str, list[str]], directory: Path) -> None:
    """Write ori_pqal.json and test_ground_truth.json; `names`: CUI -> the forms to write."""
    directory.mkdir(parents=True, exist_ok=True)
    questions = _Questions(knowledge, names).make()
    test = [(pmid, q["final_decision"]) for pmid, q in list(questions.items())[-NUM_TEST:]]
    for name, value in (("ori_pqal.json", questions), ("test_ground_truth.json", dict(test))):
        text = json.dumps(value, indent=4, ensure_ascii=True) + "\n"
        (directory / name).write_text(text, encoding="utf-8", newline="\n")


class _Questions:
    """Makes questions: `yes` from facts, `no` from pairs that no fact connects, `maybe` from either."""

    def __init__(self, knowledge: Knowledge, names: dict[str, list[str]]) -> None:
        self._dice = Dice(_SEED)
        self._writer = Writer(self._dice, NameChooser(self._dice, names))
        self._templates: dict[tuple[str, str], list[str]] = {}
        for rela, part, template in read_table("question_templates.tsv"):
            self._templates.setdefault((rela, part), []).append(template)
        relas = {rela for rela, _ in self._templates}
        self._facts = [fact for fact in knowledge.facts if fact.rela in relas]
        self._connected = {(fact.head.cui, fact.tail.cui) for fact in knowledge.facts}
        self._fillers = [(section, template) for section, template in read_table("fillers.tsv") if section != "RESULTS"]

    def make(self) -> dict[str, dict[str, Any]]:
        facts = self._dice.shuffled(self._facts)[:NUM_QUESTIONS]
        decisions = self._dice.shuffled([_DECISIONS[i % len(_DECISIONS)] for i in range(NUM_QUESTIONS)])
        return {
            str(FIRST_PMID + i): self._question(fact, decision)
            for i, (fact, decision) in enumerate(zip(facts, decisions, strict=True))
        }

    def _question(self, fact: Fact, decision: str) -> dict[str, Any]:
        tail = fact.tail if decision == "yes" else self._unconnected_tail(fact)
        concepts = {"H": fact.head, "T": tail}
        sections = [self._dice.pick([f for f in self._fillers if f[0] == s]) for s in ("BACKGROUND", "METHODS")]
        contexts = [self._writer.write(template, {}).text for _, template in sections]
        question = self._dice.pick(self._templates[fact.rela, "question"])
        statements = self._dice.shuffled(self._templates[fact.rela, decision])
        return {
            "QUESTION": self._writer.write(question, concepts).text,
            "CONTEXTS": [*contexts, self._writer.write(statements[0], concepts).text],
            "LABELS": [section for section, _ in sections] + ["RESULTS"],
            "MESHES": sorted({fact.head.key, tail.key}),
            "YEAR": str(1990 + self._dice.below(36)),
            "reasoning_required_pred": decision,
            "reasoning_free_pred": decision,
            "final_decision": decision,
            "LONG_ANSWER": self._writer.write(statements[1], concepts).text,
        }

    def _unconnected_tail(self, fact: Fact) -> Concept:
        while True:
            other = self._dice.pick([f for f in self._facts if f.rela == fact.rela])
            if (fact.head.cui, other.tail.cui) not in self._connected and other.tail != fact.head:
                return other.tail
