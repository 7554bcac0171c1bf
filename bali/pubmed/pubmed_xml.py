"""PubMed XML (https://dtd.nlm.nih.gov/ncbi/pubmed/): citations, books and deletions, in constant memory.

Text is all text of an element, that of inline markup (sub, sup, i, b, MathML) included, but for MathML's annotations,
which repeat a formula in another notation; runs of white space become one space, nothing else is changed (no Unicode
normalisation). A structured abstract gives one section per AbstractText, with its Label. CopyrightInformation and
OtherAbstract (translations, plain-language summaries) are left out. The root is PubmedArticleSet, or
MedlineCitationSet as in files before 2017.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from bali.errors import InputError
from bali.pubmed.files import open_input
from bali.pubmed.records import ABSTRACT, BOOK, Citation, Deletion, Record, Skipped, compose_text, parse_pmid
from bali.pubmed.xml_blocks import record_blocks

_ARTICLES = {"PubmedArticleSet": "PubmedArticle", "MedlineCitationSet": "MedlineCitation"}  # by root
ROOTS = tuple(_ARTICLES)
_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "remove_comments": True,
    "remove_pis": True,
}
_SIGNATURE = 4  # bytes that tell the encoding
_NEAR, _LONGEST_HEAD = 1 << 12, 1 << 20  # bytes; PubMed's roots end within 300
_LONGEST_RECORD = 1 << 25  # bytes; their tree takes up to forty times that
_OF_CITATION = ("PMID", "Article", "MeshHeadingList", "OtherAbstract")
_OF_ARTICLE = ("Journal", "ArticleTitle", "Abstract", "VernacularTitle")
_BOOK, _DELETION = "PubmedBookArticle", "DeleteCitation"
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_VERSION = re.compile(r"[0-9]{1,9}")
_NO_TITLE = {"", "[Not Available].", "[Not Available]", "Not Available"}
_MATHML = "http://www.w3.org/1998/Math/MathML"
_FORMULA = f"{{{_MATHML}}}math"
_NO_ANNOTATION = etree.XPath(
    "descendant::text()[not(ancestor::m:annotation or ancestor::m:annotation-xml)]", namespaces={"m": _MATHML}
)


def read_pubmed_xml(path: Path) -> Iterator[Record]:
    """Read a PubMed XML file, plain or gzipped.

    Entities are not expanded, no DTD is loaded, nothing is fetched.

    Raises:
        InputError: the file is missing, cut, not well-formed, declares entities, has another root, or a record
            without a numeric PMID.
    """
    try:
        with open_input(path) as stream:
            root, num_head = _check_head(path, stream)
        with open_input(path) as stream:
            yield from _records(path, stream, _ARTICLES[root], num_head)
    except etree.XMLSyntaxError as error:
        reason = " ".join(str(error.msg).split())
        raise InputError(
            f"{path} line {error.lineno}: expected well-formed XML, got: {reason}. The file may be cut; fetch it again."
        ) from error


def _check_head(path: Path, stream: BinaryIO) -> tuple[str, int]:
    """The root's tag, and the bytes up to the end of it: another root and entity declarations are refused.

    No part of these bytes may be left out later: what is cut could hide where the root starts, and with it an entity.
    """
    root, num_bytes = _find_root(path, stream)
    if root.tag not in ROOTS:
        raise InputError(f"{path}: expected the root {' or '.join(ROOTS)}, got {root.tag}. Is it a PubMed file?")
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and list(_entities(dtd)):
        raise InputError(
            f"{path}: expected no entity declarations (PubMed files have none), got at least one."
            " They are refused, since they can blow up memory or read other files."
        )
    return str(root.tag), num_bytes


def _find_root(path: Path, stream: BinaryIO) -> tuple[Any, int]:
    """The root element, and how many bytes were read to find it: to a byte where it is near the start."""
    parser: Any = etree.XMLPullParser(events=("start",), **_SAFE)
    size, num_bytes = _SIGNATURE, 0
    while block := stream.read(size):
        parser.feed(block)
        num_bytes += len(block)
        for _, root in parser.read_events():
            return root, num_bytes
        if num_bytes > _LONGEST_HEAD:
            raise InputError(f"{path}: expected a root within the first {_LONGEST_HEAD} bytes, got none.")
        size = 1 if num_bytes < _NEAR else _NEAR
    parser.close()
    raise AssertionError("libxml2 takes a document without a root")


def _entities(dtd: Any) -> Iterator[object]:
    """Entity declarations of a document's internal subset (lxml's stubs lack the method)."""
    return dtd.iterentities()


def _records(path: Path, stream: BinaryIO, article_tag: str, num_head: int) -> Iterator[Record]:
    """Records of a file whose head was checked: so the parser may take texts beyond libxml2's limit of 10 MB.

    The tree grows until a record ends: that must come within `_LONGEST_RECORD` bytes.
    """
    tags = (article_tag, _BOOK, _DELETION)
    parser: Any = etree.XMLPullParser(events=("end",), tag=tags, huge_tree=True, **_SAFE)
    position, num_bytes = 0, 0
    for block in record_blocks(stream, num_head):
        parser.feed(block)
        num_bytes += len(block)
        for _, element in parser.read_events():
            num_bytes = 0
            for record in _decode(path, element, position):
                yield record
                position += 1
            _forget(element)
        if num_bytes > _LONGEST_RECORD:
            raise InputError(
                f"{path}: expected records of at most {_LONGEST_RECORD} bytes, got {num_bytes:,} after record"
                f" {position} without another. Is it a PubMed file?"
            )
    parser.close()


def _decode(path: Path, element: etree._Element, position: int) -> Iterator[Record]:
    if element.tag == _BOOK:
        yield Skipped(position, BOOK)
    elif element.tag == _DELETION:
        for number, pmid in enumerate(element.iterchildren("PMID")):
            yield Deletion(position + number, _pmid(path, pmid))
    else:
        citation = element if element.tag == "MedlineCitation" else _child(element, "MedlineCitation")
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
    children = {child.tag: child for child in citation.iterchildren(*_OF_CITATION)}
    pmid = children.get("PMID")
    if pmid is None:
        raise InputError(f"{path} line {citation.sourceline}: expected a PMID in the MedlineCitation, got none.")
    article = children.get("Article")
    parts = {} if article is None else {child.tag: child for child in article.iterchildren(*_OF_ARTICLE)}
    notes = ["other abstract left out"] if "OtherAbstract" in children else []
    title = _all_text(path, parts.get("ArticleTitle"))
    if title in _NO_TITLE:
        title = _all_text(path, parts.get("VernacularTitle"))
        notes.append("vernacular title taken" if title else "without title")
    text, sections = compose_text(
        title, _abstract(path, article) if article is not None and "Abstract" in parts else []
    )
    is_document = len(sections) > 1  # of the others, which are dropped, nothing more is read
    return Citation(
        position=position,
        pmid=_pmid(path, pmid),
        version=_version(path, pmid),
        title=title,
        text=text,
        sections=sections,
        year=_year(parts.get("Journal")) if is_document else None,
        mesh_headings=_mesh_headings(children.get("MeshHeadingList")) if is_document else (),
        notes=notes,
    )


def _child(element: etree._Element, tag: str) -> etree._Element | None:
    """The first child of the tag; several times faster than `find`."""
    return next(element.iterchildren(tag), None)


def _abstract(path: Path, article: etree._Element) -> list[tuple[str, str]]:
    """Labels and texts of all AbstractText elements."""
    return [
        (part.get("Label") or ABSTRACT, _all_text(path, part))
        for abstract in article.iterchildren("Abstract")
        for part in abstract.iterchildren("AbstractText")
    ]


def _all_text(path: Path, element: etree._Element | None) -> str:
    """All text below an element, white space normalised; "" for none."""
    if element is None:
        return ""
    if not len(element):
        return " ".join((element.text or "").split())
    if next(element.iter(etree.Entity), None) is not None:
        raise InputError(
            f"{path} line {element.sourceline}: expected no entity references but XML's own five, got one."
        )
    has_formula = next(element.iter(_FORMULA), None) is not None
    texts = _without_annotations(element) if has_formula else element.itertext()
    return " ".join("".join(map(str, texts)).split())


def _without_annotations(element: etree._Element) -> Iterator[str]:
    """Texts below an element but for those of MathML's annotations."""
    found = _NO_ANNOTATION(element)
    assert isinstance(found, list), "an XPath of nodes gives a list"
    return map(str, found)


def _mesh_headings(headings: etree._Element | None) -> list[str]:
    return (
        []
        if headings is None
        else [unique_id for name in headings.iter("DescriptorName") if (unique_id := name.get("UI"))]
    )


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


def _year(journal: etree._Element | None) -> int | None:
    """PubDate/Year, or the first four digits of PubDate/MedlineDate, e.g. "1998 Dec-1999 Jan" or "Winter 2001"."""
    date = None if journal is None else next(journal.iter("Year", "MedlineDate"), None)
    found = None if date is None else _FOUR_DIGITS.search(date.text or "")
    return int(found.group()) if found else None
