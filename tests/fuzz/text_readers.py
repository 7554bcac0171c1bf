"""Targets: corpora in all formats, the configuration, evaluation sets, identifier maps, what stages wrote as JSON."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bali.config import load_config, options_json, section_options
from bali.evaluation.identifiers import _read_map
from bali.io.census import Census
from bali.linking.index_files import verify_index
from bali.pubmed.parsing import parse_file
from bali.pubmed.pubtator import read_relations
from bali.pubmed.xml_blocks import record_blocks
from bali.tasks import TASKS
from bali.vocabulary import CorpusFormat
from tests.fuzz.reader import Reader, seeds_of
from tests.unit.pubmed import test_bioc_json, test_pubmed_xml, test_pubtator

_TASK_DATA = Path(__file__).parents[1] / "unit/tasks/data"
_JSON_TOKENS = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'"x"',
        b"1e400",
        b"-Infinity",
        b"[[]]",
    ),
    *(
        b"\\ud800",
        b"\\udc00",
        b"\\u0000",
        b'{"offset": 1}',
        b'"documents": [',
        b'"text":',
        b'"pmid":',
        b'"span":',
        b"-1",
    ),
)


def _corpus(corpus_format: CorpusFormat, seeds: Mapping[str, Any], tokens: tuple[bytes, ...]) -> Reader:
    def read(path: Path, _: Path) -> int:
        """Documents, also as tables, with the format given and detected."""
        census = Census("fuzz")
        num_rows = sum(t.num_rows for piece in parse_file(path, corpus_format, census) for t in piece.tables())
        for name, tally in census.tables.items():
            tally.check(name)
        if corpus_format == "pubtator":
            num_rows += len(list(read_relations(path)))
        return num_rows + sum(1 for piece in parse_file(path, "auto", Census("fuzz")) for _ in piece.documents)

    return Reader(seeds_of(seeds), tokens, read)


def pubmed_xml() -> Reader:
    """PubMed XML."""
    article, head = test_pubmed_xml.article, test_pubmed_xml.HEAD
    formula = (
        "<m:math xmlns:m='http://www.w3.org/1998/Math/MathML'><m:mi>x</m:mi><m:annotation>y</m:annotation></m:math>"
    )
    authors = "<AuthorList CompleteYN='Y'><Author><LastName>X</LastName></Author></AuthorList>"
    rich = article(
        f"<Abstract><AbstractText Label='AIM'>A <i>b</i> &lt; {formula}.</AbstractText></Abstract>{authors}",
        rest="<MeshHeadingList><MeshHeading><DescriptorName UI='D1'>x</DescriptorName></MeshHeading></MeshHeadingList>"
        "<OtherAbstract><AbstractText>Autre.</AbstractText></OtherAbstract>",
    )
    deletion = "<DeleteCitation><PMID Version='1'>7</PMID></DeleteCitation>"
    book = "<PubmedBookArticle><BookDocument/></PubmedBookArticle>"
    root, second = "PubmedArticleSet", article(pmid="<PMID Version='2'>1</PMID>")
    entity = article("<Abstract><AbstractText>&a;</AbstractText></Abstract>")
    seeds = [
        f"{head}<{root}>{rich}\n{second}{deletion}</{root}>",
        f"{head}<{root}>\n{article()}<!-- a comment -->{book}{rich}</{root}>",
        f"<MedlineCitationSet><MedlineCitation><PMID>3</PMID></MedlineCitation>{deletion}</MedlineCitationSet>",
        f"<!DOCTYPE {root} [<!ENTITY a 'b'>]><{root}>{entity}</{root}>",
    ]
    tokens = (
        *(b"<PubmedArticle>", b"</PubmedArticle>", b"<PMID>", b"</PMID>", b"<PubmedData>", b"</PubmedData>", b"</a>"),
        *(
            b"<AuthorList ",
            b"</AuthorList>",
            b"<!--",
            b"-->",
            b"<![CDATA[",
            b"]]>",
            b"<?",
            b"?>",
            b"&a;",
            b"&#0;",
            b"&#x41;",
        ),
        *(
            b"&lt;",
            b"<!DOCTYPE PubmedArticleSet [",
            b'<!ENTITY a "b">',
            b"<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;",
        ),
        *(
            b"<AbstractText>",
            b"<Year>",
            b' Version="',
            b"<Abstract>",
            b"/>",
            b">",
            b"<",
            b"&",
            b"'",
            b" xmlns='x'",
            b"x:",
        ),
        *(b"<i>x</i>", b"<PMID Version='3'>5</PMID>", b"<Abstract><AbstractText>x</AbstractText></Abstract>", b"<a/>"),
        *(b"<DeleteCitation><PMID>4</PMID></DeleteCitation>", b"<Article/>", b"&amp;", b"&#x85;", b"&#xd800;", b"x"),
        *(
            b"<ArticleTitle>[Not Available].</ArticleTitle>",
            b"<VernacularTitle>x</VernacularTitle>",
            b"<PubmedArticle/>",
        ),
        *(
            b"<MedlineCitation><PMID>2</PMID></MedlineCitation>",
            b"<PubDate><MedlineDate>1998 Dec</MedlineDate></PubDate>",
        ),
        *(b'encoding="utf-16"', b'encoding="latin-1"', b'encoding="utf-7"', b'standalone="yes"', b"<DeleteCitation>"),
    )
    return _corpus("pubmed_xml", {"shard.xml": seeds}, tokens)


def xml_blocks() -> Reader:
    """The cutting of PubMed XML alone: without unread parts all bytes are passed on."""
    reader = pubmed_xml()

    def read(path: Path, _: Path) -> int:
        """Bytes that are left; all where the file has none of the unread parts."""
        content = path.read_bytes()
        with path.open("rb") as stream:
            left = b"".join(record_blocks(stream))
        assert left == content or b"<PubmedData>" in content or b"<AuthorList " in content
        assert left.count(b"\n") == content.count(b"\n")
        return len(left)

    return Reader(reader.seeds, reader.tokens, read)


def pubtator() -> Reader:
    """PubTator."""
    seeds = [
        test_pubtator.TEXT
        + "12\t26\t31\tfever\tDisease\tMESH:D005334\n12\tCID\tD1\tD2\n\n13|t|T\n13|a|A b.\n13\t0\t1\tT\tX\n",
        "1|t|A\n1|a|\n\n2|a|No title.\n2|t|Title|t|x\n2\t0\t5\tTitle\tGene\t1;2\n",
    ]
    tokens = (
        b"|",
        b"\t",
        b"\n",
        b"\n\n",
        b"12|t|",
        b"12|a|",
        b"12\t",
        b"\t0\t5\t",
        b"|t|",
        b"|a|",
        b"CID",
        b"-1",
        b"9" * 18,
    )
    return _corpus("pubtator", {"a.pubtator": seeds}, tokens)


def bioc_json() -> Reader:
    """BioC JSON."""
    p, a = test_bioc_json.passage, test_bioc_json.annotation
    sentences = {**p("abstract", 3, ""), "sentences": [{"offset": 5, "text": "A b.", "annotations": [a(5, 1, "A")]}]}
    full = {
        "id": "7",
        "passages": [p("front", 0, "T", section_type="TITLE"), sentences, p("ref", 20, "R", section_type="REF")],
    }
    article = test_bioc_json.ARTICLE
    values = [article, [article, full], {"PubTator3": [article]}, {"source": "x", "documents": [full, article]}]
    seeds = [
        *map(json.dumps, values),
        "\n".join(map(json.dumps, (article, full))),
        json.dumps(full, ensure_ascii=False),
    ]
    return _corpus("bioc_json", {"c.json": seeds}, _JSON_TOKENS)


def jsonl() -> Reader:
    """Documents in JSON lines, BERN2's too."""
    abstract = [{"label": "METHODS", "text": "Rats."}, {"text": "Fine."}]
    annotation = {"start": 11, "end": 16, "surface": "burns", "type": "T184", "identifier": "C1|C2"}
    bern2 = {
        "span": {"begin": 0, "end": 5},
        "mention": "Fever",
        "obj": "disease",
        "id": ["mesh:D005334", "x"],
        "prob": 0.9,
    }
    documents = [
        {"pmid": "12", "title": "Fever.", "abstract": "It  burns.", "year": "2001", "annotations": [annotation]},
        {"pmid": 1, "title": "T", "abstract": abstract, "mesh_headings": ["D005334"], "year": 1999},
        {"id": "note-7", "text": "Fever \U0001f9ec.", "annotations": [bern2]},
    ]
    seeds = ["\n".join(map(json.dumps, documents)), json.dumps(documents), *map(json.dumps, documents)]
    return _corpus("jsonl", {"notes.jsonl": seeds}, _JSON_TOKENS)


