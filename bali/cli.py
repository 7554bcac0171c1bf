"""The `bali` command: one sub-command a stage, and `bali show` for artefacts."""

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence

from bali import __version__
from bali.errors import BaliError

# Sub-command -> module under bali.stages; imported only when called, so that data stages never load torch.
COMMANDS = {
    "fetch": "fetch",
    "open-metathesaurus": "open_metathesaurus",
    "ingest": "ingest",
    "build-graph": "build_graph",
    "build-linker-index": "build_linker_index",
    "parse-corpus": "parse_corpus",
    "select-versions": "select_versions",
    "split-sentences": "split_sentences",
    "link-mentions": "link_mentions",
    "rank-candidates": "rank_candidates",
    "score-linking": "score_linking",
    "evaluate-linker": "evaluate_linker",
    "sample-subgraphs": "sample_subgraphs",
    "collect-held-out": "collect_held_out",
    "make-examples": "make_examples",
    "build-base-model": "build_base_model",
    "pretrain": "pretrain",
    "build-dictionary": "build_dictionary",
    "encode-dictionary": "encode_dictionary",
    "evaluate": "evaluate",
    "evaluate-baselines": "evaluate_baselines",
    "find-overlaps": "find_overlaps",
    "find-pair-overlaps": "find_pair_overlaps",
    "summarise-metrics": "summarise_metrics",
    "report": "report",
    "compare": "compare",
    "export": "export",
    "show": "show",
    "config-schema": "config_schema",
}
EXIT_BAD_INPUT = 2
OUT_OF_MEMORY = "expected more memory than there is. Give the job more (mem_mb of its rule), and run it again."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `bali` command; returns the exit code: 0, or 2 after one line that says what is wrong."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command = next((a for a in arguments if not a.startswith("-")), None)
    options = _parser(command).parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        options.run(options)
    except BaliError as error:
        if options.debug:
            raise
        print(f"bali {options.command}: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except MemoryError:
        if options.debug:
            raise
        print(f"bali {options.command}: {OUT_OF_MEMORY}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except BrokenPipeError:  # `bali show FILE | head`
        sys.stderr.close()
    return 0


def _parser(command: str | None) -> argparse.ArgumentParser:
    """The parser; only the module of `command` is imported (all of them would cost seconds)."""
    parser = argparse.ArgumentParser(prog="bali", description=__doc__)
    parser.add_argument("--version", action="version", version=f"bali {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        if name == command:
            stage = importlib.import_module(f"bali.stages.{module}")
            sub = commands.add_parser(name, help=stage.__doc__, description=stage.__doc__)
            stage.add_arguments(sub)
            sub.set_defaults(run=stage.run)
        else:
            commands.add_parser(name)
    return parser
