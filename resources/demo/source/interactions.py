"""Drug and protein sentences in the line format of ChemProt as SciBERT prepared it: one JSON object a line."""

import json
from pathlib import Path

from source.dice import Dice
from source.knowledge import Knowledge, find_concept, read_table
from source.language import NameChooser, Writer

_SEED = 67
_NUM_ROWS = {"train": 100, "dev": 26, "test": 26}


def write_interactions(knowledge: Knowledge, names: dict[str, list[str]], directory: Path) -> None:
    """Write train.txt, dev.txt and test.txt; `names`: CUI -> the forms to write."""
    directory.mkdir(parents=True, exist_ok=True)
    dice = Dice(_SEED)
    writer = Writer(dice, NameChooser(dice, names))
    concepts = list(knowledge.concepts)
    lines: dict[str, None] = {}
    for label, template in read_table("interaction_templates.tsv"):
        for head, tail, kind in read_table("interactions.tsv"):
            if kind == label:
                pair = {"H": find_concept(concepts, head), "T": find_concept(concepts, tail)}
                row = {"text": writer.write(template, pair).text, "label": label, "metadata": []}
                lines[json.dumps(row, ensure_ascii=False)] = None
    rows = dice.shuffled(list(lines))
    assert len(rows) >= sum(_NUM_ROWS.values()), f"only {len(rows)} different rows"
    for part, num_rows in _NUM_ROWS.items():
        text = "".join(f"{line}\n" for line in rows[:num_rows])
        rows = rows[num_rows:]
        (directory / f"{part}.txt").write_text(text, encoding="utf-8", newline="\n")
