"""The stages from parsed shards to examples, one after the other, over two shards."""

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from bali.cli import main
from bali.io.census import Census
from bali.io.parquet import Provenance, read_artefact, read_provenance, write_artefact
from bali.schemas import (
    ANNOTATIONS,
    ARTEFACTS,
    CODES,
    CONCEPTS,
    DOCUMENTS,
    EXAMPLES,
    HELD_OUT,
    LINKING_ERRORS,
    LINKING_OUTCOMES,
    LINKING_QUALITY,
    MENTION_COUNTS,
    MENTIONS,
    NAMES,
    NODES,
    RETIRED_CUIS,
    SELECTION,
    SEMANTIC_TYPES,
    SENTENCES,
)

FIRST = (
    "1|t|Old fever.\n1|a|Old text.\n\n"
    "2|t|Asthma.\n2|a|Asthma hurts. Nothing here.\n2\t8\t14\tAsthma\tDisease\tD001249\n"
)
SECOND = "1|t|New fever.\n1|a|Fever and asthma rise.\n\n3|t|Held out.\n3|a|Fever again.\n"
GOLD = "3|t|Held out.\n3|a|Fever again.\n3\t10\t15\tFever\tDisease\tC0000001\n"
OPTIONS = {
    "corpus": {"held_out_pmids": [99]},
    "examples": {"validation_fraction": 0.0},
    "evaluation": {
        "tasks": {
            "entity_linking": {"datasets": {"gold": {"test": ["gold.txt"]}}},
        }
    },
}


@dataclass(frozen=True)
class Run:
    root: Path

    def __call__(self, command: str, **arguments: object) -> int:
        words = [command, "--options", json.dumps(OPTIONS)]
        for name, value in arguments.items():
            values = value if isinstance(value, list) else [value]
            words += [f"--{name.replace('_', '-')}", *map(str, values)]
        return main(words)


