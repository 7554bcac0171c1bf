"""Export a linked corpus as PubTator, BioC JSON, BigBio Parquet or a spaCy DocBin."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bali.errors import ConfigError, OutputError
from bali.exporting.documents import Shard
from bali.exporting.export import FORMATS, export, match_shards
from bali.exporting.sinks import Context, group_label, tui_label
from bali.io.census import Census
from bali.io.files import write_text
from bali.io.parquet import Provenance, derive, read_artefact
from bali.reporting.model_card import sources_page
from bali.reporting.sources import DEMO_RELEASE, LEVELS, Licences, Source
from bali.schemas import SOURCES
from bali.umls.semantic_groups import SEMANTIC_GROUPS

logger = logging.getLogger(__name__)

_GROUP_OF_TUI = {tui: group for group, tuis in SEMANTIC_GROUPS.items() for tui in tuis}
LABELS = {"group": group_label(_GROUP_OF_TUI), "tui": tui_label}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `bali export`; it reads no configuration."""
    parser.add_argument("--format", choices=sorted(FORMATS), required=True, help="what to write")
    parser.add_argument("--documents", type=Path, nargs="+", required=True, help="documents of the shards")
    parser.add_argument("--sentences", type=Path, nargs="+", required=True, help="sentences of the same shards")
    parser.add_argument("--mentions", type=Path, nargs="+", required=True, help="mentions of the same shards")
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    output = parser.add_mutually_exclusive_group(required=True)
    output.add_argument("--output-dir", type=Path, help="folder for a file per shard, census.json and SOURCES.md")
    output.add_argument("--output", type=Path, help="one file for all; FILE.census.json, FILE.SOURCES.md beside it")
    parser.add_argument("--sources", nargs="+", default=[], help="sources of mentions, e.g. quickumls (default: all)")
    parser.add_argument("--type", choices=sorted(LABELS), default="group", help="type of a mention (default: group)")
    parser.add_argument(
        "--unaligned",
        choices=("drop", "expand"),
        help="spaCy only: mentions that do not begin and end at tokens (default: drop)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the export, its census and the vocabularies that it derives from.

    Raises:
        ConfigError: `--unaligned` is given for a format without tokens.
    """
    if arguments.unaligned and arguments.format != "spacy":
        raise ConfigError(f"--unaligned: expected with --format spacy only, got {arguments.format}. Leave it out.")
    shards = match_shards(arguments.documents, arguments.sentences, arguments.mentions)
    outputs = _outputs(arguments, shards)
    census = Census("export")
    for table in ("documents", "mentions"):
        census.table(table)
    provenances = []
    for path, members in outputs.items():
        provenance = _provenance(arguments, members)
        context = Context(LABELS[arguments.type], provenance, census, arguments.unaligned or "drop")
        export(members, frozenset(arguments.sources), path, FORMATS[arguments.format], context)
        provenances.append(provenance)
        logger.info("wrote %s", path)
    prefix = f"{arguments.output}." if arguments.output else f"{arguments.output_dir}/"
    write_text(Path(f"{prefix}SOURCES.md"), sources_page(_licences(provenances, arguments.umls_dir)))
    census.write(Path(f"{prefix}census.json"))
    _report(census)


def _outputs(arguments: argparse.Namespace, shards: Sequence[Shard]) -> dict[Path, Sequence[Shard]]:
    """The files to write and the shards of each.

    Raises:
        OutputError: a file would take the place of a folder or of an input.
    """
    if arguments.output:
        outputs: dict[Path, Sequence[Shard]] = {arguments.output: shards}
    else:
        suffix = FORMATS[arguments.format].suffix
        outputs = {arguments.output_dir / f"{shard.name}{suffix}": [shard] for shard in shards}
    inputs = {path.resolve() for shard in shards for path in (shard.documents, shard.sentences, shard.mentions)}
    for path in outputs:
        if path.is_dir() or path.resolve() in inputs:
            found = "a folder" if path.is_dir() else "one of the inputs"
            raise OutputError(
                f"{path}: expected a file to write, found {found}. Give another --output or --output-dir."
            )
    return outputs


def _provenance(arguments: argparse.Namespace, shards: Sequence[Shard]) -> Provenance:
    options: dict[str, Any] = {
        "format": arguments.format,
        "sources": sorted(set(arguments.sources)),
        "type": arguments.type,
        "unaligned": arguments.unaligned,
    }
    files = [path for shard in shards for path in (shard.documents, shard.sentences, shard.mentions)]
    return derive(f"export_{arguments.format}", options, files)


def _licences(provenances: Sequence[Provenance], umls_dir: Path) -> Licences:
    """What SOURCES.md says: all vocabularies of the release, and the levels of the exported mentions."""
    rows = read_artefact(umls_dir / "sources.parquet", SOURCES).to_pylist()
    sources = [Source(**row) for row in rows if row["num_names"] or row["num_relations"]]
    release = ", ".join(sorted({p.umls_release for p in provenances if p.umls_release}))
    levels = sorted({level for p in provenances for level in p.restriction_levels})
    meanings = [(level, LEVELS.get(level, ""), ["the export"]) for level in levels]
    return Licences(release, release == DEMO_RELEASE, sources, meanings)


def _report(census: Census) -> None:
    for name, tally in census.tables.items():
        logger.info("%s: %d rows, %d written, dropped: %s", name, tally.rows_in, tally.rows_out, dict(tally.dropped))
    for note, value in census.notes.items():
        logger.info("%s: %s", note, value)
    if not census.table("mentions").rows_out:
        logger.warning("no mention was written; does --sources name a source that the mentions have?")
