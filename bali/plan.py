"""What the Snakefile asks of the configuration: input files, shards and evaluation jobs. Nothing here runs a stage."""

import glob
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bali.config import Config
from bali.errors import ConfigError, InputError
from bali.fetching.models import resolve_model
from bali.ontologies.formats import input_files
from bali.pubmed.checksums import MD5_SUFFIX
from bali.pubmed.plain_text import text_files
from bali.rrf.locate import release_files
from bali.tasks import TASKS
from bali.vocabulary import BASE_MODEL

FROM_CORPUS = "from_corpus"
_CORPUS_SUFFIX = re.compile(r"(\.(xml|txt|pubtator|json|jsonl))?(\.gz)?$", re.IGNORECASE)
_TEMPLATE = "__use_yte__"
_OWN_MEANING = re.compile(r"[{}]|<[a-z][a-z0-9_]*>")  # Snakemake's wildcards and path variables


def usable(paths: Iterable[str], key: str) -> list[str]:
    """The paths, all of which rules can name; spaces, quotes, `$` and line breaks are no matter.

    Raises:
        ConfigError: one of them is nothing to Snakemake or a command line but an instruction.
    """
    paths = list(paths)
    for path in paths:
        if reason := _unusable(path):
            raise ConfigError(f"{key}: expected a path without {reason}, found {path!r}. Rename it, or link to it.")
    return paths


def _unusable(path: str) -> str | None:
    """What keeps rules from naming a path."""
    if found := _OWN_MEANING.search(path):
        return f"{found[0]!r}, which Snakemake replaces"
    if path.startswith("-"):
        return "a leading '-', which commands read as an option (an absolute path has none)"
    if "\0" in path:
        return "a NUL character"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "bytes that are not UTF-8"
    return None


def refuse_templates(files: Iterable[Path | str]) -> None:
    """Refuse configuration files that are templates: Snakemake runs the Python in them when it reads them.

    That is before it reads any rule, so this keeps nobody's code from running; it keeps templates out of use.

    Raises:
        ConfigError: a file asks for it.
    """
    for file in files:
        if _TEMPLATE in Path(file).read_text(encoding="utf-8"):
            raise ConfigError(
                f"{file}: expected plain YAML, found {_TEMPLATE}, which lets Snakemake run Python of the file; it did"
                " before this could be said. Write the values down."
            )


def results_folder(config: Config) -> str:
    """The folder of the results, without a `./` before or a `/` after it.

    Raises:
        ConfigError: rules cannot name it.
    """
    return usable([str(Path(config.results_dir))], "results_dir")[0]


def umls_files(config: Config) -> list[str]:
    """The files of the release: those of a directory that are read, or the zip or files that `umls.path` names.

    Raises:
        InputError: a path does not exist, or a directory holds no RRF file.
        ConfigError: rules cannot name a file.
    """
    paths = [config.umls.path] if isinstance(config.umls.path, str) else config.umls.path
    return usable((file for path in paths for file in _release_files(Path(path))), "umls.path")


def corpus_shards(config: Config) -> dict[str, str]:
    """Shard name -> file or folder of plain texts, in order of precedence (a later one wins).

    What one glob matches is taken in sorted order. MD5 files are no shards; folders are where they hold plain texts.

    Raises:
        InputError: a glob matches nothing, or two files would give shards of one name.
        ConfigError: rules cannot name a file or its shard.
    """
    shards: dict[str, str] = {}
    for pattern in config.corpus.inputs:
        files = sorted(file for file in glob.glob(pattern, recursive=True) if _is_corpus_input(Path(file)))
        if not files:
            raise InputError(
                f"corpus.inputs: expected files that match {pattern!r} (or folders of plain texts), found none."
            )
        for file in files:
            shard = _CORPUS_SUFFIX.sub("", Path(file).name)
            usable([file, shard, *shard_files(file)], "corpus.inputs")
            if shard in shards and shards[shard] != file:
                raise InputError(
                    f"corpus.inputs: {shards[shard]} and {file} would both be the shard {shard!r}. Rename one of them."
                )
            shards[shard] = file
    return shards


def shard_files(source: str) -> list[str]:
    """The files of a shard: the one that it is, or the texts of its folder, so that an edit of one is noticed."""
    path = Path(source)
    return [str(file) for file in text_files(path)] if path.is_dir() else [source]


def _is_corpus_input(path: Path) -> bool:
    return bool(text_files(path)) if path.is_dir() else path.is_file() and path.suffix != MD5_SUFFIX


def base_model_folder(config: Config) -> str | None:
    """The folder of the base model; None for `from_corpus`, which makes one.

    Raises:
        InputError: it is neither a Hugging Face folder nor was it fetched.
    """
    name = config.pretraining.base_model
    if name == FROM_CORPUS:
        return None
    return str(resolve_model(name, Path(config.models_dir), key="pretraining.base_model"))


