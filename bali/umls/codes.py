"""The codes of the sources: which concept a source's own identifier belongs to."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from bali import concept_ids
from bali.rrf.texts import Texts
from bali.sorting import count_values, take
from bali.umls.names import SLICE_ROWS, Names, Rows

NO_CODE = "NOCODE"  # MRCONSO.CODE of atoms whose source gives none


def code_slices(names: Names) -> Iterator[pa.Table]:
    """Distinct sab, code, cui as `schemas.CODES`, sorted; names without a code (empty or NOCODE) have none."""
    rank, sabs = names.kinds.rank(lambda kind: kind.sab)
    narrow = np.int16 if len(sabs) < 1 << 15 else np.int32  # NumPy sorts 16 bits by radix
    sab = take(rank.astype(narrow), names.kind)
    rows = np.argsort(sab, kind="stable")
    bounds = np.cumsum([0, *count_values(sab, len(sabs))])
    for number, name in enumerate(sabs):
        of_source = rows[bounds[number] : bounds[number + 1]]
        codes = names.codes.take(take(names.texts, of_source))
        kept = _sorted_distinct(codes, take(names.cui, of_source))
        for start in range(0, len(kept), SLICE_ROWS):
            piece = kept[start : start + SLICE_ROWS]
            yield pa.table(
                {
                    "sab": pa.DictionaryArray.from_arrays(np.zeros(len(piece), np.int32), pa.array([name])),
                    "code": codes.take(piece).to_arrow(),
                    "cui": concept_ids.write(names.cui[of_source[piece]]),
                }
            )


def _sorted_distinct(codes: Texts, cui: concept_ids.Numbers) -> Rows:
    """The rows with a code, by code and concept, each pair once; `cui` is in order."""
    has_code = ~(codes.equal(b"") | codes.equal(NO_CODE.encode()))
    rows = codes.argsort(np.flatnonzero(has_code))
    repeats = codes.equals_previous(rows)
    repeats[1:] &= cui[rows[1:]] == cui[rows[:-1]]
    return rows[~repeats]
