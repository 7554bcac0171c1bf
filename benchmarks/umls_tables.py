"""The tables of an invented Metathesaurus as numbers: concepts, atoms, relations, semantic types."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benchmarks.rrf_kernels import Ints, hash_numbers, order_by_first_concept, pack_codes
from benchmarks.umls_semantic_types import types_by_frequency
from benchmarks.umls_shapes import (
    PREFIXES,
    TABLE_SIZE,
    drawing_table,
    make_relation_kinds,
    make_sources,
    style_columns,
)

NUM_CONCEPTS, NUM_RELATIONS = 3_450_000, 30_300_000  # at scale 1; a relation is two rows
HIGHEST_CUI = 5_977_000  # about the last CUI of release 2024AA
MISSING_SHARE = 0.0005  # concepts that MRREL names and MRCONSO lacks; a row has two ends, so 0.1 % of the rows
MEDIAN_NAMES, SPREAD_OF_NAMES, MOST_NAMES = 2.03, 1.28, 800  # names a concept: log-normal, then rounded up; mean 5.1
HUB_POWER, MILD_POWER = (
    2.6,
    1.5,
)  # rank of an end = num_concepts * u ** power: in-degrees fall as rank ** (1 / power - 1)
_AUI_RANGE, _RUI_RANGE = 36_000_000, 250_000_000  # numbers of AUIs, SUIs, LUIs; of RUIs (as in releases about 2024)
_STEP = 22_360_679  # prime to both ranges
_CONSO, _REL, _STY, _CUIS, _DEGREES = range(2, 7)  # one stream of chance each
TERM_STATUS, STRING_TYPES, YES_NO = ("P", "S"), ("PF", "VC", "VO", "VW", "VCW"), ("N", "Y")
SUPPRESS = ("N", "O", "Y", "E")
_DRAW_SUPPRESS = drawing_table([0.85, 0.09, 0.05, 0.01])  # of names (estimate)
_DRAW_SUPPRESS_RELATION = drawing_table([0.9, 0.08, 0.015, 0.005])  # of relations (estimate)
STYPES = ("AUI", "SCUI", "SDUI", "CUI", "CODE")
CONTENT_VIEWS = ("", "256", "2304", "4096")
_CHUNK_RELATIONS = 2_000_000

_SOURCES = make_sources()
_TYPE_OF_RANK = np.array(types_by_frequency())
SABS = tuple(source.sab for source in _SOURCES)
LANGUAGES = tuple(sorted({source.lat for source in _SOURCES}))
TTYS = tuple(tty for source in _SOURCES for tty in source.ttys)  # those of a source side by side
_NUM_TTYS = np.array([len(source.ttys) for source in _SOURCES])
_FIRST_TTY = np.cumsum(_NUM_TTYS) - _NUM_TTYS
_LANGUAGE_OF = np.array([LANGUAGES.index(source.lat) for source in _SOURCES])
_LEVELS = np.array([source.level for source in _SOURCES])
_DRAW_SOURCE = drawing_table([source.share for source in _SOURCES])
_RELATION_SHARES = {  # estimates
    "SNOMEDCT_US": 30, "MSH": 12, "RXNORM": 11, "LNC": 10, "NCI": 8, "NCBI": 8, "MEDCIN": 6, "SCTSPA": 3, "FMA": 4,
    "GO": 3, "MTH": 3, "ICD10PCS": 4, "MED-RT": 2, "VANDF": 1, "HPO": 1, "ICD10CM": 1, "MDR": 1,
}  # fmt: skip
_DRAW_RELATION_SOURCE = drawing_table([_RELATION_SHARES.get(sab, 0.02) for sab in SABS])
# A RELA belongs to one to three sources; rows without one, and isa, come from all (both as in releases; estimates).
_SOURCES_OF_KIND = np.array(
    [0 if kind.rela in {"", "isa"} else 1 + number % 3 for number, kind in enumerate(make_relation_kinds())]
)
_SCT_LIKE = np.array([source.style == "sct" for source in _SOURCES])
_HAS_SAUI = _SCT_LIKE | np.isin(SABS, ["RXNORM", "MSH"])
_HAS_SCUI = _SCT_LIKE | np.isin(SABS, ["RXNORM", "MSH", "NCI", "MEDCIN", "MED-RT", "LNC"])
_HAS_SDUI = np.array([source.style in {"msh", "mdr", "go", "hp"} for source in _SOURCES])
_HAS_SRUI = _SCT_LIKE | np.isin(SABS, ["RXNORM"])
_STYPE_OF = np.select(
    [_HAS_SDUI, _SCT_LIKE | np.isin(SABS, ["NCI", "RXNORM"]), np.isin(SABS, ["MTH", "NCBI"])], [2, 1, 3], 0
)


@dataclass(frozen=True)
class Metathesaurus:
    """All that does not depend on a chunk, about 600 MB at scale 1."""

    scale: float
    seed: int

    @cached_property
    def num_concepts(self) -> int:
        """Concepts of MRCONSO."""
        return max(10, round(NUM_CONCEPTS * self.scale))

    @cached_property
    def num_relations(self) -> int:
        """Relations; MRREL has two rows for each."""
        return max(20, round(NUM_RELATIONS * self.scale))

    @cached_property
    def cuis(self) -> Ints:
        """Ascending CUI numbers with gaps; concepts are their places here, the missing ones among them."""
        num_missing = max(1, round(self.num_concepts * MISSING_SHARE))
        highest = max(HIGHEST_CUI, round(1.6 * self.num_concepts))
        rng = np.random.default_rng((self.seed, _CUIS))
        chosen = rng.choice(highest - 5, self.num_concepts + num_missing, replace=False, shuffle=False)
        return np.sort(chosen) + 5

    @cached_property
    def ranking(self) -> npt.NDArray[np.int32]:
        """Concepts from the one with most relations to the one with fewest."""
        return np.random.default_rng((self.seed, _DEGREES)).permutation(len(self.cuis)).astype(np.int32)

    @cached_property
    def num_names(self) -> npt.NDArray[np.int32]:
        """Atoms of each concept: 1 or 2 for half of them, some hundreds for a few; 0 for the missing."""
        rng = np.random.default_rng((self.seed, _CONSO))
        drawn = rng.lognormal(np.log(MEDIAN_NAMES), SPREAD_OF_NAMES, len(self.cuis))
        names = np.minimum(np.ceil(drawn), MOST_NAMES).astype(np.int32)
        middle, num_missing = len(self.cuis) // 2, len(self.cuis) - self.num_concepts
        names[self.ranking[middle : middle + num_missing]] = 0
        return names

    @cached_property
    def first_atom(self) -> Ints:
        """Number of the first atom of each concept, then the number of atoms."""
        return np.concatenate([[0], np.cumsum(self.num_names, dtype=np.int64)])

    @cached_property
    def relations(self) -> "Relations":
        """Both ends and the kind of each relation, and the order of the rows of MRREL."""
        parts = [
            self._draw_relations(start, min(start + _CHUNK_RELATIONS, self.num_relations))
            for start in range(0, self.num_relations, _CHUNK_RELATIONS)
        ]
        source, target, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Relations(source, target, kind, order_by_first_concept(source, target, len(self.cuis)))

    def _draw_relations(self, start: int, stop: int) -> tuple[npt.NDArray[np.signedinteger], ...]:
        rng = np.random.default_rng((self.seed, _REL, start))
        num_rows, num_concepts = stop - start, len(self.cuis)
        kinds = make_relation_kinds()
        kind = drawing_table([kind.share for kind in kinds])[rng.integers(0, TABLE_SIZE, num_rows)]
        hub = (num_concepts * rng.random(num_rows) ** HUB_POWER).astype(np.int64)
        mild = (num_concepts * rng.random(num_rows) ** MILD_POWER).astype(np.int64)
        target, source = self.ranking[hub], self.ranking[(mild * _STEP + 7) % num_concepts]
        reflexive = np.array([kind.reflexive for kind in kinds])[kind] | (rng.random(num_rows) < 0.005)
        source = np.where(reflexive, target, source)
        fresh = rng.random(num_rows) >= 0.05  # the others repeat the relation before, between other atoms
        origin = np.maximum.accumulate(np.where(fresh, np.arange(num_rows), 0))
        return source[origin], target[origin], kind[origin]

    @cached_property
    def styles(self) -> dict[str, Ints]:
        """How the sources write their codes."""
        return style_columns(make_sources())

    def atoms(self, start: int, stop: int) -> list[npt.NDArray[np.generic]]:
        """The columns of MRCONSO of the concepts `start` to `stop`; texts as their numbers, ids as numbers."""
        rng = np.random.default_rng((self.seed, _CONSO, start))
        counts = self.num_names[start:stop]
        concept = np.repeat(np.arange(start, stop), counts)
        atom = np.arange(self.first_atom[start], self.first_atom[stop])
        sab, lat = self._sources_of_atoms(rng, concept, start, counts)
        begins = np.diff(concept * 64 + lat, prepend=-1) != 0  # first name of a concept in a language
        chance = rng.random(len(atom), np.float32)
        group = _last(begins, atom)
        term = _last(begins | (chance > 0.4), atom)  # 40 % of the names differ from a term before in case or order
        string = _last(begins | (chance > 0.15), atom)  # 15 % are the same string from another source
        string_type = np.where(string == term, 0, 1 + string % 4)
        code = self._codes(sab, concept, np.where(chance < 0.8, 0, atom))
        draws = rng.integers(0, TABLE_SIZE, (3, len(atom)))
        tty = np.minimum(np.floor(-np.log2((draws[0] + 1) / TABLE_SIZE) / 1.2), _NUM_TTYS[sab] - 1).astype(np.int64)
        view = np.where(draws[2] < 0.27 * TABLE_SIZE, 1 + (draws[2] % 50 == 0), 0)
        term_key, name_key = _shared(term, len(self.cuis)), _shared(string, len(self.cuis))
        return [
            self.cuis[concept], lat, (term != group).astype(np.int64), spread(term_key, _AUI_RANGE), string_type,
            spread(name_key, _AUI_RANGE), (string == atom).astype(np.int64), spread(atom, _AUI_RANGE),
            np.where(_HAS_SAUI[sab], atom * 7 + 1000, -1), np.where(_HAS_SCUI[sab], code, -1),
            np.where(_HAS_SDUI[sab], code, -1), sab, _FIRST_TTY[sab] + tty, code, name_key ^ self.seed << 40,
            _LEVELS[sab], _DRAW_SUPPRESS[draws[1]], view,
        ]  # fmt: skip

    def _sources_of_atoms(
        self, rng: np.random.Generator, concept: Ints, start: int, counts: npt.NDArray[np.int32]
    ) -> tuple[Ints, Ints]:
        """Source and language of each atom, by language within a concept; half the atoms are of one source."""
        home = _DRAW_SOURCE[rng.integers(0, TABLE_SIZE, len(counts))]
        drawn = _DRAW_SOURCE[rng.integers(0, TABLE_SIZE, len(concept))]
        sab = np.where(rng.random(len(concept), np.float32) < 0.5, home[concept - start], drawn).astype(np.int64)
        sab = sab[np.argsort((concept - start) * 64 + _LANGUAGE_OF[sab], kind="stable")]
        return sab, _LANGUAGE_OF[sab]

    def _codes(self, sab: Ints, concept: Ints, own: Ints) -> Ints:
        """Codes in the style of the source; the atoms of a concept in a source share one where `own` is 0."""
        chance = (hash_numbers(concept * 256 + sab, 1) ^ hash_numbers(own, 2)).astype(np.int64) & (1 << 62) - 1
        style = {name: column[sab] for name, column in self.styles.items()}
        number = style["low"] + chance % style["span"]
        ending = np.where(style["ending"] > 0, style["ending"] + chance % 10, 0)
        return pack_codes(number, style["digits"], style["prefix"], ending)

    def relation_rows(self, start: int, stop: int) -> list[npt.NDArray[np.generic]]:
        """The columns of MRREL of its rows `start` to `stop`."""
        row = self.relations.order[start:stop].astype(np.int64)
        relation, backwards = row >> 1, row & 1
        ends = [self.relations.source[relation], self.relations.target[relation]]
        kind = self.relations.kind[relation].astype(np.int64) * 2 + backwards
        chance = hash_numbers(relation, self.seed).astype(np.int64) & (1 << 62) - 1
        sab = _source_of(kind >> 1, chance)
        stype = _STYPE_OF[sab]
        atoms = [self._atom_of(end, hash_numbers(row >> 1 << 1 | side, 3)) for side, end in enumerate(ends)]
        atoms = [np.where(stype == 3, -1, spread(atom, _AUI_RANGE)) for atom in atoms]  # a concept's row has no atoms
        back = backwards.astype(bool)
        first, second = (np.where(back, ends[1 - place], ends[place]) for place in range(2))
        srui = np.where(_HAS_SRUI[sab], 1_000_000 + chance % 10**10, -1)
        snomed = _SCT_LIKE[sab]
        return [
            self.cuis[first], np.where(back, atoms[1], atoms[0]), stype, kind, self.cuis[second],
            np.where(back, atoms[0], atoms[1]), stype, kind, spread(row, _RUI_RANGE), srui, sab, sab,
            np.where(snomed, chance >> 20 & 3, -1), np.where(snomed, 1 + backwards, 0),
            _DRAW_SUPPRESS_RELATION[chance >> 24 & 0xFFFF], np.where(chance >> 40 & 63 == 0, 3, 0),
        ]  # fmt: skip

    def _atom_of(self, concept: npt.NDArray[np.int32], chance: npt.NDArray[np.uint64]) -> Ints:
        own = np.maximum(self.num_names[concept], 1).astype(np.uint64)
        return self.first_atom[concept] + (chance % own).astype(np.int64)

    def semantic_types(self, start: int, stop: int) -> list[npt.NDArray[np.generic]]:
        """The columns of MRSTY of the concepts `start` to `stop`: one type each, two for a tenth of them."""
        rng = np.random.default_rng((self.seed, _STY, start))
        concept = np.arange(start, stop)[self.num_names[start:stop] > 0]
        num_types = len(_TYPE_OF_RANK)
        rank = np.floor((num_types + 1) ** rng.random(len(concept))).astype(np.int64) - 1  # Zipf
        first = _TYPE_OF_RANK[rank]
        second = (first + rng.integers(1, num_types, len(concept))) % num_types
        two = rng.random(len(concept)) < 0.105
        ordered = np.stack([np.where(two, np.minimum(first, second), first), np.maximum(first, second)], 1)
        kept = ordered[np.stack([np.ones_like(two), two], 1)]
        place = np.repeat(concept, 1 + two)
        attribute = spread(place * 2 + (np.diff(place, prepend=-1) == 0), _RUI_RANGE)
        width = np.full(len(place), 8)
        codes = pack_codes(attribute, width, np.full(len(place), PREFIXES.index("AT")), np.zeros(len(place), np.int64))
        return [self.cuis[place], kept, kept, kept, codes, np.where(place % 4 == 0, 1, 0)]


def _source_of(kind: Ints, chance: Ints) -> Ints:
    """The source of each relation."""
    few = _SOURCES_OF_KIND[kind]
    place = hash_numbers(kind * 4 + chance % np.maximum(few, 1), 4).astype(np.int64) & (1 << 62) - 1
    return _DRAW_RELATION_SOURCE[np.where(few > 0, place, chance) % TABLE_SIZE].astype(np.int64)


@dataclass(frozen=True)
class Relations:
    """Relations: shapes (num_relations,), `order` (2 * num_relations,) as `order_by_first_concept` gives it."""

    source: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int16]
    order: npt.NDArray[np.int32]


def spread(numbers: Ints, size: int) -> Ints:
    """Distinct numbers below `size`, in no visible order, plus 1."""
    scattered: Ints = numbers * _STEP % size + 1
    return scattered


def _last(begins: npt.NDArray[np.bool_], atom: Ints) -> Ints:
    """For each row the atom of the last row that begins something."""
    return np.maximum.accumulate(np.where(begins, atom, 0))


def _shared(string: Ints, num_concepts: int) -> Ints:
    """One string of 64 is replaced by one of a small stock, which so occurs in several concepts."""
    chance = hash_numbers(string, 4)
    stock = (chance >> np.uint64(8)) % np.uint64(num_concepts // 20 + 1)
    return np.where(chance % np.uint64(64) == 0, stock.astype(np.int64), string)
