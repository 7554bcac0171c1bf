"""Link the texts of gold PubTator files and score the links; needs a linker index and its release, no pipeline."""

import argparse
import glob
import importlib
import logging
import tempfile
from pathlib import Path
from typing import Any

from bali.config import Config, Corpus
from bali.errors import InputError
from bali.io.census import Census
from bali.io.files import write_text
from bali.io.parquet import read_provenance
from bali.plan import corpus_shards
from bali.reporting.linking_page import linking_page
from bali.reporting.linking_quality import linking_quality
from bali.reporting.results import Results
from bali.stages.options import add_option_arguments, positive_number, read_config

logger = logging.getLogger(__name__)

PAGE = "linking.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_option_arguments(parser)
    parser.add_argument(
        "--gold", type=Path, nargs="+", required=True, metavar="FILE", help="annotated PubTator files; a later one wins"
    )
    parser.add_argument("--index-dir", type=Path, required=True, help="folder of the linker's index")
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    parser.add_argument("--output-dir", type=Path, required=True, help=f"folder for {PAGE} and linking/*.parquet")
    parser.add_argument(
        "--num-errors", type=positive_number, default=25, help="commonest errors of each kind (default: 25)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the tables of `bali score-linking` for the files, and the report's section as a page.

    Raises:
        InputError: a file is missing or broken, or none has an annotation.
    """
    config = read_config(arguments)
    shards = _shards(arguments.gold)
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".work-", dir=arguments.output_dir) as name:
        stages = _Stages(arguments, config, Path(name))
        num_annotations = stages.read(shards)
        if not num_annotations:
            raise InputError(
                f"--gold: expected annotations in {', '.join(map(str, arguments.gold))}, found none whose offsets hold."
            )
        for shard in shards:
            stages.link(shard)
        stages.score(list(shards))
    quality = linking_quality(Results(arguments.output_dir))
    assert quality is not None, "annotations give scores"
    release = read_provenance(arguments.umls_dir / "names.parquet")["umls_release"]
    facts = [("gold files", ", ".join(shards)), ("UMLS release", release), ("annotations", f"{num_annotations:,}")]
    write_text(arguments.output_dir / PAGE, linking_page(quality, config.linking, facts))
    logger.info("wrote %s", arguments.output_dir / PAGE)


def _shards(gold: list[Path]) -> dict[str, str]:
    """Shard name -> file.

    Raises:
        InputError: a file is missing, or two have one name.
    """
    missing = [str(path) for path in gold if not path.is_file()]
    if missing:
        raise InputError(f"--gold: expected files, found no {', '.join(missing)}.")
    return corpus_shards(Config(corpus=Corpus(inputs=[glob.escape(str(path)) for path in gold])))


class _Stages:
    """The stages of the pipeline, run one after the other in a folder of their own.

    They see the sections `linking` and `compute`: filters of the corpus must not drop gold documents.

    Args:
        arguments: of this command.
        config: its configuration.
        work: the folder.
    """

    def __init__(self, arguments: argparse.Namespace, config: Config, work: Path) -> None:
        self._arguments = arguments
        self._linking = config.linking
        self._work = work
        self._options = config.model_dump_json(include={"linking", "compute"})

    def read(self, shards: dict[str, str]) -> int:
        """Parse the files and split their sentences; returns the number of annotations."""
        work, parsed = self._work, self._work / "parsed"
        num_annotations = 0
        for shard, file in shards.items():
            self._run("parse_corpus", input=file, output_dir=parsed / shard)
        selection = {"output": work / "selection.parquet", "census": work / "selection.json"}
        self._run("select_versions", parsed_dir=parsed, shards=list(shards), **selection)
        for shard in shards:
            outputs = {name: self._file(name, shard) for name in ("documents", "sentences", "annotations")}
            census = work / f"{shard}.json"
            selected = {"parsed_dir": parsed / shard, "selection": selection["output"], "census": census}
            self._run("split_sentences", **selected, **outputs)
            for path in (parsed / shard / "census.json", census):
                tally = Census.read(path).table("annotations")
                logger.info("%s: %d annotations, dropped: %s", shard, tally.rows_in, dict(tally.dropped))
            num_annotations += tally.rows_out
        return num_annotations

    def link(self, shard: str) -> None:
        """Link a shard; with a language model in the end where the configuration says so."""
        by_context = self._linking.ranker == "context"
        mentions = self._file("by_order" if by_context else "mentions", shard)
        candidates = self._file("candidates", shard)
        umls = {"umls_dir": self._arguments.umls_dir}
        texts = {name: self._file(name, shard) for name in ("sentences", "annotations")}
        outputs = {"output": mentions, "candidates": candidates, "census": self._work / f"{shard}.links.json"}
        self._run("link_mentions", index_dir=self._arguments.index_dir, **umls, **texts, **outputs)
        if by_context:
            inputs = {"sentences": texts["sentences"], "mentions": mentions, "candidates": candidates, **umls}
            outputs = {"output": self._file("mentions", shard), "census": self._work / f"{shard}.ranks.json"}
            self._run("rank_candidates", model_dir=self._linking.ranker_model, **inputs, **outputs)

    def score(self, shards: list[str]) -> None:
        """Write the scores into the folder `linking` of the output."""
        kinds = ("annotations", "sentences", "mentions")
        inputs: dict[str, Any] = {kind: [self._file(kind, shard) for shard in shards] for kind in kinds}
        arguments = self._arguments
        output = {"output_dir": arguments.output_dir / "linking", "num_errors": arguments.num_errors}
        self._run("score_linking", umls_dir=arguments.umls_dir, **inputs, **output)

    def _file(self, kind: str, shard: str) -> Path:
        return self._work / kind / f"{shard}.parquet"

    def _run(self, stage: str, **values: Any) -> None:
        """Run a stage as its command would with these arguments; stages that load torch are imported only here."""
        module = importlib.import_module(f"bali.stages.{stage}")
        parser = argparse.ArgumentParser(prog=stage)
        module.add_arguments(parser)
        words = ["--options", self._options, "--settings", "{}"]
        for name, value in values.items():
            items = value if isinstance(value, list) else [value]
            words += [f"--{name.replace('_', '-')}", *map(str, items)]
        module.run(parser.parse_args(words))
