import pytest

from bali.errors import InputError
from bali.fetching.listing import ListedFile, choose_files, parse_listing

FOLDER = "https://example.org/pubmed/baseline/"
APACHE = """<pre>Name                    Last modified      Size  <hr><a href="/pubmed/">Parent Directory</a>       -
<a href="README.txt">README.txt</a>              2026-01-08 10:00  4.8K
<a href="pubmed26n0002.xml.gz">pubmed26n0002.xml.gz</a>    2026-01-08 10:01   18M
<a href="pubmed26n0002.xml.gz.md5">pubmed26n0002.xml.gz.md5</a>    2026-01-08 10:01   60
<a href="pubmed26n0001.xml.gz">pubmed26n0001.xml.gz</a>    2026-01-08 10:00  1.5K
<a href="pubmed26n0001_stats.html">pubmed26n0001_stats.html</a>    2026-01-08 10:00  588
<hr></pre>"""
TABLE = (
    '<tr><td valign="top"><img src="x.gif" alt="[ ]"></td><td><a href="pubmed26n0001.xml.gz">pubmed26n0001.xml.gz</a>'
    '</td><td align="right">2026-01-08 10:00  </td><td align="right">1.5K</td><td>&nbsp;</td></tr>'
)
NGINX = '<a href="pubmed26n0001.xml.gz">pubmed26n0001.xml.gz</a>      08-Jan-2026 10:00         1536\r\n'
FIRST = ListedFile("pubmed26n0001.xml.gz", FOLDER, "2026-01-08 10:00", 1536)


def test_a_listing_is_read_and_sorted() -> None:
    assert parse_listing(APACHE, FOLDER) == [
        FIRST,
        ListedFile("pubmed26n0002.xml.gz", FOLDER, "2026-01-08 10:01", 18 << 20),
    ]


@pytest.mark.parametrize("html", [TABLE, NGINX])
def test_other_servers_list_otherwise(html: str) -> None:
    (file,) = parse_listing(html, FOLDER)
    assert (file.name, file.size, file.address) == (FIRST.name, 1536, FOLDER + FIRST.name)
    assert "2026" in file.date


def test_sizes_and_dates_may_be_absent() -> None:
    assert parse_listing(f'<a href="{FIRST.name}">it</a>', FOLDER) == [ListedFile(FIRST.name, FOLDER, "", None)]


@pytest.mark.parametrize(
    "href",
    [
        "../../etc/passwd",
        "pubmed26n0001.xml.gz/../../x",
        "pubmed26n0001.xml.gz%00.sh",
        "..%2fpubmed26n0001.xml.gz",
        "pubmed26n0001.xml",
        ".pubmed26n0001.xml.gz",
        "pubmed26n0001.xml.gz\n",
    ],
)
def test_names_that_are_not_nlm_s_are_passed_over(href: str) -> None:
    assert [f.name for f in parse_listing(f'<a href="{href}">x</a> 2026-01-08 10:00 3M\n{APACHE}', FOLDER)] == [
        "pubmed26n0001.xml.gz",
        "pubmed26n0002.xml.gz",
    ]
    with pytest.raises(InputError, match="found none"):
        parse_listing(f'<a href="{href}">x</a>', FOLDER)


def test_a_page_without_files_is_refused() -> None:
    with pytest.raises(InputError, match=r"baseline/: expected a listing .* --base-url"):
        parse_listing("<html>moved</html>", FOLDER)


FILES = [ListedFile(f"pubmed26n{n:04}.xml.gz", FOLDER, "", 1) for n in (1, 2, 3, 10, 1300)]


@pytest.mark.parametrize(
    ("patterns", "numbers"),
    [
        ([], [1, 2, 3, 10, 1300]),
        (["2"], [2]),
        (["2-10"], [2, 3, 10]),
        (["10-"], [10, 1300]),
        (["pubmed26n000*"], [1, 2, 3]),
        (["3", "*0001.xml.gz"], [1, 3]),
        (["0001"], [1]),
    ],
)
def test_files_are_chosen_by_number_or_name(patterns: list[str], numbers: list[int]) -> None:
    assert [int(f.name[9:13]) for f in choose_files(FILES, patterns)] == numbers


@pytest.mark.parametrize("pattern", ["4-9", "2000", "medline*", ""])
def test_a_choice_of_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(InputError, match="names none of the 5 files from pubmed26n0001"):
        choose_files(FILES, ["1", pattern])
