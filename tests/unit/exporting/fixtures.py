"""Shards in the layout of the pipeline, from texts and mentions written down in a test."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from bali.cli import main
from bali.io.census import Census
from bali.io.parquet import Provenance, write_artefact
from bali.schemas import DOCUMENTS, MENTIONS, SENTENCES, SOURCES

LEVELS = (0, 3)


@dataclass(frozen=True)
class Given:
    """A mention by its place in the document text."""

    start: int
    end: int
    cui: str
    tuis: list[str] = field(default_factory=lambda: ["T047"])
    source: str = "quickumls"
    similarity: float = 1.0


@dataclass(frozen=True)
class Text:
    """A document: labelled sections, each one sentence, and mentions."""

    pmid: int
    sections: list[tuple[str, str]]
    mentions: list[Given]
    external_id: str = ""

    @property
    def text(self) -> str:
        joined = "\n".join(text for _, text in self.sections)
        return joined if len(self.sections) > 1 else joined + "\n"

    def spans(self) -> list[tuple[str, int, int]]:
        spans, start = [], 0
        for label, text in self.sections:
            spans.append((label, start, start + len(text)))
            start += len(text) + 1
        return spans


TITLE = "Fever \U0001f9ec and\tasthma."
FIRST = Text(
    7,
    [("TITLE", TITLE), ("BACKGROUND", "Asthma\u2028hurts."), ("RESULTS", "Severe asthma, feverish mice.")],
    [
        Given(0, 5, "C0015967", ["T184"], similarity=0.75),
        Given(12, 18, "C0004096", ["T047"]),
        Given(12, 18, "C0004096", ["T047"], "pubtator"),
        Given(20, 26, "C0004096", ["T047"]),
        Given(34, 47, "C0581126", ["T033", "T047"]),
        Given(41, 47, "C0004096", ["T047"], "pubtator"),
        Given(49, 54, "C0015967", []),  # the start of "feverish"
    ],
)
SECOND = Text(3, [("TITLE", ""), ("ABSTRACT", "Mice.")], [Given(1, 5, "C0025914", ["T015"], "pubtator")])
THIRD = Text(10**17, [("TITLE", "No mention"), ("ABSTRACT", "None.")], [], "note-1")
NUM_MENTIONS = len(FIRST.mentions) + len(SECOND.mentions)


def write_shard(root: Path, name: str, texts: list[Text]) -> dict[str, Path]:
    """documents/, sentences/ and mentions/ NAME.parquet; a path by option."""
    documents, sentences, mentions = [], [], []
    for text in sorted(texts, key=lambda text: text.pmid):
        sections = [{"label": label, "start": start, "end": end} for label, start, end in text.spans()]
        documents.append((text.pmid, 1, text.sections[0][1], text.text, sections, 2024, [], text.external_id))
        filled = [(start, end) for _, start, end in text.spans() if start < end]
        for number, (start, end) in enumerate(filled):
            sentences.append((text.pmid, number, start, end, text.text[start:end]))
            inside = [m for m in text.mentions if start <= m.start and m.end <= end]
            for m in sorted(inside, key=lambda m: (m.start, m.end, m.source)):
                surface = text.text[m.start : m.end]
                place = (text.pmid, number, m.start - start, m.end - start)
                mentions.append((*place, surface, m.cui, surface, m.similarity, m.tuis, 1, m.source))
    paths = {}
    for kind, schema, rows in [
        ("documents", DOCUMENTS, documents),
        ("sentences", SENTENCES, sentences),
        ("mentions", MENTIONS, mentions),
    ]:
        paths[kind] = root / kind / f"{name}.parquet"
        table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
        levels = LEVELS if kind == "mentions" else ()
        release = "2026AA" if kind == "mentions" else ""
        write_artefact(paths[kind], table, schema, Provenance(kind, release, restriction_levels=levels))
    return paths


def write_sources(umls_dir: Path) -> Path:
    """sources.parquet of a release."""
    rows = [("MSH", "Medical Subject Headings", "2026", 0, "", "", 3, 0), ("MDR", "MedDRA", "28", 3, "", "", 1, 0)]
    table = pa.Table.from_pylist([dict(zip(SOURCES.names, row, strict=True)) for row in rows], SOURCES)
    write_artefact(umls_dir / "sources.parquet", table, SOURCES, Provenance("sources", "2026AA"))
    return umls_dir


def export(corpus: Path, form: str, *extra: object, shards: str = "ab") -> int:
    words: list[object] = ["export", "--format", form, "--umls-dir", corpus / "umls"]
    for kind in ("documents", "sentences", "mentions"):
        words += [f"--{kind}", *(corpus / kind / f"{shard}.parquet" for shard in shards)]
    return main([*map(str, words), *map(str, extra)])


def census_of(output: Path) -> Census:
    return Census.read(output.with_name(f"{output.name}.census.json"))
