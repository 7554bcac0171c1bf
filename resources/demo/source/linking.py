"""Gold mentions in PubTator format: abstracts that no corpus file holds, with forms that the release does not list."""

from pathlib import Path

from source.documents import Author, Document
from source.knowledge import Knowledge

TRAIN_PMID, TEST_PMID = 96000001, 96100001
NUM_TRAIN, NUM_TEST = 60, 170
NUM_FACTS = 6
_SEED = 41


def write_linking(
    knowledge: Knowledge, names: tuple[dict[str, list[str]], ...], seen: set[str], directory: Path
) -> None:
    """Write the training and the test part; `names`: the forms of each part; `seen`: sentences not to be repeated."""
    directory.mkdir(parents=True, exist_ok=True)
    parts = (("train", TRAIN_PMID, NUM_TRAIN), ("test", TEST_PMID, NUM_TEST))
    for number, (part, first_pmid, num_documents) in enumerate(parts):
        author = Author(knowledge, names[number], _SEED + number)
        author.avoid(seen)
        documents = [author.write(NUM_FACTS, with_fillers=False) for _ in range(num_documents)]
        text = "".join(_format(first_pmid + i, document) for i, document in enumerate(documents))
        (directory / f"linking_{part}.pubtator").write_text(text, encoding="utf-8", newline="\n")


def _format(pmid: int, document: Document) -> str:
    """Offsets count in title, one character, abstract."""
    abstract = document.abstract
    shift = len(document.title.text) + 1
    lines = [f"{pmid}|t|{document.title.text}", f"{pmid}|a|{abstract.text}"]
    for text, mentions, offset in (
        (document.title.text, document.title.mentions, 0),
        (abstract.text, abstract.mentions, shift),
    ):
        for m in sorted(mentions, key=lambda m: m.start):
            if m.concept.tuis:
                surface = text[m.start : m.end]
                lines.append(
                    f"{pmid}\t{m.start + offset}\t{m.end + offset}\t{surface}\t{m.concept.tuis[0]}\t{m.concept.cui}"
                )
    return "\n".join(lines) + "\n\n"
