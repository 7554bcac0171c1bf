"""OBO files (Mondo, DO, HPO, Uberon, ...) as a UMLS release: concepts are the terms with a UMLS cross-reference.

* A term with several such cross-references is the lowest of these concepts; terms without one are left out.
* is_a: the term is CHD / isa of its parents; a parent without a concept is bridged to its nearest ancestors with one.
* A relationship whose two ends have concepts is RO; ids of the relation ontology get their names (RO:0002202 is
  develops_from). Relationships that say what is not (lacks_part) are left out.
* Synonyms: EXACT ones are plain, the others SUPPRESS Y; all names of obsolete terms are SUPPRESS E.
* Names and definitions that the ontology took from SNOMED CT, MedDRA and other licensed sources are left out.
* Semantic types: that of the nearest ancestor in the table `obo_branches`, else that of the id's prefix.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import polars as pl

from bali.errors import InputError
from bali.ontologies.atoms import number_atoms
from bali.ontologies.common_rows import inverse_relations, semantic_type_names
from bali.ontologies.cross_references import default_type, source_of
from bali.ontologies.data_tables import read_mapping, restriction_levels
from bali.ontologies.obo import OboHeader, read_header, read_obo
from bali.ontologies.obo_terms import OboTerms, gather_terms
from bali.ontologies.restricted import is_restricted
from bali.ontologies.terms import Term
from bali.ontologies.transcript import ForeignTally, TranscribedFile
from bali.rrf.layouts import MRCONSO, MRDEF, MRDOC, MRREL, MRSAB, MRSTY
from bali.rrf.source import RrfSource
from bali.rrf.writing import clean_value

Row = tuple[str, ...]

_NO_CONCEPT = "term without a UMLS cross-reference"
_RESTRICTED = "provenance under a licence (SNOMED CT, MedDRA, ...)"
_NEGATIVE = ("lacks_", "not_", "has_no_")
_NAME_COLUMNS = ("CUI", "SAB", "TTY", "CODE", "STR", "TS", "STT", "ISPREF", "SUPPRESS")
_PREFERRED, _OTHER = ("P", "PF", "Y"), ("S", "VO", "N")  # TS, STT, ISPREF


def transcribe_obo(paths: Sequence[Path]) -> dict[str, RrfSource]:
    """The RRF files of one or several OBO files, which share their concepts.

    Args:
        paths: files `.obo` or `.obo.gz`.

    Returns:
        MRCONSO, MRREL, MRSTY, MRDEF, MRSAB, MRDOC.
    """
    release = _Release(sorted(paths))
    makers = {
        MRCONSO: release.names,
        MRREL: release.relations,
        MRSTY: release.types,
        MRDEF: release.definitions,
        MRSAB: release.sources,
        MRDOC: inverse_relations,
    }
    return {layout.name: TranscribedFile(layout, paths, pieces) for layout, pieces in makers.items()}


class _Release:
    """The terms of all files, read on first use, and the rows made of them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    @cached_property
    def _gathered(self) -> OboTerms:
        gathered = gather_terms(read_obo(path) for path in self._paths)
        if not gathered.cuis:
            raise InputError(
                f"{', '.join(map(str, self._paths))}: expected terms with a UMLS cross-reference (xref: UMLS:C0011849),"
                f" found none among {len(gathered.terms):,}. Give an ontology that maps its terms to UMLS."
            )
        return gathered

    def _terms(self) -> list[Term]:
        return [term for _, term in sorted(self._gathered.terms.items())]

    def names(self, tally: ForeignTally) -> Iterator[pl.DataFrame]:
        """MRCONSO: the name and the synonyms of each term."""
        gathered = self._gathered
        tally.notes["terms with several UMLS cross-references, lowest taken"] = gathered.num_ambiguous
        tally.notes["terms that several files have, one taken"] = gathered.num_repeats
        rows = list[Row]()
        for term in self._terms():
            tally.rows_in += 1 + len(term.synonyms)
            if term.id in gathered.cuis:
                rows += _names_of(term, gathered.cuis[term.id], tally)
            else:
                tally.drop(_NO_CONCEPT, 1 + len(term.synonyms))
        frame = _frame(rows, _NAME_COLUMNS).with_columns(clean_value("STR"), clean_value("CODE"))
        named = frame.filter(pl.col("STR") != "")
        tally.drop("no name", frame.height - named.height)
        distinct = named.unique(["CUI", "SAB", "TTY", "CODE", "STR"], keep="first", maintain_order=True)
        tally.drop("duplicate row", named.height - distinct.height)
        tally.rows_out = distinct.height
        auis = number_atoms(distinct, ("CUI", "SAB", "TTY", "CODE", "STR"))
        yield distinct.with_columns(auis, SCUI=pl.col("CODE"), LAT=pl.lit("ENG"), SRL=restriction_levels("0"))

    def relations(self, tally: ForeignTally) -> Iterator[pl.DataFrame]:
        """MRREL: is_a, bridged over terms without a concept, and relationships."""
        rows = list[Row]()
        for term in self._terms():
            rows += self._is_a(term, tally)
            rows += self._related(term, tally)
        frame = _frame(rows, ("CUI2", "REL", "RELA", "CUI1", "SAB"))
        distinct = frame.unique(maintain_order=True)
        tally.drop("duplicate row", frame.height - distinct.height)
        tally.rows_out = distinct.height
        yield distinct.with_columns(SL=pl.col("SAB"), SUPPRESS=pl.lit("N"))

    def _is_a(self, term: Term, tally: ForeignTally) -> Iterator[Row]:
        cuis = self._gathered.cuis
        for parent in term.parents:
            tally.rows_in += 1
            if term.id not in cuis:
                tally.drop(_NO_CONCEPT, 1)
                continue
            nearest = sorted(self._gathered.nearest(parent))
            if not nearest:
                tally.drop("no ancestor with a UMLS cross-reference", 1)
                continue
            tally.rows_in += len(nearest) - 1  # one bridged statement may become several
            tally.notes["is_a bridged over terms without a UMLS cross-reference"] += nearest != [parent]
            for ancestor in nearest:
                yield from _row(cuis[term.id], "CHD", "isa", cuis[ancestor], source_of(term.id), tally)

    def _related(self, term: Term, tally: ForeignTally) -> Iterator[Row]:
        cuis = self._gathered.cuis
        for relation, target in term.relationships:
            tally.rows_in += 1
            rela = relation_name(relation)
            if term.id not in cuis or target not in cuis:
                tally.drop(_NO_CONCEPT, 1)
            elif rela.startswith(_NEGATIVE):
                tally.drop("negative relation", 1)
            else:
                yield from _row(cuis[term.id], "RO", rela, cuis[target], source_of(term.id), tally)

    def types(self, tally: ForeignTally) -> Iterator[pl.DataFrame]:
        """MRSTY: one type a term."""
        branches = read_mapping("obo_branches", "id", "tui")
        rows = list[Row]()
        for term in self._terms():
            tally.rows_in += 1
            if term.id not in self._gathered.cuis:
                tally.drop(_NO_CONCEPT, 1)
                continue
            above = (branches[one] for level in self._gathered.ancestors(term.id) for one in level if one in branches)
            tui = next(above, default_type(term.id))
            if tui:
                rows.append((self._gathered.cuis[term.id], tui))
            else:
                tally.drop("no semantic type for this id prefix", 1)
        frame = _frame(rows, ("CUI", "TUI"))
        distinct = frame.unique(maintain_order=True)
        tally.drop("duplicate row", frame.height - distinct.height)
        tally.rows_out = distinct.height
        yield distinct.join(semantic_type_names(), on="TUI", how="left", maintain_order="left")

    def definitions(self, tally: ForeignTally) -> Iterator[pl.DataFrame]:
        """MRDEF: the text definitions."""
        rows = list[Row]()
        for term in self._terms():
            tally.rows_in += bool(term.definition)
            if not term.definition:
                continue
            if term.id not in self._gathered.cuis:
                tally.drop(_NO_CONCEPT, 1)
            elif any(map(is_restricted, term.definition_xrefs)):
                tally.drop(_RESTRICTED, 1)
            else:
                rows.append((self._gathered.cuis[term.id], source_of(term.id), term.definition))
        tally.rows_out = len(rows)
        frame = _frame(rows, ("CUI", "SAB", "DEF")).with_columns(clean_value("DEF"))
        yield frame.with_columns(SUPPRESS=pl.lit("N"))

    def sources(self, tally: ForeignTally) -> Iterator[pl.DataFrame]:
        """MRSAB: the sources of the terms, with the header of the file that holds most of each source's terms."""
        counts = dict[str, tuple[int, Path]]()
        for path in self._paths:
            here = [source_of(term.id) for term in read_obo(path) if term.id in self._gathered.cuis]
            for sab in sorted(set(here)):
                counts[sab] = max(counts.get(sab, (0, path)), (here.count(sab), path), key=lambda count: count[0])
        headers = {path: read_header(path) for path in self._paths}
        rows = [
            (sab, headers[path].ontology or path.name, headers[path].data_version, _licence(headers[path]), "Y")
            for sab, (_, path) in sorted(counts.items())
        ]
        tally.rows_in = tally.rows_out = len(rows)
        frame = _frame(rows, ("SAB", "SON", "SVER", "SLC", "CURVER"))
        clean = frame.select(clean_value(column) for column in frame.columns)
        yield clean.with_columns(restriction_levels("0").alias("SRL")).rename({"SAB": "RSAB"})


