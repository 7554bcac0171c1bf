"""Mondo: curated exact matches with labels (SSSOM) and tables of edges."""

from pathlib import Path

from bali.io.census import Census
from bali.metathesaurus.content import IS_A, Content, Evidence, Name, add_match, add_statement
from bali.metathesaurus.identifiers import normalise
from bali.metathesaurus.registry import DATA
from bali.ontologies.obo import read_relation_types
from bali.ontologies.sssom import read_sssom
from bali.ontologies.tables import read_table

_SUBCLASS = "rdfs:subClassOf"
_EDGE_COLUMNS = (("x", "p", "y"), ("subject", "relation", "object"))  # of reports/edges.tsv, of subsets/*_edges.tsv


def read_exact_matches(content: Content, path: Path, census: Census) -> None:
    """Add the exact matches of one SSSOM table, and the labels of its Mondo classes as names.

    Raises:
        InputError: as `read_sssom`.
    """
    for mapping in read_sssom(path):
        add_match(content, mapping.subject, mapping.object, Evidence.MONDO_EXACT, census)
        if identifier := normalise(mapping.subject):
            is_obsolete = mapping.subject_label.startswith("obsolete ")
            text = mapping.subject_label.removeprefix("obsolete ")
            content.names.append(Name(identifier, "PT", text, "O" if is_obsolete else "N"))


def read_edges(contents: dict[str, Content], path: Path, labels: dict[str, str], census: Census) -> None:
    """Add the edges of a table, each to the source that its subject belongs to (Mondo repeats axioms of Uberon).

    Args:
        contents: prefix of the subject -> the source that gets the edge; other subjects are dropped and counted.
        path: a table with the columns x, p, y or subject, relation, object.
        labels: as `read_labels`.
        census: gets the counts.

    Raises:
        InputError: as `read_table`.
    """
    tally = census.table(f"{path.name.partition('.')[0]}: edges")
    for head, predicate, tail in _read_edges(path):
        tally.rows_in += 1
        content = contents.get(head.partition(":")[0])
        if content is None:
            tally.drop("subject of a source that is not used", 1)
            continue
        tally.rows_out += 1
        rela = IS_A if predicate == _SUBCLASS else labels.get(predicate, predicate.rpartition("#")[2])
        add_statement(content, head, rela, tail, census)


def read_labels(paths: list[Path]) -> dict[str, str]:
    """Identifier of a relation -> its name with `_` for each space, of import modules of the Relation Ontology.

    The spatial relations (BSPO), which these modules lack, are named by a table in `data/`.

    Raises:
        InputError: as `read_relation_types`.
    """
    spatial = {relation: rela for relation, rela in read_table(DATA / "relation_names.tsv", ("relation", "rela"))}
    return spatial | {
        relation.id: relation.name.replace(" ", "_")
        for path in paths
        for relation in read_relation_types(path)
        if relation.name
    }


def _read_edges(path: Path) -> list[tuple[str, ...]]:
    columns = _EDGE_COLUMNS[1] if "rare" in path.name else _EDGE_COLUMNS[0]
    return list(read_table(path, columns))
