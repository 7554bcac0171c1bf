import os
import re
import shlex
import sys
from functools import cache
from pathlib import Path

ROOT = Path(workflow.basedir).parent
sys.path.insert(0, str(ROOT))

from bali import plan
from bali.config import Config, options_json, section_options, section_settings
from bali.errors import BaliError
from bali.fingerprint import code_digest
from bali.strict import decode
from bali.surroundings import CACHE_DIR, missing_user, own_cache
from bali.tasks import TASKS
from bali.vocabulary import BASELINES


def checked(function, *arguments, **keywords):
    """Call a function; what the user got wrong ends the run with one line and exit code 2, before any job."""
    try:
        return function(*arguments, **keywords)
    except BaliError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


CONFIG_FILES = workflow.overwrite_configfiles or ["config.yaml"]
checked(plan.refuse_templates, CONFIG_FILES)
CONFIG = checked(decode, Config, config, source=CONFIG_FILES[0])
RESULTS = checked(plan.results_folder, CONFIG)
UMLS_FILES = checked(plan.umls_files, CONFIG)
SHARDS = checked(plan.corpus_shards, CONFIG)
BASE_MODEL_FILES = checked(plan.base_model_files, CONFIG)
BASE_MODEL = plan.base_model_folder(CONFIG) or f"{RESULTS}/base_model"
OTHER_MODEL_FILES = checked(plan.other_model_files, CONFIG)
EVALUATIONS = checked(plan.evaluation_jobs, CONFIG)
checked(plan.evaluation_files, CONFIG)
BASELINE_JOBS = plan.baseline_jobs(CONFIG)


wildcard_constraints:
    shard="[^/]+",
    model="[^/]+",
    experiment="[^/]+",
    task="[a-z_]+",
    seed=r"\d+",


def unchanged(text):
    """A parameter that Snakemake takes as it is; of a plain text it would replace {word}."""
    return lambda wildcards: text


def options(*sections):
    """Sections of the configuration as sorted JSON: the part of it that makes a rule run again."""
    return unchanged(options_json(section_options(CONFIG, sections)))


def experiment_options(wildcards):
    """The sections that a training reads, with its own overrides; a key that does not act on it is at its default."""
    name = wildcards.experiment
    training = CONFIG.experiment(name).effective()
    own = CONFIG.model_copy(update={"pretraining": training})
    sections = section_options(own, ["seed", "pretraining", "compute"])
    settings = {
        key: value
        for key, value in CONFIG.experiments[name].items()
        if key in training.settings
    }
    return options_json({**sections, "experiments": {name: settings}})


def training_threads(wildcards):
    """The threads of all processes of a training, with the workers that make its batches."""
    training = CONFIG.experiment(wildcards.experiment)
    return training.num_processes * (CONFIG.compute.cpu_threads + training.num_workers)


def training_python(wildcards):
    """What starts a training: Python, or torchrun where it has several processes."""
    num_processes = CONFIG.experiment(wildcards.experiment).num_processes
    launcher = (
        f"python -m torch.distributed.run --standalone --nproc-per-node {num_processes}"
    )
    return launcher if num_processes > 1 else "python"


def encoding_options(wildcards):
    """The sections that the encoding of the dictionary reads."""
    return options_json(
        {
            **section_options(CONFIG, ["compute"]),
            "evaluation": {"batch_size": CONFIG.evaluation.batch_size},
        }
    )


def evaluation_options(wildcards):
    """The sections that an evaluation reads; of the tasks only its own."""
    sections = section_options(CONFIG, ["compute"])
    kept = CONFIG.evaluation.model_dump(include={"num_bootstrap", "batch_size"})
    task = getattr(CONFIG.evaluation.tasks, wildcards.task).model_dump()
    kept["tasks"] = {wildcards.task: task}
    return options_json({**sections, "evaluation": kept})


def task_input(wildcards):
    """What a task reads: its own files, and the artefacts of other stages."""
    artefacts = {
        "umls": [
            f"{RESULTS}/umls/{name}.parquet" for name in ("codes", "retired_cuis")
        ],
        "graph": [
            f"{RESULTS}/graph/{name}.parquet"
            for name in ("nodes", "edges", "held_out_edges")
        ],
        "validation": of_all_shards("examples/validation-{shard}.parquet"),
        "dictionary": f"{RESULTS}/evaluation/dictionary.parquet",
    }
    read = {
        name: files if name in TASKS[wildcards.task].reads else []
        for name, files in artefacts.items()
    }
    return {**read, "task": plan.evaluation_files(CONFIG, wildcards.task)}


def task_folders(wildcards):
    """Where the artefacts lie that a task may read."""
    return (
        f"--umls-dir {shlex.quote(RESULTS)}/umls --graph-dir {shlex.quote(RESULTS)}/graph"
        f" --dictionary {shlex.quote(RESULTS)}/evaluation/dictionary.parquet"
    )


def set_options():
    """What names the files of the evaluation sets; how a task is trained is no matter."""
    return unchanged(options_json({"evaluation": {"tasks": evaluation_sets()}}))


def held_out_options():
    """What names PMIDs that must not be trained on."""
    corpus = {"held_out_pmids": CONFIG.corpus.held_out_pmids}
    sets = {"corpus": corpus, "evaluation": {"tasks": evaluation_sets()}}
    return unchanged(options_json(sets))