def text() -> Reader:
    """Plain text."""
    seeds = ["Fever.\n\nIt burns.\r\n \r\nTwice.\n", "One \u2028 paragraph"]
    return _corpus("text", {"note.txt": seeds}, (b"\n\n", b"\r", b" ", b"\t", b"12|t|", b"<?xml", b"PMID- "))


def config() -> Reader:
    """The configuration file."""
    seeds = [
        "umls:\n  path: x\n  languages: [ENG]\n  max_srl: 3\ngraph: {max_degree: 5}\nseed: 3\n",
        "umls: {languages: &a [ENG], sources: *a}\nsubgraphs:\n  num_hops: 2\n  fanout: [3, -1]\n<<: {seed: 4}\n",
        "experiments:\n  one: {graph_encoder: none}\n  two: {temperature: 0.1}\npretraining: {num_steps: 10}\n",
        "corpus:\n  inputs: ['*.xml']\n  held_out_pmids: [1]\nlinking: {threshold: 0.8, stop_terms: ['no', x]}\n",
        "evaluation:\n  tasks:\n    pubmedqa:\n      datasets: {x: {questions: a, test_ids: b}}\n  models: [base]\n",
    ]
    tokens = (
        *(
            b"&a ",
            b"*a",
            b"<<: *a",
            b"<<: ",
            b"!!python/object/apply:os.system ['true']",
            b"!!python/name:os.system ",
            b"!!set ",
        ),
        *(
            b"!!binary ",
            b"!!omap ",
            b"!!pairs ",
            b"!!timestamp ",
            b"!!int ",
            b"!!float ",
            b"!!bool ",
            b"!!null ",
            b"!x ",
            b"? ",
        ),
        *(
            b": ",
            b"- ",
            b"[",
            b"]",
            b"{",
            b"}",
            b"|\n  ",
            b">\n  ",
            b"---\n",
            b"...\n",
            b"%YAML 1.1\n",
            b"#",
            b"'",
            b'"',
            b"\t",
        ),
        *(
            b".nan",
            b".inf",
            b"2001-99-99",
            b"2001-01-01",
            b"190:20:30",
            b"0x_",
            b"0o9",
            b"1e400",
            b"~",
            b"yes",
            b"@",
            b"`",
        ),
        *(
            b"seed: ",
            b"\n  ",
            b"experiments: ",
            b'"\\0"',
            b'"\\x"',
            b'"\\ud800"',
            b"__use_yte__: true\n",
            b"?x: ",
            b"\\",
        ),
    )

    def read(path: Path, _: Path) -> int:
        """The checked configuration, also as options."""
        found = load_config(path)
        return len(options_json(section_options(found, sorted(type(found).model_fields))))

    return Reader(seeds_of({"config.yaml": seeds}), tokens, read)


