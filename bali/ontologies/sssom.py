"""SSSOM mapping tables (Simple Standard for Sharing Ontological Mappings, mapping-commons.github.io/sssom)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bali.ontologies.tables import read_table
from bali.ontologies.text_files import read_lines

EXACT_PREDICATES = frozenset({"skos:exactMatch", "owl:equivalentClass", "owl:sameAs"})


@dataclass(frozen=True)
class Mapping:
    """One row: subject, predicate and object as CURIEs, and the label of the subject."""

    subject: str
    predicate: str
    object: str
    subject_label: str

    @property
    def is_exact(self) -> bool:
        """Both ids mean the same thing."""
        return self.predicate in EXACT_PREDICATES


def read_sssom(path: Path) -> Iterator[Mapping]:
    """The mappings of a table, in its order.

    Raises:
        InputError: as `read_table`.
    """
    for subject, predicate, target, label in read_table(
        path, ("subject_id", "predicate_id", "object_id", "subject_label")
    ):
        yield Mapping(subject, predicate, target, label)


def read_licence(path: Path) -> str:
    """The licence that the comment lines of a table name; "" where they name none.

    Raises:
        InputError: as `read_lines`.
    """
    for _, line in read_lines(path):
        if not line.startswith("#"):
            break
        key, _, value = line.lstrip("# ").partition(":")
        if key == "license":
            return value.strip().strip('"')
    return ""
