"""spaCy exports, loaded by spaCy."""

from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import DocBin

from bali.exporting.docbin import EXPANDED, NOT_AT_TOKENS, OVERLAPPING
from tests.unit.exporting.fixtures import FIRST, NUM_MENTIONS, census_of, export


def load(path: Path) -> dict[int, Any]:
    nlp = spacy.blank("en")
    return {doc.user_data["pmid"]: doc for doc in DocBin().from_disk(path).get_docs(nlp.vocab)}


def test_spacy_drops_what_is_no_token(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "all.spacy"
    assert export(corpus, "spacy", "--output", output) == 0
    docs = load(output)
    assert sorted(docs) == [3, 7, 10**17]
    assert docs[7].text == FIRST.text
    assert docs[7].user_data["restriction_levels"] == "0, 3"
    assert [docs[pmid].user_data["document_id"] for pmid in sorted(docs)] == ["3", "7", "note-1"]
    entities = [(e.text, e.start_char, e.label_, e.kb_id_, e.id_) for e in docs[7].ents]
    assert entities == [
        ("Fever", 0, "DISO", "C0015967", "quickumls"),
        ("asthma", 12, "DISO", "C0004096", "pubtator"),
        ("Asthma", 20, "DISO", "C0004096", "quickumls"),
        ("Severe asthma", 34, "DISO", "C0581126", "quickumls"),
    ]
    spans = [(s.start_char, s.end_char, s.label_, s.kb_id_, s.id_) for s in docs[7].spans["sc"]]
    assert spans == [
        (m.start, m.end, "DISO", m.cui, m.source)
        for m in sorted(FIRST.mentions[:-1], key=lambda m: (m.start, m.end, m.source))
    ]
    assert len(spans) == 6
    assert [(e.text, e.label_) for e in docs[3].ents] == [("Mice", "LIVB")]
    assert not docs[10**17].ents
    assert list(docs[10**17].spans["sc"]) == []
    census = census_of(output)
    assert census.table("mentions").dropped == {NOT_AT_TOKENS: 1}
    assert census.table("mentions").rows_out == NUM_MENTIONS - 1
    assert census.notes == {EXPANDED: 0, OVERLAPPING: 2}


def test_spacy_expands_to_tokens(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "all.spacy"
    assert export(corpus, "spacy", "--output", output, "--unaligned", "expand", "--type", "tui") == 0
    last = load(output)[7].ents[-1]
    assert (last.text, last.label_) == ("feverish", "UnknownType")
    census = census_of(output)
    assert (census.table("mentions").rows_out, census.notes[EXPANDED]) == (NUM_MENTIONS, 1)
