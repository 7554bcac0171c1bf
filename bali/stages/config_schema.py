"""Write the JSON schema of the configuration to standard output, for editors."""

import argparse
import json
import sys

from bali.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes no arguments."""


def run(arguments: argparse.Namespace) -> None:
    """Write the schema; the committed workflow/schemas/config.schema.json is what this gives."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    sys.stdout.write(json.dumps(schema, indent=2, sort_keys=True) + "\n")
