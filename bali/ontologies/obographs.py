"""obographs JSON (github.com/geneontology/obographs, version 0.x), the other form of OBO and OWL ontologies."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bali.errors import InputError
from bali.io.json_text import decode_json
from bali.ontologies.terms import Synonym, Term
from bali.ontologies.text_files import read_bytes

Json = dict[str, Any]

_SCOPES = {"hasExactSynonym": "EXACT", "hasNarrowSynonym": "NARROW", "hasBroadSynonym": "BROAD"}
_DEFAULT_SCOPE = "RELATED"
_REPLACED_BY = "IAO_0100001"  # "term replaced by"


def read_obographs(path: Path) -> Iterator[Term]:
    """The classes of an obographs file, in its order, as the OBO reader gives them.

    Ids are IRIs, cut to their last part, with `:` for the `_` before the local id where the last part has one
    (NCIT:C3088, Orphanet:124). The relationships are named by the label of their property, in lower case with `_` for
    each space.

    Raises:
        InputError: the file is missing, damaged or not obographs JSON.
    """
    try:
        yield from _terms(path)
    except (AttributeError, KeyError, TypeError) as error:  # a value of another type, a key that is not there
        raise InputError(
            f"{path}: expected obographs JSON, got a node or an edge of another form. Download it again."
        ) from error


def _terms(path: Path) -> Iterator[Term]:
    for graph in _graphs(path):
        labels = {node["id"]: node.get("lbl", "") for node in graph["nodes"]}
        parents: dict[str, list[str]] = defaultdict(list)
        relationships: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for edge in graph.get("edges", []):
            subject, predicate, target = edge["sub"], edge["pred"], _short(edge["obj"])
            if predicate == "is_a":
                parents[subject].append(target)
            else:
                label = labels.get(predicate) or _short(predicate)
                relationships[subject].append(("_".join(label.lower().split()), target))
        for node in graph["nodes"]:
            if node.get("type") == "CLASS":
                yield _to_term(node, tuple(parents[node["id"]]), tuple(relationships[node["id"]]))


def _graphs(path: Path) -> list[Json]:
    try:
        document = decode_json(read_bytes(path))
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, got: {error}. Download it again.") from error
    graphs = document.get("graphs") if isinstance(document, dict) else None
    if not graphs or not all(isinstance(node, dict) and "id" in node for graph in graphs for node in graph["nodes"]):
        raise InputError(f"{path}: expected obographs JSON with `graphs` and their `nodes`. Is this another format?")
    return list(graphs)


def _to_term(node: Json, parents: tuple[str, ...], relationships: tuple[tuple[str, str], ...]) -> Term:
    meta = node.get("meta", {})
    definition = meta.get("definition", {})
    values = [(_short(p["pred"]), str(p["val"])) for p in meta.get("basicPropertyValues", [])]
    return Term(
        id=_short(node["id"]),
        name=_text(node.get("lbl") or ""),
        synonyms=tuple(
            Synonym(_text(s["val"]), _SCOPES.get(s["pred"], _DEFAULT_SCOPE), "", _texts(s.get("xrefs", [])))
            for s in meta.get("synonyms", [])
        ),
        xrefs=_texts(x["val"] for x in meta.get("xrefs", [])),
        parents=parents,
        relationships=relationships,
        definition=_text(definition.get("val", "")),
        namespace="",
        is_obsolete=bool(meta.get("deprecated", False)),
        replaced_by=tuple(_short(value) for name, value in values if name.replace(":", "_") == _REPLACED_BY),
        alternative_ids=(),
        subsets=tuple(subset.rpartition("#")[2] for subset in meta.get("subsets", [])),
        definition_xrefs=_texts(definition.get("xrefs", [])),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a string, got {type(value).__name__}")
    return value


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(_text, values))


def _short(iri: str) -> str:
    last = iri.rpartition("/")[2].rpartition("#")[2]
    return last.replace("_", ":", 1) if iri.startswith("http") else iri
