import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from fake_artefacts import cui, write
from fake_results import CONFIG, write_results

from bali.config import Config
from bali.errors import ArtefactError
from bali.reporting.model_card import model_card, sources_page
from bali.reporting.page import aligned_model, collect, page
from bali.reporting.results import Results
from bali.strict import decode

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Collects ids, links and headings; fails where a tag is not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.headings, self.requests = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append(int(tag[1]))
        self.requests += [v for k, v in attrs if k in {"src", "href"} and tag != "a"]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"


def fake_encoder(folder):
    """Names of one concept are near each other for a trained model, anywhere for the base."""

    def encode(names):
        rng = np.random.default_rng(len(names))
        noise = rng.normal(size=(len(names), 8))
        numbers = [int(re.search(r"\d+", name).group()) for name in names]
        return noise if folder.name == "base_model" else noise * 0.01 + np.eye(64)[numbers][:, :8]

    return encode


@pytest.fixture
def results(tmp_path):
    (tmp_path / "base_model").mkdir()
    return Results(write_results(tmp_path))


@pytest.fixture
def config():
    return decode(Config, CONFIG)


def outline(html):
    parser = Outline()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def test_page_is_one_well_formed_file_without_requests(results, config):
    html = page(collect(results, config, fake_encoder))
    found = outline(html)
    assert found.requests == ["data:,"]
    assert not re.search(r"url\(|@import|<script|https?://[^ ]*\.(js|css)", html)
    assert len(found.ids) == len(set(found.ids)) > 8
    assert all(link[1:] in found.ids for link in found.links if link.startswith("#"))
    assert found.headings.count(1) == 1
    assert found.headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(found.headings))
    assert '<html lang="en">' in html


def test_page_shows_what_the_artefacts_hold(results, config):
    html = page(collect(results, config, fake_encoder))
    assert "bali_gat: better than base on 2 of 3 main measures, worse on none" in html
    assert "mlm_only: better than base on none of 3 main measures, worse on none" in html
    assert "base is above the best of the baselines (majority, random, trigrams) on 2 of 3 main measures" in html
    for text in (
        "This is the demo",
        "What the filters of <code>umls</code> cost",
        "dropped: few names",
        "no UMLS cross-reference",
        "terms that several files have, one taken",
        "Office of &lt;demo&gt;; 1 Demo Road",
        "How the vocabularies ask to be cited",
        "may_treat",
        "Pharmacologic Substance",
        "66.7",
        "ingest",
    ):
        assert text in html, text
    assert html.count("<svg") >= 9
    assert "BioASQ: no data; see &lt;http://bioasq.org&gt;" in html


def test_text_of_the_data_is_escaped(results, config):
    html = page(collect(results, config, fake_encoder))
    assert "&lt;patients&gt; &amp; carers" in html
    assert "<patients>" not in html
    assert "<b>&" not in html


def test_same_artefacts_give_the_same_page(results, config):
    assert page(collect(results, config, fake_encoder)) == page(collect(results, config, fake_encoder))


@pytest.mark.parametrize(
    ("absent", "sentence"),
    [
        ("linking/quality.parquet", "No annotations came with this corpus"),
        ("report/metrics.parquet", "no model was evaluated"),
        ("graph/nodes.parquet", "There is no graph"),
        ("subgraphs/mention_counts.parquet", "There is no picture of the embeddings"),
        ("models/mlm_only/training_log.parquet", "Total loss"),
        ("umls/sources.parquet", "the vocabularies of this run are not known"),
    ],
)
def test_an_absent_artefact_leaves_out_its_section_with_a_sentence(results, config, absent, sentence):
    (results.root / absent).unlink()
    html = page(collect(results, config, fake_encoder))
    outline(html)
    assert sentence in html


def test_without_the_census_of_ingest_the_table_of_filters_is_left_out(results, config):
    title = "What the filters of <code>umls</code> cost"
    assert title in page(collect(results, config, fake_encoder))
    (results.root / "umls/census.json").unlink()
    html = page(collect(results, config, fake_encoder))
    outline(html)
    assert title not in html
    assert "What each stage dropped" in html


@pytest.mark.parametrize("broken", ["graph/edges.parquet", "report/metrics.parquet", "mentions/a.parquet"])
def test_a_broken_artefact_is_an_error(results, config, broken):
    (results.root / broken).write_bytes(b"garbage")
    with pytest.raises(ArtefactError, match=broken):
        collect(results, config, fake_encoder)


def test_a_census_with_other_content_is_an_error(results, config):
    (results.root / "umls/census.json").write_text('{"stage": "ingest"}')
    with pytest.raises(ArtefactError, match="expected the census"):
        collect(results, config, fake_encoder)


def test_aligned_model_is_the_first_experiment_with_a_graph():
    experiments = {"control": {"graph_encoder": "none"}, "names": {"graph_encoder": "names_only"}}
    assert aligned_model(decode(Config, {"experiments": experiments})) == "names"
    experiments |= {"sage": {"graph_encoder": "sage"}, "gat": {}}
    assert aligned_model(decode(Config, {"experiments": experiments})) == "sage"


def test_model_card_says_what_the_model_is_and_how_it_did(results, config):
    report = collect(results, config, fake_encoder)
    card = model_card("bali_gat", config, report.table, report.licences)
    assert "| **entity linking, ncbi disease (Acc@1, mean)** | all | 70.0 [67.0, 73.0] | 50.0 | ▲ +20.0 |" in card
    assert "aligned with the knowledge graph" in card
    assert "graph_encoder: gat" in card
    control = model_card("mlm_only", config, report.table, report.licences)
    assert "without the graph" in control
    assert "aligned with the knowledge graph" not in control


def test_sources_lists_kept_vocabularies_and_marks_restricted_ones(results):
    config = decode(Config, {**CONFIG, "umls": {"release": "2026AA", "max_srl": 3}})
    open_page = sources_page(collect(results, config, fake_encoder).licences)
    assert "| MSH | MeSH \\| demo | 2026 | 0 | Office of <demo>; 1 Demo Road; a\\|b | 200 | 80 |" in open_page
    assert "- MSH: Demo Headings. Somewhere: Demo Press; 2026.\n" in open_page
    assert "OTHER" not in open_page
    assert "⚠" not in open_page
    assert "Some material in the UMLS Metathesaurus is from copyrighted sources" in open_page
    row = {"sab": "SNO", "name": "S", "version": "1", "srl": 3, "licence": "", "citation": ""}
    row |= {"num_names": 5, "num_relations": 0}
    write(results.root, "umls/sources.parquet", "sources", [row], "2026AA", levels=(0, 3))
    report = collect(results, config, fake_encoder)
    restricted = sources_page(report.licences)
    assert "| SNO | S | 1 | 3 ⚠ internal research" in restricted
    assert "ask to be cited" not in restricted
    assert "Restricted vocabularies are present" in restricted
    assert "Restricted vocabularies are present" in page(report)
    assert "levels 0, 3" in model_card("bali_gat", config, report.table, report.licences)


def test_figure_has_a_concept_per_semantic_type_and_measures_the_alignment(results, config):
    report = collect(results, config, fake_encoder)
    assert [concept.cui for concept in report.concepts] == [cui(i) for i in range(4)]
    before, after = report.panels
    assert after.neighbour == 1.0 > before.neighbour
    assert after.within > after.between
