"""Targets: the configuration, evaluation sets, identifier maps, what stages wrote as JSON."""

import gzip
import json
from dataclasses import asdict
from pathlib import Path

from bali.config import load_config, options_json, section_options
from bali.evaluation.identifiers import _read_map
from bali.io.census import Census
from bali.linking.index_files import verify_index
from bali.tasks import TASKS
from tests.fuzz import tokens
from tests.fuzz.reader import Reader, seeds_of

_TASK_DATA = Path(__file__).parents[1] / "unit/tasks/data"
_TASK_FILES = {
    "bioasq": ("bioasq_training.json", "bioasq_golden.json"),
    "medqa": ("medqa_test.jsonl", "agents_test.jsonl"),
    "medmcqa": ("medmcqa_dev.json", "medmcqa_from_zero.json"),
    "chemprot": ("chemprot_blurb.tsv", "chemprot_scibert.txt"),
    "ddi": ("ddi/DrugBank/Alpha_ddi.xml", "ddi/MedLine/100.xml", "ddi_blurb.tsv"),
    "gad": ("gad_test.tsv", "gad_train.tsv"),
    "ner": ("ner_bioes.tsv", "ner_iob1.txt", "ner_iob2.tsv", "ner_untyped.tsv"),
    "similarity": ("umnsrs.csv", "mayosrs.csv", "biosses.tsv", "biosses_raters.tsv"),
}


def config() -> Reader:
    """The configuration file."""
    seeds = [
        "umls:\n  path: x\n  languages: [ENG]\n  max_srl: 3\ngraph: {max_degree: 5}\nseed: 3\n",
        "umls: {languages: &a [ENG], sources: *a}\nsubgraphs:\n  num_hops: 2\n  fanout: [3, -1]\n<<: {seed: 4}\n",
        "experiments:\n  one: {graph_encoder: none}\n  two: {temperature: 0.1}\npretraining: {num_steps: 10}\n",
        "corpus:\n  inputs: ['*.xml']\n  held_out_pmids: [1]\nlinking: {threshold: 0.8, stop_terms: ['no', x]}\n",
        "evaluation:\n  tasks:\n    pubmedqa:\n      datasets: {x: {questions: a, test_ids: b}}\n  models: [base]\n",
    ]

    def read(path: Path, _: Path) -> int:
        """The checked configuration, also as options."""
        found = load_config(path)
        return len(options_json(section_options(found, sorted(type(found).model_fields))))

    return Reader(seeds_of({"config.yaml": seeds}), tokens.CONFIG, read)


def evaluation_sets() -> Reader:
    """Evaluation sets of every task that reads a file, told by the file's name."""
    seeds = {
        f"{task}-{number}{Path(name).suffix}": [(_TASK_DATA / name).read_bytes()]
        for task, names in _TASK_FILES.items()
        for number, name in enumerate(names)
    }
    seeds["entity_linking-0.concept"] = [b"1||0|5||Disease||fever|ache||D1|D2\n1||7|9||Disease||x||D3\n"]
    seeds["pubmedqa-0.json"] = [
        json.dumps(
            {str(n): {"QUESTION": "Q?", "CONTEXTS": ["A.", "B."], "final_decision": "yes"} for n in (1, 2)}
        ).encode()
    ]
    return Reader(seeds, tokens.TASKS, _read_set)


def _read_set(path: Path, folder: Path) -> int:
    task = TASKS[path.name.partition("-")[0]]
    model = task.section.model_fields["datasets"].annotation.__args__[1]
    if task.name == "pubmedqa":
        truth = folder.parent / "truth.json"
        truth.write_text('{"1": "yes"}')
        dataset = model(questions=str(path), test_ids=str(truth))
    else:
        dataset = model(**{"pairs" if task.name == "similarity" else "test": [str(path)]})
    return len(list(task.texts(dataset)))


def chemprot_corpus() -> Reader:
    """The folder of three tables that BioCreative released."""
    folder = _TASK_DATA / "chemprot_training"
    seeds = {path.name: [path.read_bytes()] for path in sorted(folder.iterdir())}

    def read(_: Path, folder: Path) -> int:
        """The marked pairs."""
        task = TASKS["chemprot"]
        model = task.section.model_fields["datasets"].annotation.__args__[1]
        return len(list(task.texts(model(test=[str(folder)]))))

    return Reader(seeds, tokens.CHEMPROT, read, whole=True)


def identifier_map() -> Reader:
    """The map of identifiers to concepts."""
    seeds = {
        "map.tsv": [b"id\tcui\nMESH:D1\tC0000001\nOMIM:1\tC0000002\tx\n"],
        "map.tsv.gz": [gzip.compress(b"a\tC0000001\n", mtime=0)],
    }
    return Reader(seeds, tokens.IDENTIFIER_MAP, lambda path, _: len(list(_read_map(path))))


def artefact_json() -> Reader:
    """What stages wrote as JSON: the census, the manifests of vectors and of the linker's index."""
    from bali.evaluation import dictionary_vectors  # noqa: PLC0415  # loads torch

    vectors = dictionary_vectors.Manifest(
        dictionary_vectors._FORMAT_VERSION, 1, 2, 25, "float32", "x", {"a": "b"}, {"cls": [1]}
    )
    rows = {"rows_in": 3, "rows_out": 2, "dropped": {"a reason": 1}}
    seeds = {
        "census.json": json.dumps({"stage": "s", "tables": {"t": rows}, "notes": {"n": 1}}),
        "vectors.json": json.dumps(asdict(vectors)),
        "manifest.json": json.dumps(
            {"backend": "fast 1", "inputs": {}, "lowercase": True, "normalize_unicode": False, "files": {}}
        ),
    }
    readers = {
        "census.json": lambda path: len(Census.read(path).tables),
        "vectors.json": lambda path: len(str(dictionary_vectors._read_manifest(path.parent))),
        "manifest.json": lambda path: len(verify_index(path.parent, "fast").files),
    }
    return Reader(seeds_of(seeds), tokens.JSON, lambda path, _: readers[path.name](path))