_TASK_FILES = {
    "bioasq": ("bioasq_training.json", "bioasq_golden.json"),
    "medqa": ("medqa_test.jsonl", "agents_test.jsonl"),
    "medmcqa": ("medmcqa_dev.json", "medmcqa_from_zero.json"),
    "chemprot": ("chemprot_blurb.tsv", "chemprot_scibert.txt"),
    "ddi": ("ddi/DrugBank/Alpha_ddi.xml", "ddi/MedLine/100.xml", "ddi_blurb.tsv"),
    "gad": ("gad_test.tsv", "gad_train.tsv"),
    "ner": ("ner_bioes.tsv", "ner_iob1.txt", "ner_iob2.tsv", "ner_untyped.tsv"),
    "similarity": ("umnsrs.csv", "mayosrs.csv", "biosses.tsv", "biosses_raters.tsv"),
}
_TASK_TOKENS = (
    *_JSON_TOKENS,
    b"\t",
    b"\n",
    b"yes",
    b"yesno",
    b"B-Disease",
    b"O",
    b"<entity ",
    b"<pair ",
    b"charOffset=",
)


def evaluation_sets() -> Reader:
    """Evaluation sets of every task that reads a file, told by the file's name."""
    seeds = {
        f"{task}-{number}{Path(name).suffix}": [(_TASK_DATA / name).read_bytes()]
        for task, names in _TASK_FILES.items()
        for number, name in enumerate(names)
    }
    seeds["entity_linking-0.concept"] = [b"1||0|5||Disease||fever|ache||D1|D2\n1||7|9||Disease||x||D3\n"]
    seeds["pubmedqa-0.json"] = [
        json.dumps(
            {str(n): {"QUESTION": "Q?", "CONTEXTS": ["A.", "B."], "final_decision": "yes"} for n in (1, 2)}
        ).encode()
    ]
    return Reader(seeds, _TASK_TOKENS, _read_set)


