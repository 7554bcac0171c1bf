"""PubMed XML: what is text, what is refused, what is passed over."""

import gzip
import resource
from pathlib import Path

import pytest

from bali.errors import InputError
from bali.pubmed.pubmed_xml import read_pubmed_xml
from bali.pubmed.records import BOOK, NO_ABSTRACT, Citation, Deletion, Skipped

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://nowhere.invalid/p.dtd">\n'
ABSTRACT = "<Abstract><AbstractText>One. Two.</AbstractText></Abstract>"


def article(
    body: str = ABSTRACT, pmid: str = '<PMID Version="1">1</PMID>', title: str = "Title.", rest: str = ""
) -> str:
    return (
        f"<PubmedArticle><MedlineCitation>{pmid}<Article><Journal><JournalIssue><PubDate><Year>2001</Year></PubDate>"
        f"</JournalIssue></Journal><ArticleTitle>{title}</ArticleTitle>{body}</Article>{rest}</MedlineCitation>"
        "<PubmedData><ArticleIdList><ArticleId>99</ArticleId></ArticleIdList></PubmedData></PubmedArticle>"
    )


def write(path: Path, *records: str, head: str = HEAD, root: str = "PubmedArticleSet") -> Path:
    path.write_text(f"{head}<{root}>{''.join(records)}</{root}>", encoding="utf-8")
    return path


def citation(path: Path, *records: str) -> Citation:
    (record,) = read_pubmed_xml(write(path, *records))
    assert isinstance(record, Citation)
    return record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shard.xml"


def test_document_text_and_sections(path: Path) -> None:
    record = citation(path, article())
    assert record.text == "Title.\nOne. Two."
    assert [(s.label, record.text[s.start : s.end]) for s in record.sections] == [
        ("TITLE", "Title."),
        ("ABSTRACT", "One. Two."),
    ]
    assert (record.pmid, record.version, record.year, record.drop_reason) == (1, 1, 2001, None)


def test_inline_markup_is_text(path: Path) -> None:
    text = "H<sub>2</sub>O and <i>E. coli <b>K12</b></i> grow &lt; 5 &amp; more."
    body = f"<Abstract><AbstractText>{text}</AbstractText></Abstract>"
    record = citation(path, article(body, title="<i>In vivo</i> effects"))
    assert record.text == "In vivo effects\nH2O and E. coli K12 grow < 5 & more."


def test_white_space_is_normalised_and_unicode_kept(path: Path) -> None:
    body = "<Abstract><AbstractText>\n  β\n\t<sub>2</sub>-agonist\u00a0 e\u0301 \U0001f9ec  </AbstractText></Abstract>"
    assert citation(path, article(body)).text == "Title.\nβ 2-agonist e\u0301 \U0001f9ec"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>\u22129</sup> <i>\u03b1<sub>2</sub></i>", "10\u22129 \u03b12"),
        ("<i>In vivo</i> <b>K12</b>", "In vivo K12"),
        ("P&#x2009;&lt;&#x2009;.05 \u2013 5&#xa0;mg", "P < .05 \u2013 5 mg"),
        ("&#945;-synuclein&#x200b; &#x1f9ec;", "\u03b1-synuclein\u200b \U0001f9ec"),
        (
            '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:semantics><mml:mrow><mml:mi>x</mml:mi>'
            "<mml:mo>=</mml:mo><mml:mn>2</mml:mn></mml:mrow><mml:annotation>$x=2$</mml:annotation></mml:semantics>"
            "</mml:math> holds",
            "x=2 holds",
        ),
        ("<DispFormula><i>E</i></DispFormula>", "E"),
    ],
)
def test_markup_of_real_abstracts(path: Path, markup: str, text: str) -> None:
    record = citation(path, article(f"<Abstract><AbstractText>{markup}</AbstractText></Abstract>", title=markup))
    assert record.text == f"{text}\n{text}"


def test_all_abstracts_of_an_article_are_read(path: Path) -> None:
    record = citation(path, article("<Abstract/>" + ABSTRACT + ABSTRACT.replace("One", "Three")))
    assert record.text == "Title.\nOne. Two.\nThree. Two."