def base_model_files(config: Config) -> list[str]:
    """The files of the base model's directory and its folders (a graph encoder, heads); empty for `from_corpus`.

    Raises:
        InputError: as `base_model_folder`.
    """
    folder = base_model_folder(config)
    return [] if folder is None else usable(sorted(_files_at(Path(folder))), "pretraining.base_model")


def ranker_files(config: Config) -> list[str]:
    """The files of the language model that ranks candidates by context; none where their order decides.

    Raises:
        ConfigError: the directory does not exist or has no config.json.
    """
    if config.linking.ranker == "order":
        return []
    folder = Path(config.linking.ranker_model or "")
    if not (folder / "config.json").is_file():
        raise ConfigError(
            "linking.ranker_model: expected a Hugging Face directory with a config.json,"
            f" found {config.linking.ranker_model}. Name one, or set linking.ranker: order."
        )
    return usable(sorted(str(file) for file in folder.iterdir() if file.is_file()), "linking.ranker_model")


def configured_tasks(config: Config) -> list[str]:
    """The tasks that are not null.

    Raises:
        ConfigError: there is none.
    """
    tasks = [task for task in TASKS if getattr(config.evaluation.tasks, task) is not None]
    if not tasks:
        raise ConfigError("evaluation.tasks: expected at least one task, e.g. concept_retrieval: {}, found none.")
    return tasks


def evaluation_jobs(config: Config) -> list[tuple[str, str, int]]:
    """(model, task, seed) of every evaluation of a model.

    Raises:
        ConfigError: no task is configured.
    """
    return [(model, *job) for model in evaluated_models(config) for job in _task_jobs(config, configured_tasks(config))]


def baseline_jobs(config: Config) -> list[tuple[str, int]]:
    """(task, seed) of every evaluation of the baselines; none where they are switched off."""
    tasks = [task for task in configured_tasks(config) if TASKS[task].has_baselines]
    return _task_jobs(config, tasks) if config.evaluation.baselines else []


def evaluated_models(config: Config) -> list[str]:
    """The base model, the experiments that are evaluated, and the other models."""
    models = [*config.evaluation.models, *config.evaluation.other_models]
    return [BASE_MODEL, *(name for name in models if name != BASE_MODEL)]


def other_model_files(config: Config) -> dict[str, list[str]]:
    """Name -> the files of each of `evaluation.other_models`, sorted.

    Raises:
        InputError: one is neither a folder nor was it fetched.
    """
    folders = {name: other_model_folder(config, name) for name in config.evaluation.other_models}
    return {
        name: usable(sorted(_files_at(Path(path))), f"evaluation.other_models.{name}") for name, path in folders.items()
    }


def other_model_folder(config: Config, name: str) -> str:
    """The folder of one of `evaluation.other_models`.

    Raises:
        InputError: it is neither a folder nor was it fetched.
    """
    value = config.evaluation.other_models[name]
    return str(resolve_model(value, Path(config.models_dir), key=f"evaluation.other_models.{name}"))


def evaluation_files(config: Config, task: str | None = None) -> list[str]:
    """The files that the configured tasks (or one of them) name, sorted; absent ones are left to the stage to skip.

    Raises:
        ConfigError: rules cannot name a file.
    """
    tasks = config.evaluation.tasks.model_dump()
    values = tasks.values() if task is None else [tasks[task]]
    files = {file for value in values for text in _strings(value) for file in _files_at(Path(text))}
    return usable(sorted(files), "evaluation.tasks")


def _files_at(path: Path) -> list[str]:
    """The file, or all files of the folder; none where there is nothing."""
    if path.is_dir():
        return [str(file) for file in path.rglob("*") if file.is_file()]
    return [str(path)] if path.is_file() else []


def _release_files(path: Path) -> Sequence[str]:
    if not path.exists():
        raise InputError(f"umls.path: expected a META directory, a zip or RRF files, found nothing at {path}.")
    found = input_files(path)
    if found is None:
        found = release_files(path)
    if not found:
        raise InputError(
            f"umls.path: expected MRCONSO.RRF, MRREL.RRF and MRSTY.RRF (or a release of RxNorm, MedGen, OBO or KGX) in"
            f" {path}, found no such file."
        )
    return [str(file) for file in found]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for nested in value.values():
            yield from _strings(nested)
    elif isinstance(value, list):
        for nested in value:
            yield from _strings(nested)


def _task_jobs(config: Config, tasks: Sequence[str]) -> list[tuple[str, int]]:
    """(task, seed); a task without training does not depend on the seed and runs once."""
    seeds = config.evaluation.seeds
    return [(task, seed) for task in tasks for seed in (seeds if TASKS[task].is_fine_tuned else seeds[:1])]
