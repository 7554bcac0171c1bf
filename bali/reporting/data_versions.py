"""Which files a run is made of: releases, digests and levels that the artefacts carry, grouped by folder and kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DIGEST_DIGITS = 12
OWN_SUFFIXES = (".parquet", ".npy", ".json")  # what stages write, and the small files of model folders
OWN_WEIGHTS = "model.safetensors"  # an evaluated model; the base model's weights have their folder in the name


@dataclass(frozen=True)
class ArtefactGroup:
    """Artefacts of one kind in one folder."""

    folder: str
    kind: str
    num_files: int
    release: str
    levels: str
    config_digests: Sequence[str]


@dataclass(frozen=True)
class InputFile:
    """A file that a first stage read, with the start of its SHA-256."""

    name: str
    digest: str


def artefact_groups(provenances: Sequence[tuple[str, dict[str, Any]]]) -> list[ArtefactGroup]:
    """The artefacts by folder and kind, in order of the folder names."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, provenance in provenances:
        groups.setdefault((name.split("/")[0], provenance["artefact"]), []).append(provenance)
    return [
        ArtefactGroup(
            folder=folder,
            kind=kind,
            num_files=len(found),
            release=", ".join(sorted({p["umls_release"] for p in found} - {""})),
            levels=", ".join(
                str(level) for level in sorted({level for p in found for level in p["restriction_levels"]})
            ),
            config_digests=sorted({p["config_digest"][:DIGEST_DIGITS] for p in found}),
        )
        for (folder, kind), found in sorted(groups.items())
    ]


def input_files(provenances: Sequence[tuple[str, dict[str, Any]]]) -> list[InputFile]:
    """The files from outside the run (those that no stage wrote as Parquet), sorted by name."""
    found = {
        (name, digest)
        for _, provenance in provenances
        for name, digest in provenance["input_digests"].items()
        if not name.endswith(OWN_SUFFIXES) and name != OWN_WEIGHTS
    }
    return [InputFile(name, digest[:DIGEST_DIGITS]) for name, digest in sorted(found)]
