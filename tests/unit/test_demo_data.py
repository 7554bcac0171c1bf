"""The embedded demo data: it is what its script writes, and it is what its README promises."""

import gzip
import json
import os
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

DEMO_DIR = Path(__file__).resolve().parents[2] / "resources" / "demo"
NUM_COLUMNS = {"MRCONSO": 18, "MRREL": 16, "MRSTY": 6, "MRSAB": 25, "MRCUI": 7, "MRFILES": 6}
CORPUS_FILES = ("demo26n0001.xml", "demo26n0002.xml", "demo26n0003.xml.gz")
QUESTION_KEYS = {
    "QUESTION",
    "CONTEXTS",
    "LABELS",
    "MESHES",
    "YEAR",
    "reasoning_required_pred",
    "reasoning_free_pred",
    "final_decision",
    "LONG_ANSWER",
}


def read_rrf(name):
    lines = (DEMO_DIR / "umls" / f"{name}.RRF").read_bytes().decode().split("\n")
    assert lines.pop() == "", "the last line ends with a newline"
    assert lines
    assert all(line.endswith("|") for line in lines)
    return [line[:-1].split("|") for line in lines]


def read_corpus(name):
    data = (DEMO_DIR / "pubmed" / name).read_bytes()
    return etree.fromstring(gzip.decompress(data) if name.endswith(".gz") else data)


def read_pubtator(part):
    """PMID -> (title, abstract, mentions)."""
    documents = {}
    for block in (DEMO_DIR / "evaluation" / f"linking_{part}.pubtator").read_text(encoding="utf-8").split("\n\n"):
        if block.strip():
            title, abstract, *mentions = block.strip("\n").split("\n")
            pmid, kind, title = title.split("|", 2)
            assert kind == "t"
            assert abstract.startswith(f"{pmid}|a|")
            documents[int(pmid)] = (title, abstract.split("|", 2)[2], [line.split("\t") for line in mentions])
    return documents


@pytest.fixture(scope="module")
def names():
    return read_rrf("MRCONSO")


@pytest.fixture(scope="module")
def corpus():
    return {name: read_corpus(name) for name in CORPUS_FILES}


@pytest.fixture(scope="module")
def corpus_pmids(corpus):
    return {int(pmid.text) for tree in corpus.values() for pmid in tree.iter("PMID")}


