"""Zero-shot entity linking on any PubTator file (BC5CDR, NCBI disease, MedMentions) or BioSyn folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from bali.strict import Section
from bali.tasks.examples import EvaluationText
from bali.tasks.gold_documents import read_gold_documents
from bali.tasks.options import Dataset
from bali.tasks.task import Task


class EntityLinkingDataset(Dataset):
    """Gold mentions in PubTator files or BioSyn's folders; `train` (and dev) only tell which were seen before."""

    test: list[str] = Field(min_length=1, description="PubTator files, or folders of BioSyn's .concept files")
    train: list[str] = Field([], description="such files; mentions in them are left out of the refined subset")
    types: list[str] = Field([], description="entity types to keep; empty keeps all")

    def files(self) -> Mapping[str, Sequence[str]]:
        """Key below the set -> the files that it names."""
        return {"test": self.test, "train": self.train}


class EntityLinking(Section):
    """Zero-shot entity linking against the names of the release."""

    datasets: dict[str, EntityLinkingDataset] = Field({})
    identifier_map: str | None = Field(None, description="TSV (identifier, CUI) for gold ids that are not CUIs")


@dataclass(frozen=True, kw_only=True)
class _EntityLinkingTask(Task):
    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """The test documents of a dataset."""
        for path in dataset.test:
            for document in read_gold_documents(Path(path)):
                yield EvaluationText(str(document.pmid), document.pmid, document.text)


TASK = _EntityLinkingTask(
    name="entity_linking",
    title="entity linking",
    section=EntityLinking,
    main=(("refined", "accuracy@1_mean"), ("unique", "accuracy@1_mean"), ("all", "accuracy@1_mean")),
    reads=frozenset({"umls", "dictionary"}),
    source="Any linking set in PubTator or BioSyn format serves, e.g. BC5CDR or NCBI disease.",
)
