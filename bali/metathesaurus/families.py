"""Reads every source family into its content."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bali.io.census import Census
from bali.metathesaurus import cooccurrence, drugs, mesh, mondo
from bali.metathesaurus.content import Content, Evidence, Match, Name, add_match, add_term
from bali.metathesaurus.identifiers import normalise
from bali.metathesaurus.registry import check_licence
from bali.ontologies.obo import read_header, read_obo
from bali.ontologies.obographs import read_obographs
from bali.ontologies.sssom import read_licence, read_sssom
from bali.ontologies.tables import read_rows, read_table
from bali.ontologies.terms import Term
from bali.vocabulary import Sab

_ORDO_OBSOLETE = "ObsoleteClass"
_TYPES_OF_DISORDER = "Orphanet:C001"  # "clinical entity": its children are kinds of entry, not diseases


class Families:
    """The files of the sources, and how each source is read.

    Args:
        paths: file name -> where it lies; a source whose files are absent is not read.
        census: gets the counts.
    """

    def __init__(self, paths: Mapping[str, Path], census: Census) -> None:
        self._paths, self._census = paths, census
        self._contents: dict[Sab, Content] = {}

    def read(self) -> dict[Sab, Content]:
        """All contents by SAB; the relations of Mondo's edge tables stand with the source of their subject.

        Raises:
            InputError: a file is damaged, has other columns, or names a licence that is not accepted.
        """
        readers: dict[Sab, Callable[[], None]] = {
            "MONDO": self._mondo,
            "MSH": self._mesh,
            "NCIT": lambda: self._terms("NCIT", "ncit-disease-2018-06-08.json", read_obographs),
            "DOID": self._doid,
            "ORDO": lambda: self._terms("ORDO", "ordo-2_6-2018-07-12.json", _read_ordo),
            "UBERON": self._uberon,
            "CL": lambda: self._terms("CL", "CL_2019.obo", read_obo),
            "SYMP": lambda: self._terms("SYMP", "symp.obo", read_obo),
            "PHARMGKB": self._pharmgkb,
            "DRUGTARGET": self._drugtarget,
            "NDFRT": self._ndfrt,
        }
        for sab, reader in readers.items():
            if self._has(sab):
                reader()
        self._small_sources()
        self._mondo_edges()
        return self._contents

    def _has(self, sab: Sab) -> bool:
        return _FIRST_FILE[sab] in self._paths

    def _content(self, sab: Sab) -> Content:
        return self._contents.setdefault(sab, Content(sab))

    def _terms(self, sab: Sab, name: str, reader: Callable[[Path], Iterator[Term]]) -> None:
        path = self._paths[name]
        if name.endswith(".obo"):
            check_licence(read_header(path).licence, path)
        for term in reader(path):
            add_term(self._content(sab), term, self._census)

    def _mondo(self) -> None:
        for name in sorted(self._paths):
            if name.startswith("mondo_exactmatch_"):
                check_licence(read_licence(self._paths[name]), self._paths[name])
                mondo.read_exact_matches(self._content("MONDO"), self._paths[name], self._census)

    def _mondo_edges(self) -> None:
        """After all others: the edges go to sources that are read."""
        if not self._has("MONDO"):
            return
        labels = mondo.read_labels([self._paths[n] for n in ("ro_import_hp.obo", "ro_import.obo") if n in self._paths])
        contents: dict[Sab, Content] = {
            sab: self._contents[sab] for sab in ("MONDO", "UBERON", "CL") if sab in self._contents
        }
        for name in ("edges_2023-08-01.tsv", "mondo-rare_edges.tsv"):
            mondo.read_edges(contents, self._paths[name], labels, self._census)

    def _mesh(self) -> None:
        content = self._content("MSH")
        mesh.read_descriptors(content, self._paths["terms.tsv"])
        mesh.read_tree(content, self._paths["tree-numbers.tsv"], self._census)

    def _doid(self) -> None:
        self._terms("DOID", "doid_2016-03-04.obo", read_obo)
        content, seen = self._content("DOID"), set()
        for identifier, label, xref in read_table(self._paths["allXREFinDO_2026.tsv"], ("id", "label", "xref")):
            is_direct = xref.startswith("UMLS_CUI:")
            add_match(content, identifier, xref, Evidence.OWN if is_direct else Evidence.CROSS_REFERENCE, self._census)
            if identifier not in seen and normalise(identifier):
                content.names.append(Name(identifier, "PT", label, "N"))
                seen.add(identifier)

    def _uberon(self) -> None:
        self._terms("UBERON", "UBERON_2015.obo", read_obo)
        content = self._content("UBERON")
        if self._has("MSH"):
            numbers = mesh.read_tree_numbers(self._paths["tree-numbers.tsv"])
            content.matches = [_with_descriptor(match, numbers) for match in content.matches]
        for name in ("ncit_uberon.sssom.tsv", "ncit_cl.sssom.tsv"):
            self._mappings(content, name)

    def _mappings(self, content: Content, name: str) -> None:
        path = self._paths[name]
        check_licence(read_licence(path), path)
        tally = self._census.table(f"{name}: mappings")
        for mapping in read_sssom(path):
            tally.rows_in += 1
            if not mapping.is_exact:
                tally.drop("not an exact match", 1)
                continue
            tally.rows_out += 1
            add_match(content, mapping.subject, mapping.object, Evidence.CURATED, self._census)

    def _pharmgkb(self) -> None:
        content = self._content("PHARMGKB")
        for name in ("pharmgkb.disease.obo", "pharmgkb.drug.obo"):
            first = len(content.names)
            self._terms("PHARMGKB", name, self._read_without_synonyms)
            branch = f"branch:{name.split('.')[1]}"
            content.branches.extend((found.identifier, branch) for found in content.names[first:])

    def _read_without_synonyms(self, path: Path) -> Iterator[Term]:
        """PharmGKB's synonyms come from UMLS vocabularies (SNOMED CT, MedDRA among them), and it does not say which."""
        tally = self._census.table("PHARMGKB: synonyms without provenance")
        for term in read_obo(path):
            tally.rows_in += len(term.synonyms)
            tally.drop("origin not known", len(term.synonyms))
            yield replace(term, synonyms=())

    def _drugtarget(self) -> None:
        content = self._content("DRUGTARGET")
        drugs.read_identifiers(content, self._paths["identifiers.tsv"], self._census)
        drugs.read_indications(content, self._paths["drug_indication.tsv"], self._census)
        drugs.read_classes(content, self._paths["pharm_class.tsv"], self._census)

    def _ndfrt(self) -> None:
        content = self._content("NDFRT")
        for nui, cui, _, mesh_id, name in read_rows(self._paths["NDFRT_disease.txt"], 5):
            identifier = f"NDFRT:{nui}"
            add_match(content, identifier, f"UMLS:{cui}", Evidence.OWN, self._census)
            add_match(content, identifier, f"MESH:{mesh_id}", Evidence.CROSS_REFERENCE, self._census)
            content.names.append(Name(identifier, "PT", name, "N"))
            content.branches.append((identifier, "branch:disease"))

    def _small_sources(self) -> None:
        if self._has("WIKIDATA"):
            content = self._content("WIKIDATA")
            mesh.read_wikipedia_titles(content, self._paths["meshdesc_wiki.json"], self._census)
        if self._has("PHARMACOTHERAPYDB"):
            content = self._content("PHARMACOTHERAPYDB")
            drugs.read_pharmacotherapy(content, self._paths["indications.tsv"], self._census)
        if self._has("MEDLINE_COOC"):
            path = self._paths["disease-disease-cooccurrence.tsv"]
            cooccurrence.read_cooccurrence(self._content("MEDLINE_COOC"), path, self._census)
        if self._has("BIOMAPPINGS"):
            self._mappings(self._content("BIOMAPPINGS"), "positive.sssom.tsv")