def test_script_writes_the_committed_bytes(tmp_path):
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONDONTWRITEBYTECODE": "1"}
    (tmp_path / "README.md").write_text((DEMO_DIR / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, str(DEMO_DIR / "make_demo_data.py"), "--output-dir", str(tmp_path)]
    subprocess.run(command, check=True, env=environment)
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(written) == 21
    for path in written:
        found, committed = (tmp_path / path).read_bytes(), (DEMO_DIR / path).read_bytes()
        if path.suffix == ".gz":  # builds of zlib may compress differently
            found, committed = gzip.decompress(found), gzip.decompress(committed)
        assert found == committed, f"{path} differs; run make_demo_data.py"


def test_whole_data_is_small():
    files = [path for path in DEMO_DIR.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert files
    assert sum(path.stat().st_size for path in files) < 3_000_000


@pytest.mark.parametrize("name", sorted(NUM_COLUMNS))
def test_rrf_columns(name):
    assert {len(row) for row in read_rrf(name)} == {NUM_COLUMNS[name]}


def test_mrfiles_tells_the_truth():
    rows = read_rrf("MRFILES")
    assert {row[0] for row in rows} == {path.name for path in (DEMO_DIR / "umls").iterdir()}
    for name, _, columns, num_columns, num_rows, num_bytes in rows:
        data = (DEMO_DIR / "umls" / name).read_bytes()
        assert (int(num_rows), int(num_bytes)) == (data.count(b"\n"), len(data))
        assert int(num_columns) == len(columns.split(",")) == NUM_COLUMNS[name.removesuffix(".RRF")]


def test_minima_of_the_metathesaurus(names):
    default = [row for row in names if row[1] == "ENG" and row[15] == "0" and row[16] == "N"]
    assert len({row[0] for row in default}) >= 300
    assert len({(row[0], row[14].lower()) for row in default}) >= 1000
    assert len({row[1] for row in read_rrf("MRSTY")}) >= 10
    assert len(read_rrf("MRREL")) >= 900


def test_cuis_lie_outside_the_assigned_range(names):
    cuis = {row[0] for row in names}
    assert cuis
    assert all(re.fullmatch(r"C99\d{5}", cuis_of) for cuis_of in cuis)


def test_each_concept_has_one_preferred_english_name(names):
    preferred = Counter(row[0] for row in names if row[1] == "ENG" and (row[2], row[4], row[6]) == ("P", "PF", "Y"))
    assert set(preferred) == {row[0] for row in names}
    assert set(preferred.values()) == {1}
    assert len({row[7] for row in names}) == len(names)


def test_oddities_that_a_reader_must_survive(names):
    strings = {row[14] for row in names}
    assert {"NA", "null", "none", "None", "TNF-α", "β-blocker", "\"miner's lung", "islets (Langerhans)"} <= strings
    assert {"ENG", "SPA", "GER", "FRE"} == {row[1] for row in names}
    assert {"N", "O", "E", "Y"} == {row[16] for row in names}
    assert {"0", "3", "9"} == {row[15] for row in names}
    concepts_of = {}
    for row in names:
        concepts_of.setdefault(row[14].lower(), set()).add(row[0])
    assert {name for name, cuis in concepts_of.items() if len(cuis) > 1} >= {"ms", "ra", "cold"}
    cuis = {row[0] for row in names}
    assert len(cuis - {row[0] for row in read_rrf("MRSTY")}) == 1
    assert {cui for row in read_rrf("MRREL") for cui in (row[0], row[4])} - cuis == {"C9999901"}


def test_sources_give_the_levels_of_their_names(names):
    levels = {row[3]: row[13] for row in read_rrf("MRSAB")}
    assert {(row[11], row[15]) for row in names} == set(levels.items())
    assert {row[10] for row in read_rrf("MRREL")} <= set(levels)


def test_every_licence_free_relation_has_its_inverse():
    labels = {}
    for line in (DEMO_DIR / "source" / "relation_labels.tsv").read_text(encoding="utf-8").splitlines():
        rela, inverse, _, _ = line.split("\t")
        labels |= {rela: inverse, inverse: rela}
    rows = {(r[0], r[7], r[4]) for r in read_rrf("MRREL") if r[7] in labels and r[14] == "N" and "DEMO_" in r[10]}
    rows = {row for row in rows if "C9999901" not in row}
    one_way = [(a, rela, b) for a, rela, b in sorted(rows) if (b, labels[rela], a) not in rows]
    assert len(rows) > 2000
    assert len(one_way) <= 5  # those of the restricted sources, given without inverse


def test_retired_cuis_point_to_living_ones(names):
    rows = read_rrf("MRCUI")
    cuis = {row[0] for row in names}
    assert {row[2] for row in rows} >= {"DEL", "SY", "RO"}
    assert not cuis & {row[0] for row in rows}
    assert all((row[5] == "") == (row[2] == "DEL") for row in rows)
    assert {row[5] for row in rows} - {""} <= cuis


def test_corpus_has_what_real_files_have(corpus):
    records = [record for tree in corpus.values() for record in tree.iter("PubmedArticle")]
    abstracts = [record for record in records if record.find(".//Abstract") is not None]
    assert len({record.findtext(".//PMID") for record in abstracts}) >= 200
    assert len(abstracts) < len(records)
    versions = Counter(record.findtext(".//PMID") for record in corpus["demo26n0001.xml"].iter("PubmedArticle"))
    assert max(versions.values()) == 2
    for path in ("AbstractText[@Label]", "AbstractText/i", "AbstractText/sub", "AbstractText/sup", "MedlineDate"):
        assert any(record.find(f".//{path}") is not None for record in records), path
    for path in ("VernacularTitle", "OtherAbstract", "MeshHeading"):
        assert any(record.find(f".//{path}") is not None for record in records), path
    assert {record.findtext(".//Journal/Title") for record in records} == {"Synthetic Demonstration Journal"}
    deleted = {pmid.text for pmid in corpus["demo26n0002.xml"].find("DeleteCitation")}
    assert (
        len(deleted & {record.findtext(".//PMID") for record in corpus["demo26n0001.xml"].iter("PubmedArticle")}) == 1
    )


def test_most_concepts_occur_in_the_corpus_under_several_names(corpus, names):
    texts = [" ".join(e.itertext()).lower() for t in corpus.values() for e in t.iter("ArticleTitle", "AbstractText")]
    words = " " + re.sub(r"[^\w+/-]+", " ", " ".join(texts)) + " "
    names_of = {}
    for row in names:
        if (row[1], row[15], row[16]) == ("ENG", "0", "N"):
            names_of.setdefault(row[0], set()).add(row[14].lower())
    used = Counter({cui: sum(f" {name} " in words for name in own) for cui, own in names_of.items()})
    assert sum(count >= 2 for count in used.values()) > 0.8 * len(names_of)


@pytest.mark.parametrize("part", ["train", "test"])
def test_linking_offsets_and_gold(part, names, corpus_pmids):
    cuis = {row[0] for row in names}
    documents = read_pubtator(part)
    assert documents
    assert not corpus_pmids & set(documents)
    for pmid, (title, abstract, mentions) in documents.items():
        assert mentions
        text = f"{title}\n{abstract}"
        for mention_pmid, start, end, surface, tui, cui in mentions:
            assert int(mention_pmid) == pmid
            assert text[int(start) : int(end)] == surface
            assert re.fullmatch(r"T\d{3}", tui)
            assert cui in cuis


def test_linking_test_is_hard_enough(names):
    listed = {row[14].lower() for row in names}
    mentions = [m for _, _, found in read_pubtator("test").values() for m in found]
    distinct = {m[3].lower() for m in mentions}
    assert len(read_pubtator("test")) >= 120
    assert len(distinct) >= 450
    assert len({m[5] for m in mentions}) >= 250
    assert 0.55 <= len(distinct - listed) / len(distinct) <= 0.7


def test_evaluation_sentences_are_not_in_the_corpus(corpus):
    texts = ["".join(e.itertext()) for t in corpus.values() for e in t.iter("ArticleTitle", "AbstractText")]
    seen = {sentence for text in texts for sentence in re.split(r"(?<=[.?!]) ", text)}
    assert len(seen) > 2000
    shown = [s for t, a, _ in read_pubtator("test").values() for s in [t, *re.split(r"(?<=[.?!]) ", a)]]
    assert shown
    assert not seen & set(shown)


def test_questions_have_the_format_of_pubmedqa(corpus_pmids):
    folder = DEMO_DIR / "evaluation" / "pubmedqa"
    questions = json.loads((folder / "ori_pqal.json").read_text(encoding="utf-8"))
    truth = json.loads((folder / "test_ground_truth.json").read_text(encoding="utf-8"))
    assert len(questions) >= 200
    assert len(truth) == 100
    assert not corpus_pmids & {int(pmid) for pmid in questions}
    assert {pmid: questions[pmid]["final_decision"] for pmid in truth} == truth
    for question in questions.values():
        assert set(question) == QUESTION_KEYS
        assert len(question["CONTEXTS"]) == len(question["LABELS"])
    assert {"yes", "no", "maybe"} == set(truth.values())


def test_relation_sentences_mark_two_entities():
    parts = {}
    for part in ("train", "dev", "test"):
        lines = (DEMO_DIR / "evaluation" / "relations" / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        parts[part] = [json.loads(line) for line in lines]
    rows = [row for part in parts.values() for row in part]
    assert len(rows) >= 150
    assert len({row["text"] for row in rows}) == len(rows)
    assert all(set(row) == {"text", "label", "metadata"} for row in rows)
    assert all(row["text"].count("<< ") == row["text"].count("[[ ") == 1 for row in rows)
    assert all({row["label"] for row in part} == {row["label"] for row in rows} for part in parts.values())


def test_tagged_sentences_have_both_types_and_no_sentence_twice():
    parts = {}
    for part in ("train", "devel", "test"):
        text = (DEMO_DIR / "evaluation" / "tagging" / f"{part}.tsv").read_text(encoding="utf-8")
        parts[part] = [[line.split("\t") for line in block.split("\n") if line] for block in text.split("\n\n")]
    assert {part: len(sentences) for part, sentences in parts.items()} == {"train": 240, "devel": 60, "test": 120}
    for sentences in parts.values():
        tags = [tag for sentence in sentences for _, tag in sentence]
        assert set(tags) == {"O", "B-Disease", "I-Disease", "B-Chemical", "I-Chemical"}
        assert all(before[2:] == tag[2:] for before, tag in pairwise(["O", *tags]) if tag.startswith("I-"))
    written = [" ".join(word for word, _ in sentence) for sentences in parts.values() for sentence in sentences]
    assert len(set(written)) > 0.95 * len(written)


def test_rated_pairs_have_each_rating_equally_often():
    lines = (DEMO_DIR / "evaluation" / "similarity.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    assert Counter(rating for _, _, rating in rows) == {"1": 30, "2": 30, "3": 30, "4": 30}
    assert all(first.lower() != second.lower() for first, second, _ in rows)
