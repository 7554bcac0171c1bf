"""Which relation is the inverse of which: by NLM's tables of REL and RELA, else by what the release itself mirrors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bali.vocabulary import REL_INVERSES

RelationPair = tuple[str, str]  # REL, RELA

_PREFIX = "inverse:"


@dataclass(frozen=True)
class InverseTable:
    """What the release says of inverses (MRDOC).

    Attributes:
        rel: REL -> its inverse.
        rela: RELA -> its inverse.
    """

    rel: Mapping[str, str] = field(default_factory=dict)
    rela: Mapping[str, str] = field(default_factory=dict)

    def inverse_rel(self, rel: str) -> str:
        """The REL of the same relation read in the other direction."""
        return self.rel.get(rel, REL_INVERSES.get(rel, rel))

    def stated(self, pair: RelationPair) -> RelationPair | None:
        """The inverse of a pair by the table; None where the table has no inverse of its RELA.

        A pair without RELA is only known where the table has any: its inverse has none either.
        """
        rel, rela = pair
        if rela in self.rela:
            return self.inverse_rel(rel), self.rela[rela]
        return (self.inverse_rel(rel), "") if self.rela and not rela else None

    def named(self, pair: RelationPair) -> RelationPair:
        """The inverse of a pair that neither the table nor the release knows: RELA gets the prefix `inverse:`."""
        rel, rela = pair
        return self.inverse_rel(rel), f"{_PREFIX}{rela}" if rela else ""


def match_mirrored(
    pairs: Sequence[RelationPair], table: InverseTable, mirrored: npt.NDArray[np.int64], totals: npt.NDArray[np.int64]
) -> dict[RelationPair, RelationPair]:
    """The inverse of each relation.

    What the table states holds. Others are learnt: NLM states a relation in both directions, under two RELA, so
    p and q are inverses where q, of inverse REL, runs from t to s for at least half of the edges of p from s to t, and
    p for at least half of q's: what is mirrored at all is mirrored nearly everywhere, while two unrelated relations
    meet now and then. Pairs that meet most often are matched first (equally frequent ones in sorted order), each once.
    What is left gets its `named` inverse.

    Args:
        pairs: sorted (REL, RELA).
        table: what the release states.
        mirrored: (num_pairs, num_pairs) edges of the first relation that an edge of the second runs back along.
        totals: (num_pairs,) edges of each relation; loops do not count.
    """
    inverses = {pair: stated for pair in pairs if (stated := table.stated(pair))}
    candidates = [
        (-int(mirrored[first, second]), first, second)
        for first, second in np.argwhere(mirrored).tolist()
        if pairs[first] not in inverses
        and pairs[second] not in inverses
        and pairs[second][0] == table.inverse_rel(pairs[first][0])
        and 2 * mirrored[first, second] >= max(totals[first], totals[second])
    ]
    for _, first, second in sorted(candidates):
        if pairs[first] not in inverses and pairs[second] not in inverses:
            inverses[pairs[first]], inverses[pairs[second]] = pairs[second], pairs[first]
    return {pair: inverses.get(pair) or table.named(pair) for pair in pairs}
