"""Write docs/artefacts.md: the columns of every artefact, from bali/schemas.py and the comments beside them."""

import re
import sys
from pathlib import Path

from bali import schemas

PLACES = {
    "names": "umls/names.parquet",
    "concepts": "umls/concepts.parquet",
    "relations": "umls/relations.parquet",
    "semantic_types": "umls/semantic_types.parquet",
    "sources": "umls/sources.parquet",
    "codes": "umls/codes.parquet",
    "retired_cuis": "umls/retired_cuis.parquet",
    "definitions": "umls/definitions.parquet",
    "inverses": "umls/inverses.parquet",
    "nodes": "graph/nodes.parquet",
    "edges": "graph/edges.parquet",
    "held_out_edges": "graph/held_out_edges.parquet",
    "relation_labels": "graph/relation_labels.parquet",
    "parsed_documents": "corpus/parsed/SHARD/documents.parquet",
    "parsed_annotations": "corpus/parsed/SHARD/annotations.parquet",
    "deletions": "corpus/parsed/SHARD/deletions.parquet",
    "selection": "corpus/selection.parquet",
    "documents": "corpus/documents/SHARD.parquet",
    "annotations": "corpus/annotations/SHARD.parquet",
    "sentences": "corpus/sentences/SHARD.parquet",
    "mentions": "mentions/SHARD.parquet",
    "candidates": "mentions/candidates/SHARD.parquet",
    "linking_quality": "linking/quality.parquet",
    "linking_by_type": "linking/by_type.parquet",
    "linking_curve": "linking/threshold_curve.parquet",
    "linking_outcomes": "linking/outcomes.parquet",
    "linking_errors": "linking/errors.parquet",
    "mention_counts": "subgraphs/mention_counts.parquet",
    "subgraphs": "subgraphs/subgraphs.parquet",
    "held_out": "examples/held_out.parquet",
    "examples": "examples/{train,validation}-SHARD.parquet",
    "training_log": "models/NAME/training_log.parquet",
    "dictionary": "evaluation/dictionary.parquet",
    "overlaps": "evaluation/overlaps/SHARD.parquet, evaluation/pair_overlaps.parquet",
    "predictions": "evaluation/MODEL/TASK/SEED.predictions.parquet",
    "metrics": "report/metrics.parquet",
    "comparisons": "report/comparisons.parquet",
}
HEAD = """# Artefacts

Every Parquet file below `results/`, with its columns. Written by `docs/write_artefacts.py` from `bali/schemas.py`.

Each file carries, under the metadata key `bali`, JSON with the schema version, the artefact's kind, the UMLS release,
the digest of the options, the digest of each input and the source restriction levels present. Beside the Parquet files
of a stage lies a census (JSON): rows in = rows out + rows dropped, by reason. `bali show FILE` prints all of it.

The graph's in-neighbours lie in `graph/in_edges/` as NumPy arrays to map into memory: the neighbours of node `t` are
`source[indptr[t]:indptr[t+1]]`, their relations `relation[indptr[t]:indptr[t+1]]`.
"""


def comments(text: str) -> dict[str, dict[str, str]]:
    """Schema name -> column -> the comment on its line, and "" -> the comment on the closing line."""
    found: dict[str, dict[str, str]] = {}
    schema, columns = "", []
    for line in text.splitlines():
        if match := re.match(r"([A-Z_]+) = ", line):
            schema, columns = match[1], [""]
        names = re.findall(r'^        \("(\w+)"|^            "(\w+)",|pa.field\("(\w+)"', line)
        columns = ["".join(name) for name in names] or columns
        comment = line.split("  # ", 1)[1] if "  # " in line else ""
        if comment:
            key = "" if line.startswith((")", schema)) else columns[-1]
            found.setdefault(schema, {})[key] = comment
    return found


def escape(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|")


def page() -> str:
    """The page's text."""
    notes = comments(Path(schemas.__file__).read_text(encoding="utf-8"))
    parts = [HEAD]
    for name, place in PLACES.items():
        schema, described = schemas.ARTEFACTS[name], notes.get(name.upper(), {})
        parts.append(f"\n## {place}\n\n{described.get('', '').capitalize()}\n\n| Column | Type | |\n|---|---|---|\n")
        parts += [
            f"| `{f.name}` | {f.type} | {escape(described.get(f.name, ''))} |\n".replace("<", "&lt;") for f in schema
        ]
    return re.sub(r"\n{3,}", "\n\n", "".join(parts))


if __name__ == "__main__":
    assert set(PLACES) == set(schemas.ARTEFACTS), set(PLACES) ^ set(schemas.ARTEFACTS)
    Path(__file__).with_name("artefacts.md").write_text(page(), encoding="utf-8")
    sys.stdout.write("docs/artefacts.md\n")
