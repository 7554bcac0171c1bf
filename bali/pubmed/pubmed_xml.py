"""PubMed XML (https://dtd.nlm.nih.gov/ncbi/pubmed/): citations, books and deletions, in constant memory.

Text is all text of an element, that of inline markup (sub, sup, i, b, MathML) included; runs of white space become one
space, nothing else is changed (no Unicode normalisation). A structured abstract gives one section per AbstractText,
with its Label. CopyrightInformation and OtherAbstract (translations, plain-language summaries) are left out. The
root is PubmedArticleSet, or MedlineCitationSet as in files before 2017.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from bali.errors import InputError
from bali.pubmed.files import open_input
from bali.pubmed.records import ABSTRACT, BOOK, Citation, Deletion, Record, Skipped, compose_text, parse_pmid

ROOTS = ("PubmedArticleSet", "MedlineCitationSet")
_RECORDS = ("PubmedArticle", "MedlineCitation", "PubmedBookArticle", "DeleteCitation")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_VERSION = re.compile(r"[0-9]{1,9}")
_NO_TITLE = {"", "[Not Available].", "[Not Available]", "Not Available"}


def read_pubmed_xml(path: Path) -> Iterator[Record]:
    """Read a PubMed XML file, plain or gzipped.

    Entities are not expanded, no DTD is loaded, nothing is fetched.

    Raises:
        InputError: the file is missing, cut, not well-formed, declares entities, has another root, or a record
            without a numeric PMID.
    """
    try:
        with open_input(path) as stream:
            _check_head(path, stream)
        with open_input(path) as stream:
            yield from _records(path, stream)
    except etree.XMLSyntaxError as error:
        reason = " ".join(str(error.msg).split())
        raise InputError(
            f"{path} line {error.lineno}: expected well-formed XML, got: {reason}. The file may be cut; fetch it again."
        ) from error


def _check_head(path: Path, stream: BinaryIO) -> None:
    """Refuse another root and entity declarations before any record is read."""
    _, root = next(_iterate(stream, ("start",)))
    if root.tag not in ROOTS:
        raise InputError(f"{path}: expected the root {' or '.join(ROOTS)}, got {root.tag}. Is it a PubMed file?")
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and list(_entities(dtd)):
        raise InputError(
            f"{path}: expected no entity declarations (PubMed files have none), got at least one."
            " They are refused, since they can blow up memory or read other files."
        )


def _entities(dtd: Any) -> Iterator[object]:
    """Entity declarations of a document's internal subset (lxml's stubs lack the method)."""
    return dtd.iterentities()


def _iterate(
    stream: BinaryIO, events: tuple[str, ...], tags: tuple[str, ...] | None = None
) -> Iterator[tuple[str, etree._Element]]:
    return iter(
        etree.iterparse(
            stream,
            events=events,
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    )


def _records(path: Path, stream: BinaryIO) -> Iterator[Record]:
    position = 0
    for _, element in _iterate(stream, ("end",), _RECORDS):
        if element.tag == "MedlineCitation" and element.getparent() is not None:
            parent = element.getparent()
            if parent is not None and parent.tag not in ROOTS:
                continue  # read with the PubmedArticle around it
        for record in _decode(path, element, position):
            yield record
            position += 1
        _forget(element)


def _decode(path: Path, element: etree._Element, position: int) -> Iterator[Record]:
    if element.tag == "PubmedBookArticle":
        yield Skipped(position, BOOK)
    elif element.tag == "DeleteCitation":
        for number, pmid in enumerate(element.iterfind("PMID")):
            yield Deletion(position + number, _pmid(path, pmid))
    else:
        citation = element if element.tag == "MedlineCitation" else element.find("MedlineCitation")
        if citation is None:
            raise InputError(
                f"{path} line {element.sourceline}: expected a MedlineCitation in the PubmedArticle, got none."
            )
        yield _citation(path, citation, position)


def _forget(element: etree._Element) -> None:
    """Free a record and all siblings before it, so that memory does not grow with the file."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _citation(path: Path, citation: etree._Element, position: int) -> Citation:
    pmid = citation.find("PMID")
    if pmid is None:
        raise InputError(f"{path} line {citation.sourceline}: expected a PMID in the MedlineCitation, got none.")
    article = citation.find("Article")
    title = _text(path, article, "ArticleTitle")
    notes = ["other abstract left out"] if citation.find("OtherAbstract") is not None else []
    if title in _NO_TITLE:
        title = _text(path, article, "VernacularTitle")
        notes.append("vernacular title taken" if title else "without title")
    parts = (
        []
        if article is None
        else [
            (part.get("Label") or ABSTRACT, _all_text(path, part)) for part in article.iterfind("Abstract/AbstractText")
        ]
    )
    text, sections = compose_text(title, parts)
    return Citation(
        position=position,
        pmid=_pmid(path, pmid),
        version=_version(path, pmid),
        title=title,
        text=text,
        sections=sections,
        year=_year(article),
        mesh_headings=[
            ui for name in citation.iterfind("MeshHeadingList/MeshHeading/DescriptorName") if (ui := name.get("UI"))
        ],
        notes=notes,
    )


def _text(path: Path, parent: etree._Element | None, tag: str) -> str:
    element = None if parent is None else parent.find(tag)
    return "" if element is None else _all_text(path, element)


def _all_text(path: Path, element: etree._Element) -> str:
    """All text below an element, white space normalised."""
    if len(element) and next(element.iter(etree.Entity), None) is not None:
        raise InputError(
            f"{path} line {element.sourceline}: expected no entity references but XML's own five, got one."
        )
    return " ".join("".join(map(str, element.itertext())).split())


def _pmid(path: Path, element: etree._Element) -> int:
    pmid = parse_pmid((element.text or "").strip())
    if pmid is None:
        raise InputError(f"{path} line {element.sourceline}: expected a number as PMID, got {element.text!r}.")
    return pmid


def _version(path: Path, element: etree._Element) -> int:
    version = element.get("Version", "1")
    if not _VERSION.fullmatch(version):
        raise InputError(f"{path} line {element.sourceline}: expected a number as PMID's Version, got {version!r}.")
    return int(version)


def _year(article: etree._Element | None) -> int | None:
    """PubDate/Year, or the first four digits of PubDate/MedlineDate, e.g. "1998 Dec-1999 Jan" or "Winter 2001"."""
    date = None if article is None else article.find("Journal/JournalIssue/PubDate")
    found = None if date is None else _FOUR_DIGITS.search(date.findtext("Year") or date.findtext("MedlineDate") or "")
    return int(found.group()) if found else None
