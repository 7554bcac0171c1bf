"""How a concept is put into a sentence: which name, article, number and capital letter."""

import re
from dataclasses import dataclass

from source.dice import Dice
from source.knowledge import Concept, Knowledge

_SLOT = re.compile(r"\{([A-Z])(?::([^|}]+)\|([^}]+))?\}")
_SINGULAR_S = {"diabetes", "rabies", "measles", "herpes", "shingles", "aids", "mumps", "syphilis", "lues"}
_COUNT_NOUNS = {
    "statin",
    "ACE inhibitor",
    "beta blocker",
    "calcium channel blocker",
    "diuretic",
    "glucocorticoid",
    "nonsteroidal anti-inflammatory drug",
    "proton pump inhibitor",
    "selective serotonin reuptake inhibitor",
    "artificial pacemaker",
    "coronary stent",
    "insulin pump",
    "metered dose inhaler",
    "hypodermic needle",
}
_WITH_THE = {"T022", "T023", "T025"}
_GROUPS = ("elderly", "young", "middle-aged", "pregnant", "hospitalised", "obese", "non-obese", "African", "Asian")


@dataclass(frozen=True)
class Mention:
    """A span of a text that names a concept; `end` is exclusive, code points."""

    start: int
    end: int
    concept: Concept


@dataclass(frozen=True)
class Sentence:
    """A sentence and the concepts in it."""

    text: str
    mentions: tuple[Mention, ...]


def is_plural(name: str) -> bool:
    """True where the verb after `name` must be in the plural."""
    last = name.rsplit(maxsplit=1)[-1]
    if last.isupper() or last.lower() in _SINGULAR_S or re.search(r"(ss|us|is|os|eas|'s)$", last):
        return False
    return last.endswith("s") or last in {"arteries", "ovaries", "bronchi", "varices", "lungs"}


def text_names(knowledge: Knowledge, concept: Concept) -> list[str]:
    """The names that occur in running text: none inverted, none of one letter, none that two concepts share."""
    names = [n for n in concept.names if ", " not in n and '"' not in n and not knowledge.is_ambiguous(n)]
    return names or list(concept.names[:1])


class NameChooser:
    """Deals the names of each concept in turn, shuffled, so that all of them are used about equally."""

    def __init__(self, dice: Dice, names: dict[str, list[str]]) -> None:
        self._dice = dice
        self._names = names
        self._queues: dict[str, list[str]] = {}

    def next(self, concept: Concept) -> str:
        """The name to use now."""
        queue = self._queues.setdefault(concept.cui, [])
        if not queue:
            queue += self._dice.shuffled(self._names[concept.cui])
        return queue.pop()


class Writer:
    """Fills templates: `{H}` takes a name, `{H:is|are}` the verb that fits the name of H, `{N}` a number."""

    def __init__(self, dice: Dice, chooser: NameChooser) -> None:
        self._dice = dice
        self._chooser = chooser

    def write(self, template: str, concepts: dict[str, Concept]) -> Sentence:
        """Fill a template; the slots that `concepts` does not hold are numbers and groups."""
        names = {slot: self._chooser.next(concept) for slot, concept in concepts.items()}
        text, mentions, position = "", [], 0
        for match in _SLOT.finditer(template):
            text += template[position : match.start()]
            position = match.end()
            slot, singular, plural = match.groups()
            if singular:
                text += plural if is_plural(names[slot]) else singular
            elif slot in names:
                text += _article(concepts[slot], names[slot], text)
                mentions.append(Mention(len(text), len(text) + len(names[slot]), concepts[slot]))
                text += names[slot]
            else:
                text += self._value(slot)
        return Sentence(_capitalise(text + template[position:]), tuple(mentions))

    def _value(self, slot: str) -> str:
        if slot == "G":
            return self._dice.pick(_GROUPS)
        low, high = {"N": (12, 90), "M": (110, 980), "P": (11, 89), "W": (2, 48), "Y": (21, 84), "D": (1, 9)}[slot]
        return str(low + self._dice.below(high - low + 1))


def _article(concept: Concept, name: str, before: str) -> str:
    if before.endswith(("Abnormal ", "Worsening ", "Long-standing ", "altered ")) or is_plural(name):
        return ""
    if concept.key in _COUNT_NOUNS:
        return "an " if re.match(r"[aeiouAEIOU]|NSAID|SSRI|HMG|MDI", name) else "a "
    is_organism = concept.table == "organisms" and name[0].islower()
    return "the " if is_organism or _WITH_THE & set(concept.tuis) else ""


def _capitalise(text: str) -> str:
    """Capital first letter, except where the first word is a symbol such as p53, tPA or 5-FU."""
    first = text.split(maxsplit=1)[0]
    return text[0].upper() + text[1:] if re.fullmatch(r"[a-z][a-z'-]{2,}[,:]?|a|an", first) else text
