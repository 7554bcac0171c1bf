"""Writes the demo data beside this script: `python resources/demo/make_demo_data.py [--output-dir DIR]`."""

import argparse
from pathlib import Path

from source.interactions import write_interactions
from source.knowledge import load_knowledge
from source.linking import write_linking
from source.metathesaurus import write_metathesaurus
from source.overview import write_overview
from source.pubmed import corpus_sentences, make_records, revise, write_pubmed
from source.questions import write_questions
from source.similarity import write_similarity
from source.tagging import write_tagging
from source.variants import split_forms


def main() -> None:
    """Write every file of the demo data; two runs write the same bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output-dir", type=Path, default=Path(__file__).resolve().parent)
    output_dir = parser.parse_args().output_dir
    knowledge = load_knowledge()
    forms = split_forms(knowledge)
    corpus_names = {cui: f.corpus for cui, f in forms.items()}
    held_out_names = ({cui: f.train for cui, f in forms.items()}, {cui: f.test for cui, f in forms.items()})
    tagged_names = {"train": held_out_names[0], "devel": held_out_names[0], "test": held_out_names[1]}
    records = make_records(knowledge, corpus_names)
    revisions = revise(records, knowledge, corpus_names)
    evaluation_dir = output_dir / "evaluation"
    write_metathesaurus(knowledge, output_dir / "umls")
    write_pubmed(records, revisions, output_dir / "pubmed")
    write_linking(knowledge, held_out_names, corpus_sentences(records + revisions), evaluation_dir)
    write_questions(knowledge, corpus_names, evaluation_dir / "pubmedqa")
    write_interactions(knowledge, corpus_names, evaluation_dir / "relations")
    write_tagging(knowledge, tagged_names, corpus_sentences(records + revisions), evaluation_dir / "tagging")
    write_similarity(knowledge, held_out_names[1], evaluation_dir / "similarity.tsv")
    if (output_dir / "README.md").exists():
        write_overview(output_dir)


if __name__ == "__main__":
    main()
