"""Abstracts as PubMed XML, with the oddities that real baseline and update files have."""

import gzip
import re
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from source.dice import Dice
from source.documents import Author, Document
from source.knowledge import Knowledge
from source.language import Sentence

FIRST_PMID = 95000001
NUM_BASELINE, NUM_UPDATE, NUM_EXTRA = 240, 100, 20
ABSENT_PMID = 95999999  # deleted without ever having been there
_SEED = 26
_HEADER = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" \
"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">
<PubmedArticleSet>
"""
_CATEGORY = {"BACKGROUND": "BACKGROUND", "METHODS": "METHODS", "RESULTS": "RESULTS", "CONCLUSIONS": "CONCLUSIONS"}
_MEDLINE_DATES = ("1998 Nov-Dec", "2000 Spring", "2001-2002", "Winter 1999")
_FIRST_NAMES = (("Ada", "A"), ("Ben", "B"), ("Chloé", "C"), ("Dag", "D"), ("Eva", "E"), ("Félix", "F"))
_LAST_NAMES = ("Sample", "Example", "Müller-Demo", "Placeholder", "Specimen", "O'Fiction")


@dataclass(frozen=True)
class Record:
    """A citation. `document` without sentences has no abstract; `style` picks one of the oddities."""

    pmid: int
    document: Document
    version: int = 1
    style: str = "plain"


def make_records(knowledge: Knowledge, names: dict[str, list[str]]) -> list[Record]:
    """The citations of the three files, in order of their PMIDs; `names`: CUI -> the forms to write."""
    author = Author(knowledge, names, _SEED)
    dice = Dice(_SEED)
    records = []
    for position in range(NUM_BASELINE + NUM_UPDATE + NUM_EXTRA):
        document = author.write(num_facts=6 + dice.below(3))
        styles = {11: "no_abstract", 47: "vernacular", 83: "medline_date", 129: "no_abstract"}
        style = styles.get(position, "structured" if dice.chance(40) else "plain")
        if style == "plain" and dice.chance(10):
            style = "medline_date"
        records.append(Record(FIRST_PMID + position, document, style=style))
    return records


def corpus_sentences(records: list[Record]) -> set[str]:
    """Every sentence and title of the corpus."""
    return {s.text for record in records for s in [record.document.title, *record.document.sentences]}


def revise(records: list[Record], knowledge: Knowledge, names: dict[str, list[str]]) -> list[Record]:
    """Five records written anew: the first two as a second version, the others under the same version."""
    author = Author(knowledge, names, _SEED + 1)
    author.avoid(corpus_sentences(records))
    second_versions = [replace(records[i], version=2, document=author.write(7)) for i in (20, 60)]
    return second_versions + [replace(records[i], document=author.write(7)) for i in (5, 90, 150)]


def write_pubmed(records: list[Record], revisions: list[Record], directory: Path) -> None:
    """Write a baseline file, an update file and a compressed one."""
    directory.mkdir(parents=True, exist_ok=True)
    baseline = records[:NUM_BASELINE]
    update = records[NUM_BASELINE : NUM_BASELINE + NUM_UPDATE]
    second_versions, revised = revisions[:2], revisions[2:]
    deleted = [baseline[200].pmid, ABSENT_PMID]
    baseline.insert(21, second_versions[0])
    _write(directory / "demo26n0001.xml", baseline, [])
    _write(directory / "demo26n0002.xml", [*revised, second_versions[1], *update], deleted)
    _write(directory / "demo26n0003.xml.gz", records[NUM_BASELINE + NUM_UPDATE :], [])


def _write(path: Path, records: list[Record], deleted: list[int]) -> None:
    text = _HEADER + "".join(_format_record(record) for record in records)
    if deleted:
        pmids = "".join(f'    <PMID Version="1">{pmid}</PMID>\n' for pmid in deleted)
        text += f"  <DeleteCitation>\n{pmids}  </DeleteCitation>\n"
    data = (text + "</PubmedArticleSet>\n").encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _format_record(record: Record) -> str:
    year = 1990 + record.pmid % 36
    dice = Dice(record.pmid * 10 + record.version)
    lines = [
        '<MedlineCitation Status="MEDLINE" Owner="NLM">',
        f'<PMID Version="{record.version}">{record.pmid}</PMID>',
        f"<DateRevised><Year>{year}</Year><Month>0{1 + dice.below(9)}</Month><Day>1{dice.below(10)}</Day>"
        "</DateRevised>",
        '<Article PubModel="Print">',
        *_journal_lines(record, year, dice),
        f"<ArticleTitle>{_title(record)}</ArticleTitle>",
        f"<Pagination><MedlinePgn>{dice.below(400) + 1}-{dice.below(9)}</MedlinePgn></Pagination>",
        *_abstract_lines(record),
        *_author_lines(dice),
        f"<Language>{'fre' if record.style == 'vernacular' else 'eng'}</Language>",
        "<PublicationTypeList>",
        '  <PublicationType UI="D016428">Journal Article</PublicationType>',
        "</PublicationTypeList>",
        *(["<VernacularTitle>Étude synthétique de démonstration.</VernacularTitle>"] if _is_french(record) else []),
        "</Article>",
        "<MedlineJournalInfo><Country>Nowhere</Country><MedlineTA>Synth Demo J</MedlineTA>"
        "<NlmUniqueID>9999999</NlmUniqueID></MedlineJournalInfo>",
        *_mesh_lines(record),
        *(_french_abstract() if _is_french(record) else []),
        "</MedlineCitation>",
        "<PubmedData><PublicationStatus>ppublish</PublicationStatus><ArticleIdList>"
        f'<ArticleId IdType="pubmed">{record.pmid}</ArticleId></ArticleIdList></PubmedData>',
    ]
    body = "".join(f"    {line}\n" for line in lines)
    return f"  <PubmedArticle>\n{body}  </PubmedArticle>\n"


def _is_french(record: Record) -> bool:
    return record.style == "vernacular"


def _title(record: Record) -> str:
    title = _markup(record.document.title) + "."
    return f"[{title}]" if _is_french(record) else title


def _journal_lines(record: Record, year: int, dice: Dice) -> list[str]:
    date = f"<Year>{year}</Year><Month>{dice.pick(('Jan', 'Apr', 'Jul', 'Oct'))}</Month>"
    if record.style == "medline_date":
        date = f"<MedlineDate>{dice.pick(_MEDLINE_DATES)}</MedlineDate>"
    return [
        '<Journal><ISSN IssnType="Print">0000-0000</ISSN>'
        f'<JournalIssue CitedMedium="Print"><Volume>{1 + dice.below(60)}</Volume><Issue>{1 + dice.below(12)}</Issue>'
        f"<PubDate>{date}</PubDate></JournalIssue>",
        "  <Title>Synthetic Demonstration Journal</Title><ISOAbbreviation>Synth Demo J</ISOAbbreviation></Journal>",
    ]


def _abstract_lines(record: Record) -> list[str]:
    if record.style == "no_abstract":
        return []
    sections = record.document.sections
    if record.style == "structured":
        lines = [
            f'  <AbstractText Label="{label}" NlmCategory="{_CATEGORY[label]}">{_join(sentences)}</AbstractText>'
            for label, sentences in sections
        ]
    else:
        lines = [f"  <AbstractText>{_join(record.document.sentences)}</AbstractText>"]
    copyright_line = "  <CopyrightInformation>Synthetic text, MIT licence.</CopyrightInformation>"
    return ["<Abstract>", *lines, copyright_line, "</Abstract>"]


def _join(sentences: list[Sentence] | tuple[Sentence, ...]) -> str:
    return " ".join(_markup(sentence) for sentence in sentences)


def _markup(sentence: Sentence) -> str:
    """The sentence with genes and organisms in italics, and raised or lowered signs; its text stays the same."""
    text, position = "", 0
    for mention in sentence.mentions:
        text += _plain_markup(sentence.text[position : mention.start])
        name = _plain_markup(sentence.text[mention.start : mention.end])
        italic = "T028" in mention.concept.tuis or "T007" in mention.concept.tuis
        text += f"<i>{name}</i>" if italic else name
        position = mention.end
    return text + _plain_markup(sentence.text[position:])


def _plain_markup(text: str) -> str:
    text = escape(text, quote=False)
    text = re.sub(r"\bp &lt;", "<i>p</i> &lt;", text)
    text = re.sub(r"\b(Ca|K|Na)(2?\+)", r"\1<sup>\2</sup>", text)
    return re.sub(r"\b(B|D)(12|3|2)\b", r"\1<sub>\2</sub>", text)


def _author_lines(dice: Dice) -> list[str]:
    lines = ['<AuthorList CompleteYN="Y">']
    for _ in range(1 + dice.below(3)):
        first, initials = dice.pick(_FIRST_NAMES)
        lines.append(
            f'  <Author ValidYN="Y"><LastName>{dice.pick(_LAST_NAMES)}</LastName><ForeName>{first}</ForeName>'
            f"<Initials>{initials}</Initials></Author>"
        )
    return [*lines, "</AuthorList>"]


def _mesh_lines(record: Record) -> list[str]:
    """Headings with invented descriptor ids: the concepts of the title."""
    concepts = {m.concept.cui: m.concept for m in record.document.title.mentions}
    headings = [
        f'  <MeshHeading><DescriptorName UI="D99{cui[3:]}" MajorTopicYN="{"N" if i else "Y"}">'
        f"{escape(concept.key, quote=False)}</DescriptorName></MeshHeading>"
        for i, (cui, concept) in enumerate(concepts.items())
    ]
    return ["<MeshHeadingList>", *headings, "</MeshHeadingList>"]


def _french_abstract() -> list[str]:
    return [
        '<OtherAbstract Type="Publisher" Language="fre">',
        "  <AbstractText>Résumé inventé, qui ne doit pas entrer dans le corpus anglais.</AbstractText>",
        "</OtherAbstract>",
    ]
