"""What means something in each format; an input follows from a token's position, so new ones change all inputs."""

_JSON_SIGNS = tuple(rb'{ } [ ] " : , null true [] {} "x" 1e400'.split())
JSON = (
    *(*_JSON_SIGNS, *rb"-Infinity [[]] \ud800 \udc00 \u0000".split()),
    *(b'{"offset": 1}', b'"documents": [', *b'"text": "pmid": "span": -1'.split()),
)
GRAPH_JSON = (*_JSON_SIGNS, rb"\ud800", b"-1")
TASKS = (*JSON, b"\t", b"\n", *b"yes yesno B-Disease O".split(), b"<entity ", b"<pair ", b"charOffset=")

PUBMED_XML = (
    *b"<PubmedArticle> </PubmedArticle> <PMID> </PMID> <PubmedData> </PubmedData> </a>".split(),
    *(b"<AuthorList ", *b"</AuthorList> <!-- --> <![CDATA[ ]]> <? ?> &a; &#0; &#x41; &lt;".split()),
    *(b"<!DOCTYPE PubmedArticleSet [", b'<!ENTITY a "b">', b"<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;"),
    *(b"<AbstractText>", b"<Year>", b' Version="', *b"<Abstract> /> > < & '".split(), b" xmlns='x'", b"x:"),
    *(b"<i>x</i>", b"<PMID Version='3'>5</PMID>", b"<Abstract><AbstractText>x</AbstractText></Abstract>", b"<a/>"),
    *b"<DeleteCitation><PMID>4</PMID></DeleteCitation> <Article/> &amp; &#x85; &#xd800; x".split(),
    *(b"<ArticleTitle>[Not Available].</ArticleTitle>", b"<VernacularTitle>x</VernacularTitle>", b"<PubmedArticle/>"),
    b"<MedlineCitation><PMID>2</PMID></MedlineCitation>",
    b"<PubDate><MedlineDate>1998 Dec</MedlineDate></PubDate>",
    *b'encoding="utf-16" encoding="latin-1" encoding="utf-7" standalone="yes" <DeleteCitation>'.split(),
)
PUBTATOR = (
    *(b"|", b"\t", b"\n", b"\n\n", b"12|t|", b"12|a|", b"12\t", b"\t0\t5\t"),
    *(b"|t|", b"|a|", b"CID", b"-1", b"9" * 18),
)
TEXT = (b"\n\n", b"\r", b" ", b"\t", b"12|t|", b"<?xml", b"PMID- ")

CONFIG = (
    *(b"&a ", b"*a", b"<<: *a", b"<<: "),
    *(b"!!python/object/apply:os.system ['true']", b"!!python/name:os.system ", b"!!set ", b"!!binary ", b"!!omap "),
    *(b"!!pairs ", b"!!timestamp ", b"!!int ", b"!!float ", b"!!bool ", b"!!null ", b"!x ", b"? ", b": ", b"- "),
    *(*b"[ ] { }".split(), b"|\n  ", b">\n  ", b"---\n", b"...\n", b"%YAML 1.1\n", *b"# ' \"".split(), b"\t"),
    *b".nan .inf 2001-99-99 2001-01-01 190:20:30 0x_ 0o9 1e400 ~ yes @ `".split(),
    *(b"seed: ", b"\n  ", b"experiments: ", *rb'"\0" "\x" "\ud800"'.split(), b"__use_yte__: true\n", b"?x: ", b"\\"),
)
CHEMPROT = (b"\t", b"\n", *b"CPR:4 Arg1:T1 CHEMICAL GENE-Y T1".split())
IDENTIFIER_MAP = (b"\t", b"\n", b"C0000001", b"UMLS:")

_PIPES = (b"|", b"||", b"|\n", b"\n", b"\r\n", b"\r")
RRF = (
    *(*_PIPES, b"|" * 18 + b"\n", *b"C9000001 CN123456 R0000001 C999999 C99999999 D0000001 NOCODE ENG MSH".split()),
    *b"Y N 9 PF CUI,CUI MRCONSO.RRF , RELA rela_inverse isa CUI,LAT,TS META/MRREL.RRF 99999999999999999999".split(),
)
TABLE = (*_PIPES, b"\t", *b'" "" UMLS:C0011849 id #CUI| R0000001 -5 biolink:'.split())
ZIP = (
    *(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b".zip"),
    *(b"\0\0", b"\xff\xff\xff\xff", b"\x0c\0", b"\x0e\0", b"../", b"MRCONSO.RRF", b"\x01\0", b"\0\x08"),
)
OBO = (
    *(b"[Term]\n", b"[Typedef]\n", b"[", b"]", b"id: ", b"\nid:", b"xref: UMLS:C0011849\n", b'"', b"\\", b"\\n"),
    *(b"!", b" ! ", b"{", b"}", b"is_a: DOID:1115\n", b"synonym: ", b'synonym: "x" EXACT []\n', b":", b","),
    *(b"def: ", b"\n\n", b"relationship: part_of DOID:2\n", b"is_obsolete: true\n", b"property_value: "),
    *(b"format-version: 1.2\n", b'\\"'),
)