def test_a_section_that_is_called_title_is_text(path: Path) -> None:
    assert (
        citation(path, article(ABSTRACT.replace("<AbstractText>", '<AbstractText Label="TITLE">'))).drop_reason is None
    )


def test_a_text_of_eleven_megabytes_and_a_word_of_one(path: Path) -> None:
    body = f"<Abstract><AbstractText>{'word ' * 2_200_000}{'x' * 1_000_000}</AbstractText></Abstract>"
    assert len(citation(path, article(body)).text) == len("Title.\n") + 12_000_000


def test_elements_in_thousands_of_levels_are_refused(path: Path) -> None:
    refusal(write(path, article(title="<i>" * 5000 + "</i>" * 5000)))


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x1b", "&#0;", "&#xd800;", "\ufffe"])
def test_what_is_no_character_of_xml_is_refused(path: Path, character: str) -> None:
    refusal(write(path, article(title=f"a{character}b")))


def test_structured_abstract_has_labels(path: Path) -> None:
    body = (
        '<Abstract><AbstractText Label="METHODS" NlmCategory="METHODS">Rats.</AbstractText>'
        "<AbstractText> </AbstractText>"
        '<AbstractText Label="RESULTS">Fine.</AbstractText><CopyrightInformation>(c)</CopyrightInformation></Abstract>'
    )
    record = citation(path, article(body))
    assert record.text == "Title.\nRats.\nFine."
    assert [(s.label, record.text[s.start : s.end]) for s in record.sections[1:]] == [
        ("METHODS", "Rats."),
        ("RESULTS", "Fine."),
    ]


def test_comments_and_processing_instructions_are_no_text(path: Path) -> None:
    body = "<Abstract><AbstractText>a<!-- no -->b<?p no?>c</AbstractText></Abstract>"
    assert citation(path, article(body)).text == "Title.\nabc"


@pytest.mark.parametrize("title", ["", "[Not Available].", " "])
def test_vernacular_title_stands_in(path: Path, title: str) -> None:
    record = citation(path, article(ABSTRACT + "<VernacularTitle>Über Fieber.</VernacularTitle>", title=title))
    assert record.title == "Über Fieber."
    assert list(record.notes) == ["vernacular title taken"]


def test_without_any_title_the_abstract_is_a_document(path: Path) -> None:
    record = citation(path, article(title=""))
    assert record.text == "\nOne. Two."
    assert record.drop_reason is None
    assert list(record.notes) == ["without title"]


def test_bracketed_title_is_kept(path: Path) -> None:
    assert citation(path, article(title="[Fever in rats].")).title == "[Fever in rats]."


@pytest.mark.parametrize("body", ["", "<Abstract/>", "<Abstract><AbstractText> </AbstractText></Abstract>"])
def test_without_abstract_it_is_no_document(path: Path, body: str) -> None:
    assert citation(path, article(body)).drop_reason == NO_ABSTRACT


def test_other_abstract_is_left_out_and_noted(path: Path) -> None:
    rest = '<OtherAbstract Type="plain"><AbstractText>Plain words.</AbstractText></OtherAbstract>'
    record = citation(path, article(rest=rest))
    assert "Plain" not in record.text
    assert list(record.notes) == ["other abstract left out"]


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", 1998),
        ("<MedlineDate>Winter 2001</MedlineDate>", 2001),
        ("<MedlineDate>Spring</MedlineDate>", None),
        ("<Year>1975</Year><Month>Jun</Month>", 1975),
    ],
)
def test_year(path: Path, date: str, year: int | None) -> None:
    assert citation(path, article().replace("<Year>2001</Year>", date)).year == year


def test_mesh_headings_and_version(path: Path) -> None:
    names = '<DescriptorName UI="D005334">Fever</DescriptorName><QualifierName UI="Q1">x</QualifierName>'
    mesh = f"<MeshHeadingList><MeshHeading>{names}</MeshHeading></MeshHeadingList>"
    record = citation(path, article(pmid='<PMID Version="3"> 77 </PMID>', rest=mesh))
    assert (record.pmid, record.version, record.mesh_headings) == (77, 3, ["D005334"])