def evaluation_sets():
    """Of the tasks what names files, and what of these is read."""
    keys = ("datasets", "identifier_map")
    sections = CONFIG.evaluation.tasks.model_dump()
    return {
        name: {key: section[key] for key in keys if key in section}
        for name, section in sections.items()
        if section is not None
    }


def index_options():
    """The keys of the linking section that the index depends on; the others act when it is searched."""
    keys = {"backend", "lowercase", "normalize_unicode", "source_rank"}
    linking = CONFIG.linking.model_dump(include=keys)
    return unchanged(options_json({"linking": linking}))


def report_options():
    """The whole configuration, for the report shows it, but for what changes no result."""
    hidden = {section: set(keys) for section, keys in section_settings(CONFIG).items()}
    shown = CONFIG.model_dump(exclude={"results_dir": True, **hidden})
    return unchanged(options_json(shown))


def model_input(wildcards):
    """The folder of a trained model, or the files of a model that was there before."""
    if wildcards.model in OTHER_MODEL_FILES:
        return OTHER_MODEL_FILES[wildcards.model]
    if wildcards.model == "base":
        return BASE_MODEL_FILES or f"{RESULTS}/base_model"
    return f"{RESULTS}/models/{wildcards.model}"


def model_folder(wildcards):
    """The folder of any model that is evaluated."""
    if wildcards.model in OTHER_MODEL_FILES:
        return plan.other_model_folder(CONFIG, wildcards.model)
    return (
        BASE_MODEL
        if wildcards.model == "base"
        else f"{RESULTS}/models/{wildcards.model}"
    )


def code(stage):
    """The digest of the code that a stage runs (`bali.fingerprint`); none within a cluster's job, which compares none."""
    return None if workflow.remote_exec else code_digest(f"bali.stages.{stage}")


def memory(base_mb, per_input_mb=0.0):
    """Memory to ask of a cluster, MB: a base and a multiple of the input's size, more on each attempt."""
    return lambda wildcards, input, attempt: int(
        (base_mb + per_input_mb * input.size_mb) * attempt
    )


def run_time(base, per_input_gb=0.0):
    """Time to ask of a cluster, minutes: a base and a multiple of the input's size, more on each attempt."""
    return lambda wildcards, input, attempt: int(
        (base + per_input_gb * input.size_mb / 1000) * attempt
    )


def training_gpus(wildcards):
    """What a training asks of a cluster: a GPU for each process; nothing (None) on the CPU, or where it runs here."""
    if workflow.local_exec or CONFIG.compute.accelerator == "cpu":
        return None
    return f"gpu:{CONFIG.experiment(wildcards.experiment).num_processes}"


def training_memory(wildcards, input, attempt):
    """Memory for a training, MB: each process holds the model; all map the same files."""
    num_processes = CONFIG.experiment(wildcards.experiment).num_processes
    return memory(8000 * num_processes, 4.0)(wildcards, input, attempt)


def release_memory(wildcards, input, attempt):
    """Memory for the ingestion, MB: three quarters of the release's size as plain text, more on each attempt."""
    packed = (".gz", ".zip")  # five times denser than the text
    sizes = [
        Path(file).stat().st_size * (5 if file.endswith(packed) else 1)
        for file in input
    ]
    return int((1500 + 0.75 * sum(sizes) / 2**20) * attempt)


def results_folder(wildcards):
    """The folder that everything of a run lies in."""
    return RESULTS


def base_model_folder(wildcards):
    """The folder of the base model, made or given."""
    return BASE_MODEL


def input_folder(name):
    """The folder that the files of a rule's input `name` share."""
    return lambda wildcards, input: str(
        Path(([input[name]] if isinstance(input[name], str) else input[name])[0]).parent
    )


def output_folder(wildcards, output):
    """The folder of a rule's first output file."""
    return str(Path(output[0]).parent)


def evaluation_folder(wildcards, output):
    """The folder that holds MODEL/TASK/SEED.json."""
    return str(Path(output.results[0]).parents[2])


@cache
def of_all_shards(pattern):
    """A file of every shard, in order of precedence."""
    return expand(f"{RESULTS}/{pattern}", shard=SHARDS)


def paths(output):
    """Outputs of another rule as plain paths, which leave that rule out of the jobs of a cluster.

    Such a job plans anew with its own rule alone, unless the rule names outputs of others as they stand. Those others it
    would compare as well, and run again, beside all jobs that read the same files.
    """
    return str(output) if isinstance(output, str) else [str(path) for path in output]


def per_shard(pattern):
    """The same as input of a rule: a function, which costs nothing where no job of the rule is planned.

    Of a plain list Snakemake makes files whenever it reads the rule, also in each job of a cluster.
    """
    return lambda wildcards: of_all_shards(pattern)


def prefix():
    """What every job's shell runs first: it finds this code, the current environment's Python, and the settings."""
    variables = {
        "PYTHONPATH": str(ROOT),
        "BALI_SETTINGS": options_json(section_settings(CONFIG)),
        "HF_HUB_OFFLINE": "1",  # what a run needs of the hub was fetched before
    }
    if cache := own_cache(ROOT / "bali", Path(".snakemake"), os.environ):
        variables[CACHE_DIR] = str(cache)
    exports = [
        f"export {name}={shlex.quote(value)}; " for name, value in variables.items()
    ]
    if not workflow.deployment_settings.deployment_method:
        exports.append(
            f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; "
        )
    return (
        "".join(["set -euo pipefail; ", *exports]).replace("{", "{{").replace("}", "}}")
    )


os.environ.update(missing_user())
shell.executable("bash")
shell.prefix(prefix())
