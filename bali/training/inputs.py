"""The files that a training reads, and their digests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bali.config import Pretraining
from bali.errors import InputError
from bali.io.files import digest_file
from bali.vocabulary import NodeText

WITH_DEFINITIONS: NodeText = "names_and_definitions"  # of `pretraining.node_text`


@dataclass(frozen=True)
class TrainingInputs:
    """Files and folders of a training; example shards in order of precedence."""

    base_model: Path
    train: tuple[Path, ...]
    validation: tuple[Path, ...]
    subgraphs: Path
    graph_dir: Path
    umls_dir: Path

    @property
    def nodes(self) -> Path:
        """The nodes of the graph."""
        return self.graph_dir / "nodes.parquet"

    @property
    def in_edges(self) -> Path:
        """The edges of the graph by target."""
        return self.graph_dir / "in_edges"

    @property
    def relation_labels(self) -> Path:
        """The relations of the graph."""
        return self.graph_dir / "relation_labels.parquet"

    @property
    def names(self) -> Path:
        """The names of the release."""
        return self.umls_dir / "names.parquet"

    @property
    def definitions(self) -> Path:
        """The definitions of the release."""
        return self.umls_dir / "definitions.parquet"

    def artefacts(self, options: Pretraining) -> Iterator[tuple[str, Path]]:
        """(name in records, path) of each Parquet file that a training reads."""
        yield from ((f"examples/{path.name}", path) for path in (*self.train, *self.validation))
        yield "subgraphs/subgraphs.parquet", self.subgraphs
        yield "graph/nodes.parquet", self.nodes
        yield "graph/relation_labels.parquet", self.relation_labels
        yield "umls/names.parquet", self.names
        if options.node_text == WITH_DEFINITIONS:
            yield "umls/definitions.parquet", self.definitions

    def digests(self, options: Pretraining) -> dict[str, str]:
        """Name in records -> SHA-256 of every file that a training reads.

        Raises:
            InputError: a file is missing.
        """
        files = [*self.artefacts(options), *_files("base_model", self.base_model)]
        if options.mask_related:
            files += _files("graph/in_edges", self.in_edges)
        missing = [path for _, path in files if not path.is_file()]
        if missing:
            raise InputError(f"{missing[0]}: no such file. Run the stage that writes it first.")
        return {name: digest_file(path) for name, path in sorted(files)}


def _files(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """(name in records, path) of everything in a folder and in its folders; nothing where there is none."""
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield f"{name}/{path.relative_to(folder).as_posix()}", path