def _read_set(path: Path, folder: Path) -> int:
    task = TASKS[path.name.partition("-")[0]]
    model = task.section.model_fields["datasets"].annotation.__args__[1]
    if task.name == "pubmedqa":
        truth = folder.parent / "truth.json"
        truth.write_text('{"1": "yes"}')
        dataset = model(questions=str(path), test_ids=str(truth))
    else:
        dataset = model(**{"pairs" if task.name == "similarity" else "test": [str(path)]})
    return len(list(task.texts(dataset)))


def chemprot_corpus() -> Reader:
    """The folder of three tables that BioCreative released."""
    folder = _TASK_DATA / "chemprot_training"
    seeds = {path.name: [path.read_bytes()] for path in sorted(folder.iterdir())}

    def read(_: Path, folder: Path) -> int:
        """The marked pairs."""
        task = TASKS["chemprot"]
        model = task.section.model_fields["datasets"].annotation.__args__[1]
        return len(list(task.texts(model(test=[str(folder)]))))

    return Reader(seeds, (b"\t", b"\n", b"CPR:4", b"Arg1:T1", b"CHEMICAL", b"GENE-Y", b"T1"), read, whole=True)


def identifier_map() -> Reader:
    """The map of identifiers to concepts."""
    seeds = {
        "map.tsv": [b"id\tcui\nMESH:D1\tC0000001\nOMIM:1\tC0000002\tx\n"],
        "map.tsv.gz": [gzip.compress(b"a\tC0000001\n", mtime=0)],
    }
    return Reader(seeds, (b"\t", b"\n", b"C0000001", b"UMLS:"), lambda path, _: len(list(_read_map(path))))


def artefact_json() -> Reader:
    """What stages wrote as JSON: the census, the manifests of vectors and of the linker's index."""
    from bali.evaluation import dictionary_vectors  # noqa: PLC0415  # loads torch

    vectors = dictionary_vectors.Manifest(dictionary_vectors._FORMAT_VERSION, 1, 2, 25, "float32", "x", {"a": "b"})
    rows = {"rows_in": 3, "rows_out": 2, "dropped": {"a reason": 1}}
    seeds = {
        "census.json": json.dumps({"stage": "s", "tables": {"t": rows}, "notes": {"n": 1}}),
        "vectors.json": json.dumps(asdict(vectors)),
        "manifest.json": json.dumps(
            {"backend": "fast 1", "inputs": {}, "lowercase": True, "normalize_unicode": False, "files": {}}
        ),
    }
    readers = {
        "census.json": lambda path: len(Census.read(path).tables),
        "vectors.json": lambda path: len(str(dictionary_vectors._read_manifest(path.parent))),
        "manifest.json": lambda path: len(verify_index(path.parent, "fast").files),
    }
    return Reader(seeds_of(seeds), _JSON_TOKENS, lambda path, _: readers[path.name](path))