def relation_name(relation: str) -> str:
    """RELA of an OBO relationship type: its name in the relation ontology, else its own id as a word."""
    short = relation.rpartition("/")[2].rpartition("#")[2].replace("RO_", "RO:").replace("BFO_", "BFO:")
    known = read_mapping("obo_relations", "id", "rela").get(short)
    return known or short.replace(":", "_").replace("-", "_").replace(" ", "_").replace("|", "_").lower()


def _names_of(term: Term, cui: str, tally: ForeignTally) -> Iterator[Row]:
    sab = source_of(term.id)
    yield (cui, sab, "PT", term.id, term.name, *_PREFERRED, "E" if term.is_obsolete else "N")
    for synonym in term.synonyms:
        if any(map(is_restricted, synonym.xrefs)):
            tally.drop(_RESTRICTED, 1)
            continue
        suppress = "E" if term.is_obsolete else "N" if synonym.scope == "EXACT" else "Y"
        yield (cui, sab, "SY", term.id, synonym.text, *_OTHER, suppress)


def _row(head: str, rel: str, rela: str, tail: str, sab: str, tally: ForeignTally) -> Iterator[Row]:
    if head == tail:
        tally.drop("both ends are one concept", 1)
    else:
        yield head, rel, rela, tail, sab


def _licence(header: OboHeader) -> str:
    return header.licence or " ".join(header.remarks)


def _frame(rows: Sequence[Row], columns: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
