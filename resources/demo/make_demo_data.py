"""Writes the demo data beside this script: `python resources/demo/make_demo_data.py [--output-dir DIR]`."""

import argparse
from pathlib import Path

from source.knowledge import load_knowledge
from source.metathesaurus import write_metathesaurus


def main() -> None:
    """Write every file of the demo data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output-dir", type=Path, default=Path(__file__).resolve().parent)
    output_dir = parser.parse_args().output_dir
    knowledge = load_knowledge()
    write_metathesaurus(knowledge, output_dir / "umls")


if __name__ == "__main__":
    main()
