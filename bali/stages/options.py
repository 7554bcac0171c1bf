"""How a stage gets its options: `--config FILE`, or `--options JSON` as the rules pass them, or the defaults."""

import argparse
import logging
import os
from pathlib import Path
from typing import Any

from bali.config import Config, load_config, options_json, section_options
from bali.errors import ConfigError
from bali.io.json_text import decode_json
from bali.strict import decode

logger = logging.getLogger(__name__)


def add_option_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--config` and `--options`, of which one may be given, and `--settings`."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--config", type=Path, help="configuration file; its sections apply")
    group.add_argument("--options", help="sections of the configuration as JSON; the rest takes its defaults")
    parser.add_argument(
        "--settings",
        default=os.environ.get("BALI_SETTINGS", "{}"),
        help="JSON of keys that change no result (threads, log intervals); the rules give it as $BALI_SETTINGS",
    )


def read_config(arguments: argparse.Namespace) -> Config:
    """The configuration that the arguments name, checked.

    Raises:
        ConfigError: as `bali.config.load_config`, or `--options` is not JSON.
    """
    if arguments.config:
        return load_config(arguments.config)
    options, settings = (_parse(arguments, key) for key in ("options", "settings"))
    for section, values in settings.items():
        options.setdefault(section, {}).update(values)
    return decode(Config, options, source="--options")


def stage_options(config: Config, *sections: str) -> dict[str, Any]:
    """The sections that a stage reads, logged, as the value that goes into its artefacts' config digest."""
    options = section_options(config, sections)
    logger.info("options: %s", options_json(options))
    return options


def positive_number(text: str) -> int:
    """An argument that must be a whole number of at least 1.

    Raises:
        ArgumentTypeError: it is not; the command says so and exits 2.
    """
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parse(arguments: argparse.Namespace, key: str) -> dict[str, Any]:
    text = getattr(arguments, key)
    try:
        return dict(decode_json(text)) if text else {}
    except (TypeError, ValueError) as error:
        raise ConfigError(f"--{key}: expected a JSON object, got: {error}") from None
