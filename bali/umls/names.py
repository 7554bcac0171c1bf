"""The kept names of a release, by concept."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali import concept_ids
from bali.rrf.kinds import KindNumbers, Kinds
from bali.rrf.texts import Texts
from bali.sorting import count_values, take
from bali.umls.filters import NameKind
from bali.vocabulary import Sab

SLICE_ROWS = 1 << 18  # rows turned into strings and written at once

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Names:
    """The kept rows of MRCONSO.

    Attributes:
        cui: (num_names,) the concept (`concept_ids`), in order.
        kind: (num_names,) number of the row's kind.
        texts: (num_names,) position of the row in `names`, `auis` and `codes`; rows of a concept in order of AUI.
        starts: (num_concepts + 1,) the first row of each concept; the last is the number of rows.
        kinds: language, source, term type, ... by number.
        names: STR, in the order of the file.
        auis: AUI, likewise.
        codes: CODE, likewise.
    """

    cui: concept_ids.Numbers
    kind: KindNumbers
    texts: Rows
    starts: Rows
    kinds: Kinds[NameKind]
    names: Texts
    auis: Texts
    codes: Texts

    @property
    def concepts(self) -> concept_ids.Numbers:
        """(num_concepts,) the concepts, in order."""
        return self.cui[self.starts[:-1]]

    def num_names(self) -> npt.NDArray[np.int32]:
        """(num_concepts,) names of each concept."""
        return np.diff(self.starts).astype(np.int32)

    def slices(self) -> Iterator[pa.Table]:
        """The rows as `schemas.NAMES`, in pieces of `SLICE_ROWS`."""
        is_preferred = self.kinds.values(lambda kind: demerit(kind) == 0, np.bool_)
        level = self.kinds.values(lambda kind: int(kind.srl), np.int8)
        sab = self.kinds.dictionary(lambda kind: kind.sab)
        tty = self.kinds.dictionary(lambda kind: kind.tty)
        suppress = self.kinds.dictionary(lambda kind: kind.suppress)
        for start in range(0, len(self.cui), SLICE_ROWS):
            rows = slice(start, start + SLICE_ROWS)
            kind, texts = self.kind[rows], self.texts[rows]
            yield pa.table(
                {
                    "cui": concept_ids.write_runs(self.cui[rows]),
                    "aui": self.auis.take(texts).to_arrow(),
                    "name": self.names.take(texts).to_arrow(),
                    "sab": sab(kind),
                    "tty": tty(kind),
                    "is_preferred": take(is_preferred, kind),
                    "srl": take(level, kind),
                    "suppress": suppress(kind),
                }
            )

    def preferred_names(self) -> Texts:
        """(num_concepts,) the preferred name of each concept.

        It is the first in this order: TS=P before others, then STT=PF, then ISPREF=Y (all three: NLM's preferred name),
        then by SAB, TTY and AUI. So it depends on the concept's rows alone.
        """
        rank, _ = self.kinds.rank(lambda kind: (demerit(kind), kind.sab, kind.tty))
        key = take(rank.astype(np.int32), self.kind)
        counts = np.diff(self.starts)
        best = np.repeat(np.minimum.reduceat(key, self.starts[:-1]), counts)
        hits = np.flatnonzero(key == best)  # rows of a concept lie in order of AUI: the first hit is the lowest
        first = hits[np.searchsorted(hits, self.starts[:-1])]
        return self.names.take(self.texts[first])

    def levels(self) -> list[int]:
        """The restriction levels of the kept names, sorted."""
        level = self.kinds.values(lambda kind: int(kind.srl), np.int8)
        return sorted(set(level[np.flatnonzero(count_values(self.kind, len(level)))].tolist()))

    def count_by_source(self) -> dict[Sab, int]:
        """SAB -> names kept."""
        rank, sabs = self.kinds.rank(lambda kind: kind.sab)
        counts = count_values(take(rank, self.kind), len(sabs))
        return {sab: int(count) for sab, count in zip(sabs, counts, strict=True) if count}


def demerit(kind: NameKind) -> int:
    """How far a name is from NLM's preferred one: 4 for a TS other than P, 2 for an STT other than PF, 1 for ISPREF."""
    return 4 * (kind.ts != "P") + 2 * (kind.stt != "PF") + (kind.ispref != "Y")
