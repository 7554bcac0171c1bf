"""Relations as words, for graphs that a language model reads."""

from collections.abc import Mapping, Sequence
from importlib import resources

from bali.graph.inverses import RelationPair

_TABLE = "relation_phrases.tsv"
_INVERSE = ("inverse:", "inverse_")  # before a RELA: as `InverseTable.named` and as builders of releases write it


def relation_phrases(pairs: Sequence[RelationPair], overrides: Mapping[str, str] | None = None) -> list[str]:
    """The words of each relation, so that "SOURCE phrase TARGET" reads as a sentence.

    They are those of relation_phrases.tsv, else the RELA (without one, the REL) in lower case with spaces for its
    underscores; what neither the table nor `overrides` holds of an `inverse_x` is "inverse of" the words of `x`.

    Args:
        pairs: (REL, RELA) of each relation; an edge reads "source RELA target" (MRREL: "CUI2 RELA CUI1").
        overrides: RELA, or REL of relations without RELA -> words; before the table.
    """
    table = _shipped_phrases() | dict(overrides or {})
    return [_phrase(rela or rel, table) for rel, rela in pairs]


def _phrase(relation: str, table: Mapping[str, str]) -> str:
    if relation in table:
        return table[relation]
    for prefix in _INVERSE:
        if relation.startswith(prefix):
            return f"inverse of {_phrase(relation.removeprefix(prefix), table)}"
    return " ".join(relation.lower().replace("_", " ").split())


def _shipped_phrases() -> dict[str, str]:
    """Relation -> phrase of relation_phrases.tsv."""
    lines = resources.files("bali.graph").joinpath(_TABLE).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert all(len(row) == 2 and all(row) for row in rows), f"{_TABLE}: a row is not a relation and a phrase"
    phrases = {relation: phrase for relation, phrase in rows}
    assert len(phrases) == len(rows), f"{_TABLE}: a relation is there twice"
    return phrases
