"""MeSH descriptors: names, the hierarchy that the tree numbers spell, and titles of Wikipedia by MeSH id."""

import re
from collections import defaultdict
from pathlib import Path

from bali.errors import InputError
from bali.io.census import Census
from bali.io.json_text import decode_json
from bali.metathesaurus.content import IS_A, Content, Name, add_statement
from bali.ontologies.tables import read_table
from bali.ontologies.text_files import read_bytes

_QUALIFIER = re.compile(r"\s*\([^()]*\)$")  # Wikipedia's "Mercury (element)"
_MESH_ID = re.compile(r"[CD]\d{6}(?:\d{3})?")


def read_descriptors(content: Content, path: Path) -> None:
    """Add the preferred name (MH) of each descriptor.

    Raises:
        InputError: as `read_table`.
    """
    content.names.extend(
        Name(f"MESH:{mesh_id}", "MH", name, "N") for mesh_id, name in read_table(path, ("mesh_id", "mesh_name"))
    )


def read_tree(content: Content, path: Path, census: Census) -> None:
    """Add `isa` from each descriptor to the one a level higher in each of its places in the tree, and the branches.

    MeSH trees go from narrower to broader, which is not always a kind of: UMLS has the same rows as PAR and CHD.

    Raises:
        InputError: as `read_table`.
    """
    rows = sorted(read_table(path, ("mesh_tree_number", "mesh_id")))
    descriptors: dict[str, list[str]] = defaultdict(list)
    for number, mesh_id in rows:
        descriptors[number].append(mesh_id)
        content.branches.extend((f"MESH:{mesh_id}", f"tree:{part}") for part in _prefixes(number))
    tally = census.table("MSH: tree numbers")
    tally.rows_in += len(rows)
    for number, mesh_id in rows:
        parents = descriptors.get(number.rpartition(".")[0], [])
        if parents:
            tally.rows_out += 1
        else:
            tally.drop("top of a tree", 1)
        for parent in parents:
            add_statement(content, f"MESH:{mesh_id}", IS_A, f"MESH:{parent}", census)


def read_tree_numbers(path: Path) -> dict[str, str]:
    """Tree number -> MESH:descriptor (Uberon refers to MeSH by tree number).

    Raises:
        InputError: as `read_table`.
    """
    return {number: f"MESH:{mesh_id}" for number, mesh_id in read_table(path, ("mesh_tree_number", "mesh_id"))}


def read_wikipedia_titles(content: Content, path: Path, census: Census) -> None:
    """Add the titles of Wikipedia articles as synonyms of MeSH ids, without `_` and the qualifier in brackets.

    Raises:
        InputError: the file is damaged or not a JSON object of strings.
    """
    try:
        titles = decode_json(read_bytes(path))
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, got: {error}. Download it again.") from error
    if not isinstance(titles, dict) or not all(isinstance(title, str) for title in titles.values()):
        raise InputError(f"{path}: expected a JSON object of MeSH id and title. Is this another file?")
    tally = census.table(f"{content.sab}: titles")
    for mesh_id, title in sorted(titles.items()):
        tally.rows_in += 1
        text = _QUALIFIER.sub("", title.replace("_", " "))
        if not _MESH_ID.fullmatch(mesh_id) or not text:
            tally.drop("not a MeSH id", 1)
            continue
        tally.rows_out += 1
        content.names.append(Name(f"MESH:{mesh_id}", "SY", text, "N"))


def _prefixes(number: str) -> list[str]:
    """C04, C04.557, ... of the tree number C04.557.337."""
    parts = number.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