def rows_of(schema: pa.Schema, rows: list[tuple[object, ...]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def write_release(root: Path) -> None:
    for folder, name, schema, rows in [
        (
            "umls",
            "names",
            NAMES,
            [
                ("C0000001", "A1", "fever", "MSH", "PT", True, 0, "N"),
                ("C0000002", "A2", "Asthma", "MSH", "PT", True, 0, "N"),
            ],
        ),
        ("umls", "semantic_types", SEMANTIC_TYPES, [("C0000001", "T184", "s"), ("C0000002", "T047", "s")]),
        ("umls", "concepts", CONCEPTS, [("C0000001", "fever", 1, ["T184"]), ("C0000002", "Asthma", 1, ["T047"])]),
        ("umls", "codes", CODES, [("MSH", "D001249", "C0000002")]),
        ("umls", "retired_cuis", RETIRED_CUIS, []),
        ("graph", "nodes", NODES, [(0, "C0000001", "fever", ["T184"], 1), (1, "C0000002", "Asthma", ["T047"], 1)]),
        ("subgraphs", "mention_counts", MENTION_COUNTS, []),
    ]:
        write_artefact(
            root / folder / f"{name}.parquet",
            rows_of(schema, rows),
            schema,
            Provenance(name, "tiny", restriction_levels=[0]),
        )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with every stage run over two shards."""
    root = tmp_path_factory.mktemp("results")
    write_release(root)
    for name, text in [("first.txt", FIRST), ("second.txt", SECOND), ("gold.txt", GOLD)]:
        (root / name).write_text(text)
    patch = pytest.MonkeyPatch()
    patch.chdir(root)
    run = Run(root)
    assert run("build-linker-index", umls_dir="umls", output_dir="linker") == 0
    for shard in ("first", "second"):
        assert run("parse-corpus", input=f"{shard}.txt", output_dir=f"parsed/{shard}") == 0
    assert (
        run(
            "select-versions",
            parsed_dir="parsed",
            shards=["first", "second"],
            output="selection.parquet",
            census="s.json",
        )
        == 0
    )
    assert run("collect-held-out", output="held_out.parquet") == 0
    for shard in ("first", "second"):
        outputs = {name: f"{name}/{shard}.parquet" for name in ("documents", "sentences", "annotations")}
        assert (
            run(
                "split-sentences",
                parsed_dir=f"parsed/{shard}",
                selection="selection.parquet",
                census=f"split/{shard}.json",
                **outputs,
            )
            == 0
        )
        texts = {name: outputs[name] for name in ("sentences", "annotations")}
        mentions, census = f"mentions/{shard}.parquet", f"link/{shard}.json"
        assert run("link-mentions", **texts, index_dir="linker", umls_dir="umls", output=mentions, census=census) == 0
        assert (
            run(
                "make-examples",
                sentences=outputs["sentences"],
                mentions=mentions,
                counts="subgraphs/mention_counts.parquet",
                held_out="held_out.parquet",
                graph_dir="graph",
                train=f"examples/train-{shard}.parquet",
                validation=f"examples/validation-{shard}.parquet",
                census=f"examples/{shard}.json",
            )
            == 0
        )
    files = {
        name: [f"{name}/{shard}.parquet" for shard in ("first", "second")]
        for name in ("annotations", "sentences", "mentions")
    }
    assert run("score-linking", **files, umls_dir="umls", output_dir="linking") == 0
    patch.undo()
    return root


def test_the_later_shard_wins(root: Path) -> None:
    selection = read_artefact(root / "selection.parquet", SELECTION).to_pylist()
    assert [(row["shard"], row["pmid"]) for row in selection] == [("first", 2), ("second", 1), ("second", 3)]
    assert Census.read(root / "s.json").table("documents").dropped == {"older version": 1}
    digests = read_provenance(root / "selection.parquet")["input_digests"]
    assert sorted(digests) == [f"{s}/{n}.parquet" for s in ("first", "second") for n in ("deletions", "documents")]


def test_documents_sentences_and_annotations(root: Path) -> None:
    documents = read_artefact(root / "documents/second.parquet", DOCUMENTS).to_pylist()
    assert [(d["pmid"], d["title"]) for d in documents] == [(1, "New fever."), (3, "Held out.")]
    texts = {d["pmid"]: d["text"] for d in documents}
    sentences = read_artefact(root / "sentences/second.parquet", SENTENCES).to_pylist()
    assert len(sentences) == 4
    assert all(texts[s["pmid"]][s["start"] : s["end"]] == s["text"] for s in sentences)
    assert read_artefact(root / "annotations/first.parquet", ANNOTATIONS)["identifier"].to_pylist() == ["D001249"]
    assert Census.read(root / "split/first.json").table("documents").dropped == {"older version or deleted": 1}


def test_mentions_of_both_sources(root: Path) -> None:
    mentions = read_artefact(root / "mentions/first.parquet", MENTIONS).to_pylist()
    found = [(m["pmid"], m["sentence_id"], m["surface"], m["cui"], m["source"]) for m in mentions]
    assert found == [
        (2, 0, "Asthma", "C0000002", "quickumls"),
        (2, 1, "Asthma", "C0000002", "pubtator"),
        (2, 1, "Asthma", "C0000002", "quickumls"),
    ]
    provenance = read_provenance(root / "mentions/first.parquet")
    assert (provenance["umls_release"], provenance["restriction_levels"]) == ("tiny", [0])
    read = {"sentences/first.parquet", "annotations/first.parquet", "names/names.parquet"}
    assert read <= set(provenance["input_digests"])
    census = Census.read(root / "link/first.json")
    assert census.table("sentences").dropped == {"no mention": 1}
    assert census.table("annotations").rows_out == 1


def test_scores_over_both_shards(root: Path) -> None:
    scores = {row["level"]: row for row in read_artefact(root / "linking/quality.parquet", LINKING_QUALITY).to_pylist()}
    assert len(scores) == 4
    assert (scores["span_and_cui"]["num_gold"], scores["span_and_cui"]["num_predicted"]) == (1, 2)
    assert scores["span_and_cui"]["recall"] == 1.0
    (error,) = read_artefact(root / "linking/errors.parquet", LINKING_ERRORS).to_pylist()
    assert (error["kind"], error["surface"], error["predicted_name"]) == ("no annotation here", "asthma", "Asthma")
    assert (error["shard"], error["pmid"], error["sentence"], error["end"]) == ("first", 2, "Asthma.", 6)
    outcomes = read_artefact(root / "linking/outcomes.parquet", LINKING_OUTCOMES).to_pylist()
    assert [(row["side"], row["num"]) for row in outcomes] == [("annotation", 1), ("link", 1), ("link", 1)]
    digests = read_provenance(root / "linking/errors.parquet")["input_digests"]
    assert {"sentences/second.parquet", "concepts/concepts.parquet"} <= set(digests)


def test_held_out_reasons(root: Path) -> None:
    rows = read_artefact(root / "held_out.parquet", HELD_OUT).to_pylist()
    assert [(row["pmid"], row["reason"]) for row in rows] == [
        (3, "evaluation.entity_linking.gold"),
        (99, "config"),
    ]


def test_examples_without_held_out_documents(root: Path) -> None:
    examples = read_artefact(root / "examples/train-second.parquet", EXAMPLES).to_pylist()
    assert [(e["pmid"], e["sentence_id"], e["text"], len(e["mentions"])) for e in examples] == [
        (1, 0, "New fever.", 1),
        (1, 1, "Fever and asthma rise.", 2),
    ]
    assert read_artefact(root / "examples/validation-second.parquet", EXAMPLES).num_rows == 0
    assert Census.read(root / "examples/second.json").table("sentences").dropped == {"held out": 2}


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali ")]
    assert len(lines) == 1
    return lines[0]


def test_an_empty_corpus_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "e.txt").write_text("1|t|Title only\n1|a|\n")
    run = Run(tmp_path)
    assert run("parse-corpus", input=tmp_path / "e.txt", output_dir=tmp_path / "parsed/e") == 0
    output = tmp_path / "selection.parquet"
    assert (
        run("select-versions", parsed_dir=tmp_path / "parsed", shards="e", output=output, census=tmp_path / "c.json")
        == 2
    )
    assert "at least one document" in one_line(capsys)
    assert not output.exists()


def test_a_text_under_two_pmids_in_two_shards_is_dropped_where_asked(tmp_path: Path) -> None:
    for shard, pmid in [("a", 9), ("b", 4)]:
        (tmp_path / f"{shard}.txt").write_text(f"{pmid}|t|Fever.\n{pmid}|a|It burns.\n")
        assert (
            main(["parse-corpus", "--input", f"{tmp_path}/{shard}.txt", "--output-dir", f"{tmp_path}/p/{shard}"]) == 0
        )
    for value, kept in [("keep", [9, 4]), ("drop", [4])]:
        options = json.dumps({"corpus": {"duplicate_texts": value}})
        files = ["--output", f"{tmp_path}/s.parquet", "--census", f"{tmp_path}/c.json", "--options", options]
        assert main(["select-versions", "--parsed-dir", f"{tmp_path}/p", "--shards", "a", "b", *files]) == 0
        assert read_artefact(tmp_path / "s.parquet", SELECTION)["pmid"].to_pylist() == kept
        census = Census.read(tmp_path / "c.json")
        assert census.notes["documents with the text of a lower PMID"] == 1
        assert census.table("documents").rows_out == len(kept)


def test_the_same_shard_twice_is_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = {"parsed_dir": root / "parsed", "output": tmp_path / "s.parquet", "census": tmp_path / "c.json"}
    assert Run(root)("select-versions", shards=["first", "first"], **arguments) == 2
    assert "twice: first" in one_line(capsys)


def test_a_stale_selection_is_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    selection = tmp_path / "selection.parquet"
    write_artefact(selection, rows_of(SELECTION, [("first", 5, 9)]), SELECTION, Provenance("selection"))
    outputs = {name: tmp_path / f"{name}.parquet" for name in ("documents", "sentences", "annotations", "census")}
    assert Run(root)("split-sentences", parsed_dir=root / "parsed/first", selection=selection, **outputs) == 2
    assert "run select-versions again" in one_line(capsys)


@pytest.mark.parametrize(
    "victim", ["sentences/first.parquet", "linker/manifest.json", "umls/names.parquet", "umls/codes.parquet"]
)
def test_garbage_between_stages_is_one_line(
    root: Path, tmp_path: Path, victim: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / victim
    content = path.read_bytes()
    path.write_bytes(b"garbage")
    output = tmp_path / "m.parquet"
    try:
        code = Run(root)(
            "link-mentions",
            sentences=root / "sentences/first.parquet",
            annotations=root / "annotations/first.parquet",
            index_dir=root / "linker",
            umls_dir=root / "umls",
            output=output,
            census=tmp_path / "c.json",
        )
    finally:
        path.write_bytes(content)
    assert code == 2
    one_line(capsys)
    assert not output.exists()


def test_score_linking_without_annotations_writes_empty_tables(root: Path, tmp_path: Path) -> None:
    files = {name: root / name / "second.parquet" for name in ("annotations", "sentences", "mentions")}
    assert Run(root)("score-linking", **files, umls_dir=root / "umls", output_dir=tmp_path) == 0
    kinds = {path.name: read_provenance(path)["artefact"] for path in sorted(tmp_path.iterdir())}
    assert len(kinds) == 5
    assert all(read_artefact(tmp_path / name, ARTEFACTS[kind]).num_rows == 0 for name, kind in kinds.items())


def test_score_linking_refuses_lists_of_different_shards(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files: dict[str, object] = {name: root / name / "second.parquet" for name in ("annotations", "sentences")}
    code = Run(root)(
        "score-linking", **files, mentions=root / "mentions/first.parquet", umls_dir=root / "umls", output_dir=tmp_path
    )
    assert code == 2
    assert "of the same shards in order" in one_line(capsys)
    assert not list(tmp_path.iterdir())
