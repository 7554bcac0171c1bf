"""MRDEF.RRF -> the definitions of the kept concepts."""

from collections.abc import Mapping

import polars as pl

from bali import concept_ids
from bali.io.census import Tally
from bali.rrf.kinds import Kinds
from bali.rrf.layouts import MRDEF
from bali.rrf.reading import Block, map_blocks
from bali.rrf.source import RrfSource
from bali.umls.filters import UmlsFilters
from bali.umls.manifest import Manifest
from bali.vocabulary import Sab

_COLUMNS = ("CUI", "SAB", "DEF", "SUPPRESS")
_SCHEMA = {"cui": pl.String, "sab": pl.String, "definition": pl.String}


class DefinitionReader:
    """Reads and filters MRDEF.RRF.

    Drop reasons, in order: suppress, source, restriction level, CUI without a kept name, duplicate row.

    Args:
        filters: what to keep.
        concepts: (num_concepts,) the kept concepts (`concept_ids`).
        source_levels: SAB -> restriction level; 0 for others.
        tally: the census of the table.
    """

    def __init__(
        self, filters: UmlsFilters, concepts: concept_ids.Numbers, source_levels: Mapping[Sab, int], tally: Tally
    ) -> None:
        self._index = concept_ids.index_of(concepts)
        self._tally = tally
        self._kinds = Kinds(
            ("SUPPRESS", "SAB"),
            lambda suppress, sab: (suppress, sab),
            lambda kind: filters.definition_fault(*kind, source_levels.get(kind[1], 0)),
        )

    def read(self, file: RrfSource, manifest: Manifest, threads: int) -> pl.DataFrame:
        """The definitions as `schemas.DEFINITIONS`.

        Raises:
            InputError: as `map_blocks`, or a CUI is none.
        """
        frames = [pl.DataFrame(schema=_SCHEMA)]
        for tally, frame in map_blocks(file, manifest.layout(MRDEF, _COLUMNS), self._keep, threads):
            self._tally.add(tally)
            frames.append(frame)
        frame = pl.concat(frames)
        distinct = frame.unique().sort("cui", "sab", "definition")
        self._tally.drop("duplicate row", frame.height - distinct.height)
        self._tally.rows_out = distinct.height
        return distinct

    def _keep(self, block: Block) -> tuple[Tally, pl.DataFrame]:
        cui = block.concept_numbers("CUI")
        rows, tally = self._kinds.sieve(self._kinds.read(block))
        known = rows[self._index[cui[rows]] >= 0]
        tally.drop("CUI without a kept name", len(rows) - len(known))
        texts = [concept_ids.write(cui[known]), *(block.texts(name, known).to_arrow() for name in ("SAB", "DEF"))]
        return tally, pl.DataFrame(
            {name: pl.Series(text, dtype=pl.String) for name, text in zip(_SCHEMA, texts, strict=True)}
        )