def test_books_and_deletions_have_their_positions(path: Path) -> None:
    book = "<PubmedBookArticle><BookDocument><PMID>5</PMID></BookDocument></PubmedBookArticle>"
    deletions = "<DeleteCitation><PMID>8</PMID><PMID>9</PMID></DeleteCitation>"
    records = list(read_pubmed_xml(write(path, article(), book, deletions)))
    assert isinstance(records[0], Citation)
    assert records[1:] == [Skipped(1, BOOK), Deletion(2, 8), Deletion(3, 9)]


def test_citations_of_a_medline_citation_set_are_read(path: Path) -> None:
    inner = article().removeprefix("<PubmedArticle>").split("<PubmedData>")[0]
    records = list(read_pubmed_xml(write(path, inner, inner, head="", root="MedlineCitationSet")))
    assert [record.position for record in records] == [0, 1]


def test_gzipped_file_reads_the_same(path: Path) -> None:
    plain = list(read_pubmed_xml(write(path, article(), article())))
    packed = path.with_suffix(".xml.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert len(plain) == 2
    assert list(read_pubmed_xml(packed)) == plain


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(read_pubmed_xml(path))
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.99])
def test_cut_file_is_refused_with_its_line(path: Path, share: float) -> None:
    whole = write(path, *[article() + "\n"] * 400).read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert " line " in refusal(path)


def test_cut_gzip_is_refused(path: Path) -> None:
    whole = gzip.compress(write(path, *[article()] * 50).read_bytes())
    path.write_bytes(whole[: len(whole) // 2])
    assert "complete gzip" in refusal(path)


def test_empty_file_is_refused(path: Path) -> None:
    path.write_text("")
    refusal(path)


def test_other_root_is_refused(path: Path) -> None:
    assert "got html" in refusal(write(path, "<p/>", root="html", head=""))


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        '<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;',
    ],
)
def test_entity_declarations_are_refused(path: Path, subset: str) -> None:
    head = f"<!DOCTYPE PubmedArticleSet [{subset}]>"
    reference = "" if "%" in subset else "&a;"
    message = refusal(write(path, article(title=reference), head=head))
    assert "entity declarations" in message


def test_entity_bomb_in_an_attribute_is_refused(path: Path) -> None:
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    head = f'<!DOCTYPE PubmedArticleSet [<!ENTITY e0 "lol">{levels}]>'
    refusal(write(path, article('<Abstract><AbstractText Label="&e11;">x</AbstractText></Abstract>'), head=head))


def test_undeclared_entity_is_refused(path: Path) -> None:
    refusal(write(path, article(title="x &beta; y")))


def test_external_dtd_is_neither_read_nor_fetched(path: Path) -> None:
    dtd = path.with_name("p.dtd")
    dtd.write_text('<!ENTITY beta "leaked">')
    write(path, article(title="plain"), head=f'<!DOCTYPE PubmedArticleSet SYSTEM "{dtd.as_uri()}">')
    (record,) = read_pubmed_xml(path)
    assert isinstance(record, Citation)
    assert record.title == "plain"


@pytest.mark.parametrize("pmid", ["<PMID>x1</PMID>", "<PMID/>", "", "<PMID>99999999999999999999</PMID>"])
def test_record_without_numeric_pmid_is_refused(path: Path, pmid: str) -> None:
    assert "PMID" in refusal(write(path, article(pmid=pmid)))


def test_invalid_utf8_is_refused(path: Path) -> None:
    path.write_bytes(write(path, article(title="XYZ")).read_bytes().replace(b"XYZ", b"\xff\xfe"))
    refusal(path)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the resident memory from /proc")
def test_memory_does_not_grow_with_the_file(path: Path) -> None:
    """The parsed tree is freed as it is read: kept whole, it takes several times the 25 MB of this file."""

    def resident_mb() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6

    body = f"<Abstract><AbstractText>{'Some words. ' * 200}</AbstractText></Abstract>"
    write(path, *[article(body)] * 10_000)
    assert path.stat().st_size > 25e6
    before = resident_mb()
    samples = [resident_mb() for number, _ in enumerate(read_pubmed_xml(path)) if number % 500 == 0]
    assert len(samples) == 20
    assert max(samples) - before < 12
