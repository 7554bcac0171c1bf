"""The table of files and counts in the README, between two marks."""

import gzip
import json
from pathlib import Path

_BEGIN, _END = "<!-- counts: written by make_demo_data.py -->", "<!-- end of counts -->"


def write_overview(directory: Path) -> None:
    """Put the counts of the files in `directory` into the table of its README."""
    rows = [f"| `{path}` | {what} | {count} |" for path, what, count in _rows(directory)]
    table = "\n".join([_BEGIN, "| File | What | Count |", "|---|---|---|", *rows, _END])
    readme = directory / "README.md"
    head, rest = readme.read_text(encoding="utf-8").split(_BEGIN)
    readme.write_text(head + table + rest.split(_END)[1], encoding="utf-8", newline="\n")


def _rows(directory: Path) -> list[tuple[str, str, str]]:
    names = [line.split("|") for line in _lines(directory / "umls/MRCONSO.RRF")]
    types = [line.split("|") for line in _lines(directory / "umls/MRSTY.RRF")]
    num_concepts, num_strings = len({row[0] for row in names}), len({(row[0], row[14].lower()) for row in names})
    rows = [
        ("umls/MRCONSO.RRF", "names", f"{len(names)} rows, {num_strings} distinct names, {num_concepts} concepts"),
        ("umls/MRREL.RRF", "relations, both directions", f"{len(_lines(directory / 'umls/MRREL.RRF'))} rows"),
        ("umls/MRSTY.RRF", "semantic types", f"{len(types)} rows, {len({row[1] for row in types})} types"),
        ("umls/MRSAB.RRF", "sources", f"{len(_lines(directory / 'umls/MRSAB.RRF'))} rows"),
        ("umls/MRCUI.RRF", "retired CUIs", f"{len(_lines(directory / 'umls/MRCUI.RRF'))} rows"),
        ("umls/MRFILES.RRF", "files, rows, bytes", f"{len(_lines(directory / 'umls/MRFILES.RRF'))} rows"),
    ]
    for path in sorted((directory / "pubmed").iterdir()):
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        rows.append((f"pubmed/{path.name}", "synthetic abstracts", f"{text.count('<PubmedArticle>')} records"))
    for part in ("train", "test"):
        lines = [line.split("\t") for line in _lines(directory / f"evaluation/linking_{part}.pubtator")]
        mentions = [line for line in lines if len(line) == 6]
        num_abstracts, num_distinct = len({m[0] for m in mentions}), len({m[3].lower() for m in mentions})
        count = f"{num_abstracts} abstracts, {len(mentions)} mentions, {num_distinct} distinct"
        rows.append((f"evaluation/linking_{part}.pubtator", "gold mentions", count))
    for name in ("ori_pqal", "test_ground_truth"):
        questions = json.loads((directory / f"evaluation/pubmedqa/{name}.json").read_text(encoding="utf-8"))
        rows.append((f"evaluation/pubmedqa/{name}.json", "questions", str(len(questions))))
    for part in ("train", "dev", "test"):
        name = f"evaluation/relations/{part}.txt"
        rows.append((name, "drug-protein sentences", str(len(_lines(directory / name)))))
    for part in ("train", "devel", "test"):
        name = f"evaluation/tagging/{part}.tsv"
        num_sentences = (directory / name).read_text(encoding="utf-8").count("\n\n") + 1
        rows.append((name, "tagged sentences", str(num_sentences)))
    rows.append(("evaluation/similarity.tsv", "rated pairs", str(len(_lines(directory / "evaluation/similarity.tsv")))))
    return rows


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]
