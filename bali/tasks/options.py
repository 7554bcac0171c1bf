"""Sections of the configuration that several tasks share."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from bali.strict import Section


class Dataset(Section):
    """The files of a set."""

    def files(self) -> Mapping[str, Sequence[str]]:
        """Key below the set -> the files that it names."""
        raise NotImplementedError


class SplitFiles(Dataset):
    """A set with a list of files for each part."""

    train: list[str] = Field([], description="files; without any, the set is only for zero-shot tasks")
    dev: list[str] = Field([], description="files; empty takes dev_fraction of train")
    test: list[str] = Field(min_length=1, description="files")

    def files(self) -> Mapping[str, Sequence[str]]:
        """Key below the set -> the files that it names."""
        return {"train": self.train, "dev": self.dev, "test": self.test}


class FineTuned(Section):
    """How a model is fine-tuned; each task's defaults are the published ones of BioLinkBERT-base.

    They stand in `src/run_examples_blurb_biolinkbert-base.sh` and `..._medqa_...sh` of michiyasunaga/LinkBERT (commit
    6b60e0f). BLURB (Gu et al. 2021, section 3.2) searches 1e-5, 3e-5, 5e-5 on dev, which a list of rates here does.
    """

    learning_rate: float | list[float] = Field(3e-5, description="peak; of a list, the best on dev counts")
    num_epochs: int = Field(10, ge=1, description="at most; the best on dev counts")
    patience: int | None = Field(None, ge=1, description="epochs without a better dev score that end a training")
    batch_size: int = Field(32, ge=1, description="examples per step")
    max_length: int = Field(256, ge=16, description="tokens")
    dev_fraction: float = Field(0.1, gt=0, lt=1, description="of train, by seed, where a set has no dev files")

    def learning_rates(self) -> list[float]:
        """The rates to try."""
        return [self.learning_rate] if isinstance(self.learning_rate, float) else list(self.learning_rate)
