"""Valid documents of any content survive being read; values of any shape are read or refused in one line."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.config.yaml_text import load_yaml
from bali.errors import BaliError
from bali.io.census import Census
from bali.io.json_text import decode_json
from bali.ontologies.obo import read_obo
from bali.ontologies.obographs import read_obographs
from bali.pubmed.bioc_json import read_bioc_json
from bali.pubmed.json_documents import read_json_documents
from bali.strict import decode

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT
KEYS = st.sampled_from(
    [
        "id",
        "pmid",
        "passages",
        "offset",
        "text",
        "infons",
        "annotations",
        "locations",
        "length",
        "sentences",
        "title",
        "abstract",
        "label",
        "span",
        "begin",
        "end",
        "start",
        "year",
        "documents",
        "type",
        "identifier",
        "relations",
        "graphs",
        "nodes",
        "edges",
        "sub",
        "pred",
        "obj",
        "meta",
        "lbl",
        "synonyms",
        "val",
        "xrefs",
        "definition",
        "stage",
        "tables",
        "notes",
        "rows_in",
        "rows_out",
        "dropped",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | ANY_TEXT, inner, max_size=6),
    max_leaves=30,
)
OBJECTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=8)


def refusal_of(read: Callable[[], object]) -> str:
    """What a reader says that refuses, else nothing; any other exception passes."""
    try:
        read()
    except BaliError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("read", [read_bioc_json, read_json_documents, read_obographs, Census.read])
@settings(max_examples=100, deadline=None)
@given(value=OBJECTS)
def test_any_json_is_read_or_refused_in_one_line(read: Callable[[Path], Any], value: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(json.dumps(value))
        refusal = refusal_of(lambda: list(vars(found)) if isinstance(found := read(path), Census) else list(found))
    assert not refusal or (str(path) in refusal and len(refusal.splitlines()) == 1)


@settings(max_examples=100, deadline=None)
@given(value=VALUES)
def test_plain_values_survive_json_and_yaml(value: Any) -> None:
    assert decode_json(json.dumps(value)) == value
    assert load_yaml(yaml.safe_dump(value)) == value
    assert load_yaml(yaml.safe_dump([value, value])) == [value, value]  # written with an alias


@settings(max_examples=100, deadline=None)
@given(value=st.dictionaries(ANY_TEXT | st.sampled_from(["umls", "seed", "graph", "experiments", "linking"]), VALUES))
def test_any_configuration_is_taken_or_refused_in_one_line(value: dict[str, Any]) -> None:
    from bali.config import Config  # noqa: PLC0415  # half a second

    refusal = refusal_of(lambda: decode(Config, value, source="here"))
    assert not refusal or (refusal.startswith(("here", "experiments")) and len(refusal.splitlines()) == 1)


def escaped(text: str) -> str:
    for character, word in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(character, word)
    return text


NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30).map(str.strip)


@settings(max_examples=100, deadline=None)
@given(
    synonyms=st.lists(st.tuples(NAME, st.sampled_from(["EXACT", "NARROW", "BROAD", "RELATED"])), max_size=5), text=NAME
)
def test_names_survive_obo(synonyms: list[tuple[str, str]], text: str) -> None:
    lines = ["format-version: 1.2", "", "[Term]", "id: A:1", f'def: "{escaped(text)}" [A:2, B:3]']
    lines += [f'synonym: "{escaped(name)}" {scope} [X:1]' for name, scope in synonyms]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.obo"
        path.write_text("\n".join(lines), encoding="utf-8")
        (term,) = read_obo(path)
    assert [(synonym.text, synonym.scope) for synonym in term.synonyms] == synonyms
    assert (term.definition, term.definition_xrefs) == (text, ("A:2", "B:3"))
    assert all(synonym.xrefs == ("X:1",) for synonym in term.synonyms)
