"""Shards to a file of one of the formats."""

import importlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bali.errors import InputError
from bali.exporting.documents import Shard, read_documents
from bali.exporting.sinks import Context


@dataclass(frozen=True)
class Format:
    """A format: the module of this package that writes it, and how its files end."""

    module: str
    suffix: str


FORMATS = {
    "pubtator": Format("pubtator", ".pubtator"),
    "bioc": Format("bioc", ".bioc.json"),
    "bigbio": Format("bigbio", ".parquet"),
    "spacy": Format("docbin", ".spacy"),
}


def match_shards(documents: Sequence[Path], sentences: Sequence[Path], mentions: Sequence[Path]) -> list[Shard]:
    """The shards of three lists of files, matched by the files' names, sorted by name.

    Raises:
        InputError: a name stands twice in a list, or is missing in one.
    """
    lists = {"--documents": documents, "--sentences": sentences, "--mentions": mentions}
    by_name = {option: {path.stem: path for path in paths} for option, paths in lists.items()}
    names = sorted(set().union(*by_name.values()))
    for option, paths in lists.items():
        found = sorted(path.stem for path in paths)
        if found != names:
            odd = sorted(set(names) - set(found)) or [name for name in names if found.count(name) > 1]
            raise InputError(
                f"{option}: expected each of the {len(names)} shards once, got {len(found)} files; wrong for: {odd[0]}."
                " Name the files of the same shards in --documents, --sentences and --mentions."
            )
    return [Shard(name, *(files[name] for files in by_name.values())) for name in names]


def export(shards: Iterable[Shard], sources: Collection[str], output: Path, form: Format, context: Context) -> None:
    """Write the documents of shards, one shard after the other, to one file.

    Only the module of the format is loaded: spaCy takes seconds.

    Raises:
        ArtefactError: as `read_documents`.
        OutputError: the file cannot be written.
    """
    writer = importlib.import_module(f"bali.exporting.{form.module}")
    with writer.open_sink(output, context) as sink:
        for shard in shards:
            for document in read_documents(shard, sources, context.census):
                sink.write(document)
                context.census.table("documents").rows_out += 1