# A file of each source by which one sees whether it is to be read.
_FIRST_FILE: Mapping[Sab, str] = defaultdict(
    str,
    MONDO="mondo_exactmatch_umls.sssom.tsv",
    MSH="terms.tsv",
    NCIT="ncit-disease-2018-06-08.json",
    DOID="doid_2016-03-04.obo",
    ORDO="ordo-2_6-2018-07-12.json",
    UBERON="UBERON_2015.obo",
    CL="CL_2019.obo",
    SYMP="symp.obo",
    PHARMGKB="pharmgkb.drug.obo",
    DRUGTARGET="identifiers.tsv",
    NDFRT="NDFRT_disease.txt",
    WIKIDATA="meshdesc_wiki.json",
    PHARMACOTHERAPYDB="indications.tsv",
    MEDLINE_COOC="disease-disease-cooccurrence.tsv",
    BIOMAPPINGS="positive.sssom.tsv",
)


def _read_ordo(path: Path) -> Iterator[Term]:
    """ORDO's terms: a child of the class of obsolete entries is obsolete; kinds of entry are no parents."""
    terms = list(read_obographs(path))
    kinds = {term.id for term in terms if _TYPES_OF_DISORDER in term.parents}
    for term in terms:
        is_obsolete = any(_ORDO_OBSOLETE in parent for parent in term.parents)
        parents = tuple(parent for parent in term.parents if parent not in kinds)
        yield replace(term, is_obsolete=is_obsolete, parents=parents)


def _with_descriptor(match: Match, numbers: Mapping[str, str]) -> Match:
    """Uberon refers to MeSH by tree number; the descriptor stands in its place."""
    return match._replace(other=numbers.get(match.other.removeprefix("MESH:"), match.other))
