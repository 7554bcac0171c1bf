"""PubMed XML to tables against pubmed_parser on the same file: seconds, and what both read alike.

`python -m benchmarks.pubmed_xml [FILE]` prints the seconds of both and their ratio. Without a file it takes the 30,000
citations of BALI_DEVELOPMENT_DATA where they are, else a file made of the demo's citations. Seconds are those of the
process (both work in one thread), the best of the runs, which take turns: other work on the machine then does not
decide. BALI's part ends with Arrow tables and a digest of each text; pubmed_parser's with a dictionary a citation.
"""

import argparse
import gzip
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pubmed_parser

from bali.io.census import Census
from bali.pubmed.parsing import parse_file
from bali.pubmed.pubmed_xml import read_pubmed_xml
from bali.pubmed.records import Citation

DEMO = Path(__file__).parents[1] / "resources" / "demo" / "pubmed"
REAL_FILE = Path("pubmed_xml") / "pubmed20n0014.xml.gz"
NUM_CITATIONS = 20_000
NUM_RUNS = 3
_ARTICLE = re.compile(rb"<PubmedArticle>.*?</PubmedArticle>", re.DOTALL)


def compare(path: Path, num_runs: int = NUM_RUNS) -> dict[str, float]:
    """Seconds of both on a PubMed XML file.

    Args:
        path: a file of the root PubmedArticleSet, gzipped (pubmed_parser reads no other).
        num_runs: runs of each, in turn.

    Returns:
        xml_seconds, pubmed_parser_seconds, and xml_ratio_to_pubmed_parser: how many times faster BALI is.
    """
    ours, theirs = [], []
    for _ in range(num_runs):
        ours.append(_seconds(lambda: _read_with_bali(path)))
        theirs.append(_seconds(lambda: _read_with_pubmed_parser(path)))
    return {
        "xml_seconds": min(ours),
        "pubmed_parser_seconds": min(theirs),
        "xml_ratio_to_pubmed_parser": min(theirs) / min(ours),
    }


def agreement(path: Path) -> Counter[str]:
    """How many citations agree and differ in each field that both read, white space aside.

    Of citations without an abstract BALI reads neither year nor headings. pubmed_parser writes the labels of a
    structured abstract into its text, so a text that has the labels before each part counts as "abstract with labels".
    """
    counts: Counter[str] = Counter()
    citations = (record for record in read_pubmed_xml(path) if isinstance(record, Citation))
    articles = (article for article in pubmed_parser.parse_medline_xml(str(path)) if not article["delete"])
    for ours, theirs in zip_longest(citations, articles):
        assert ours is not None, f"{path}: pubmed_parser has citations left"
        assert theirs is not None, f"{path}: BALI has citations left"
        counts["citations"] += 1
        for field, agrees in _compared(ours, theirs):
            counts[field if agrees else f"{field} differs"] += 1
    return counts


def demo_file(folder: Path, num_citations: int = NUM_CITATIONS) -> Path:
    """Write a gzipped file of the demo's citations, over and over."""
    files = sorted(DEMO.glob("*.xml*"))
    contents = [gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files]
    articles = [article for content in contents for article in _ARTICLE.findall(content)]
    assert articles, f"no citation in {DEMO}"
    repeated = (articles * (num_citations // len(articles) + 1))[:num_citations]
    path = folder / "demo.xml.gz"
    path.write_bytes(gzip.compress(b"<PubmedArticleSet>\n" + b"\n".join(repeated) + b"\n</PubmedArticleSet>\n"))
    return path


def main() -> None:
    """Print the seconds of both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="PubMed XML, gzipped")
    parser.add_argument("--agreement", action="store_true", help="also count the fields that agree")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or _real_file() or demo_file(Path(folder))
        counts: dict[str, Any] = {
            "file": path.name,
            **compare(path),
            **(agreement(path) if arguments.agreement else {}),
        }
    for name, value in counts.items():
        print(f"{name:30} {value:.2f}" if isinstance(value, float) else f"{name:30} {value}")


def _real_file() -> Path | None:
    path = Path(os.environ.get("BALI_DEVELOPMENT_DATA", "")) / REAL_FILE
    return path if path.is_file() else None


def _seconds(work: Callable[[], int]) -> float:
    start = time.process_time()
    num_rows = work()
    assert num_rows, "nothing was read"
    return time.process_time() - start


def _read_with_bali(path: Path) -> int:
    return sum(piece.tables()[0].num_rows for piece in parse_file(path, "pubmed_xml", Census("benchmark")))


def _read_with_pubmed_parser(path: Path) -> int:
    return sum(1 for _ in pubmed_parser.parse_medline_xml(str(path)))


def _compared(ours: Citation, theirs: dict[str, Any]) -> list[tuple[str, bool]]:
    parts = [(section.label, ours.text[section.start : section.end]) for section in ours.sections[1:]]
    plain = _spaced(" ".join(text for _, text in parts))
    labelled = _spaced(" ".join(f"{label} {text}" for label, text in parts))
    abstract = _spaced(theirs["abstract"])
    is_labelled = abstract != plain and abstract == labelled
    found = [
        ("pmid", theirs["pmid"] == str(ours.pmid)),
        ("title", _spaced(theirs["title"]) == ours.title),
        ("abstract with labels" if is_labelled else "abstract", abstract in (plain, labelled)),
    ]
    if ours.drop_reason is None:
        headings = [heading.split(":")[0] for heading in theirs["mesh_terms"].split("; ") if heading]
        found.append(("year", str(theirs["pubdate"]) == str(ours.year or "")))
        found.append(("mesh_headings", headings == list(ours.mesh_headings)))
    return found


def _spaced(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
