import shlex
import sys
from pathlib import Path

ROOT = Path(workflow.basedir).parent
sys.path.insert(0, str(ROOT))

from bali import plan
from bali.config import Config, decode, options_json, section_options, section_settings
from bali.errors import BaliError
from bali.fingerprint import code_digest


def checked(function, *arguments, **keywords):
    """Call a function; what the user got wrong ends the run with one line and exit code 2, before any job."""
    try:
        return function(*arguments, **keywords)
    except BaliError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


CONFIG = checked(
    decode,
    Config,
    config,
    source=(workflow.overwrite_configfiles or ["config.yaml"])[0],
)
RESULTS = CONFIG.results_dir
UMLS_FILES = checked(plan.umls_files, CONFIG)
SHARDS = checked(plan.corpus_shards, CONFIG)
BASE_MODEL_FILES = checked(plan.base_model_files, CONFIG)
BASE_MODEL = (
    f"{RESULTS}/base_model" if not BASE_MODEL_FILES else CONFIG.pretraining.base_model
)
EVALUATIONS = checked(plan.evaluation_jobs, CONFIG)
SETTINGS = options_json(section_settings(CONFIG))


wildcard_constraints:
    shard="[^/]+",
    model="[^/]+",
    experiment="[^/]+",
    task="[a-z_]+",
    seed=r"\d+",


def options(*sections):
    """Sections of the configuration as sorted JSON: the part of it that makes a rule run again."""
    return options_json(section_options(CONFIG, sections))


def experiment_options(wildcards):
    """The sections that a training reads; of the experiments only its own."""
    sections = section_options(CONFIG, ["seed", "pretraining", "compute"])
    return options_json(
        {
            **sections,
            "experiments": {
                wildcards.experiment: CONFIG.experiments[wildcards.experiment]
            },
        }
    )


def evaluation_options(wildcards):
    """The sections that an evaluation reads; of the tasks only its own."""
    sections = section_options(CONFIG, ["compute", "evaluation"])
    for key in ("models", "seeds"):
        del sections["evaluation"][key]
    sections["evaluation"]["tasks"] = {
        wildcards.task: sections["evaluation"]["tasks"][wildcards.task]
    }
    return options_json(sections)


def held_out_options():
    """What names PMIDs that must not be trained on."""
    tasks = CONFIG.evaluation.tasks.model_dump()
    return options_json(
        {
            "corpus": {"held_out_pmids": CONFIG.corpus.held_out_pmids},
            "evaluation": {"tasks": tasks},
        }
    )


def report_options():
    """The whole configuration, for the report shows it, but for what changes no result."""
    hidden = {section: set(keys) for section, keys in section_settings(CONFIG).items()}
    return options_json(CONFIG.model_dump(exclude={"results_dir": True, **hidden}))


def code(stage):
    """The digest of the code that a stage runs (`bali.fingerprint`)."""
    return code_digest(f"bali.stages.{stage}")


def memory(base_mb, per_input_mb=0.0):
    """Memory to ask of a cluster, MB: a base and a multiple of the input's size, more on each attempt."""
    return lambda wildcards, input, attempt: int(
        (base_mb + per_input_mb * input.size_mb) * attempt
    )


def folder(*paths):
    """The folder that a rule's input or output files share."""
    return str(Path(paths[0]).parent)


def per_shard(pattern):
    """A file of every shard, in order of precedence."""
    return expand(f"{RESULTS}/{pattern}", shard=SHARDS)


def prefix():
    """What every job's shell runs first: it finds this code, and the current environment's Python if no other is asked."""
    lines = [
        f"export PYTHONPATH={shlex.quote(str(ROOT))}${{{{PYTHONPATH:+:$PYTHONPATH}}}}; "
    ]
    if not workflow.deployment_settings.deployment_method:
        lines.append(
            f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; "
        )
    return "".join(lines)


shell.executable("bash")
shell.prefix("set -euo pipefail; " + prefix())
