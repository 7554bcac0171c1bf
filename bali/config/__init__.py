"""The configuration: one model per section, strict, every key with its unit and its reason.

An unknown key, a wrong type or a value that is not allowed is refused with the key, what was found and what is
allowed; so is a key of a training that cannot act (`effects`). Keys in `Section.locations` say where something lies (a
rule sees it as its input), keys in `Section.settings` how a run behaves (threads, logs); both stay out of
`section_options`, the parameters that make a rule run again.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import yaml
from pydantic import Field, model_validator

from bali.config.data import Corpus, Examples, Graph, Linking, Subgraphs, Umls
from bali.config.evaluation import Evaluation, Tasks
from bali.config.pretraining import BaseModelRecipe, Pretraining
from bali.config.report import Report
from bali.config.yaml_text import load_yaml
from bali.errors import ConfigError
from bali.strict import Section, decode, suggest
from bali.vocabulary import BASE_MODEL, BASELINES, MODEL_NAME_PATTERN, Accelerator, Precision

__all__ = [
    "BaseModelRecipe",
    "Compute",
    "Config",
    "Corpus",
    "Evaluation",
    "Examples",
    "Graph",
    "Linking",
    "Pretraining",
    "Report",
    "Subgraphs",
    "Tasks",
    "Umls",
    "load_config",
    "options_json",
    "section_options",
    "section_settings",
]


class Compute(Section):
    """Where training and evaluation run. Equal bytes need equal values here (threads: the last bits of sums)."""

    accelerator: Accelerator = Field("auto", description="cuda refuses to fall back to the CPU")
    precision: Precision = Field("auto", description="auto: bfloat16 on a GPU that has it, else float32")
    cpu_threads: int = Field(1, ge=1, description="threads of one torch process")
    settings: ClassVar[frozenset[str]] = frozenset({"cpu_threads"})


class Config(Section):
    """The whole configuration file."""

    results_dir: str = "results"
    models_dir: str = Field("models", description="where `bali fetch model` puts models of the hub")
    seed: int = 29
    umls: Umls = Umls()
    graph: Graph = Graph()
    corpus: Corpus = Corpus()
    linking: Linking = Linking()
    subgraphs: Subgraphs = Subgraphs()
    examples: Examples = Examples()
    base_model: BaseModelRecipe = BaseModelRecipe()
    pretraining: Pretraining = Pretraining()
    experiments: dict[str, dict[str, Any]] = Field({"bali_gat": {}, "mlm_only": {"graph_encoder": "none"}})
    evaluation: Evaluation = Evaluation()
    report: Report = Report()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _experiments_are_sound(self) -> Self:
        taken = [BASE_MODEL, *BASELINES]
        for name in self.experiments:
            self._check_name("experiments", name, taken)
            self.experiment(name)
        for name in self.evaluation.other_models:
            self._check_name("evaluation.other_models", name, [*taken, *self.experiments])
        known = [BASE_MODEL, *self.experiments]
        for name in self.evaluation.models:
            if name not in known:
                raise ValueError(f"evaluation.models: {name!r} is not base or an experiment.{suggest(name, known)}")
        return self

    @staticmethod
    def _check_name(key: str, name: str, taken: Iterable[str]) -> None:
        if not MODEL_NAME_PATTERN.fullmatch(name) or name in taken:
            raise ValueError(
                f"{key}.{name}: a name has letters, digits, '_', '.', '-', and is none of {', '.join(taken)}"
            )

    @model_validator(mode="after")
    def _training_keys_act(self) -> Self:
        """Refuse a key that an experiment sets without effect, or that `pretraining` sets and no experiment uses."""
        merged = {name: self.experiment(name) for name in self.experiments}
        for name, overrides in self.experiments.items():
            for key in overrides:
                changes = getattr(merged[name], key) != getattr(self.pretraining, key)
                if changes and (missing := merged[name].missing_for(key)):
                    raise ValueError(f"experiments.{name}.{key} has no effect without {missing}. Remove it or set that")
        for key, field in Pretraining.model_fields.items():
            needs = [training.missing_for(key) for training in merged.values()]
            if needs and all(needs) and getattr(self.pretraining, key) != field.get_default():
                raise ValueError(f"pretraining.{key} has no effect in any experiment: it needs {needs[0]}")
        return self

    def experiment(self, name: str) -> Pretraining:
        """The `pretraining` section with the keys that experiment `name` overrides."""
        overrides = self.experiments[name]
        if "base_model" in overrides:
            raise ConfigError(f"experiments.{name}.base_model: one run has one base model; set pretraining.base_model.")
        merged = {**self.pretraining.model_dump(), **overrides}
        return decode(Pretraining, merged, prefix=f"experiments.{name}")


def load_config(path: Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: the file is missing, is not YAML (or more than plain values: see `yaml_text`), or holds a key or
            value that is not allowed.
    """
    try:
        value = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file.") from None
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected YAML, got: {' '.join(str(error).split())}") from error
    return decode(Config, value or {}, prefix="", source=str(path))


def section_options(config: Config, sections: Iterable[str]) -> dict[str, Any]:
    """The named sections (or top-level keys) as a JSON value: what makes a rule run again."""
    options: dict[str, Any] = {}
    for name in sections:
        value = getattr(config, name)
        hidden = value.locations | value.settings if isinstance(value, Section) else frozenset()
        options[name] = value.model_dump(exclude=set(hidden)) if isinstance(value, Section) else value
    return options


def section_settings(config: Config) -> dict[str, Any]:
    """The keys of every section that change how a run behaves, not its result, as a JSON value."""
    sections = {name: getattr(config, name) for name in type(config).model_fields}
    return {
        name: value.model_dump(include=set(value.settings))
        for name, value in sections.items()
        if isinstance(value, Section) and value.settings
    }


def options_json(options: Mapping[str, Any]) -> str:
    """Options as one line of JSON with sorted keys."""
    return json.dumps(options, sort_keys=True, ensure_ascii=False)
