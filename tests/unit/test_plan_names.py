import os

import pytest

from bali import plan
from bali.config import Config
from bali.errors import ConfigError
from bali.strict import decode

SURVIVING = [
    "a b",
    "it's",
    'a "b"',
    "$HOME",
    "`x` $(x) ; & | > *?[]",
    "é ü 细胞",
    "two\nlines",
    " padded ",
    "a/-b",
    "<A>",
    "~",
]


@pytest.mark.parametrize("name", SURVIVING)
def test_names_that_rules_can_take(name):
    assert plan.usable([name, f"folder/{name}"], "key") == [name, f"folder/{name}"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a {shard}", "'{'"),
        ("}", "'}'"),
        ("a/<results>/b", "'<results>'"),
        ("-a", "leading '-'"),
        ("a\0b", "NUL"),
        ("caf\udce9", "UTF-8"),
    ],
)
def test_names_that_rules_cannot_take_are_one_line(name, found):
    with pytest.raises(ConfigError, match=r"^umls\.path: expected a path without") as caught:
        plan.usable(["good", name], "umls.path")
    assert found in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_folder_of_results_has_one_spelling():
    spellings = ["results", "./results", "results/", ".//results/."]
    assert {plan.results_folder(decode(Config, {"results_dir": name})) for name in spellings} == {"results"}
    assert plan.results_folder(decode(Config, {"results_dir": "/a b/"})) == "/a b"
    with pytest.raises(ConfigError, match="results_dir"):
        plan.results_folder(decode(Config, {"results_dir": "./-results"}))


def test_every_kind_of_file_is_looked_at(tmp_path):
    model = tmp_path / "{model}"
    model.mkdir()
    (model / "config.json").write_text("{}")
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "{x}.txt").write_text("")
    (tmp_path / "-shard.xml").write_text("")
    (tmp_path / "{set}.tsv").write_text("")
    ner = {"datasets": {"a": {"train": [f"{tmp_path}/{{set}}.tsv"], "test": [f"{tmp_path}/{{set}}.tsv"]}}}
    refused = [
        (plan.base_model_files, {"pretraining": {"base_model": str(model)}}, "pretraining.base_model"),
        (plan.other_model_files, {"evaluation": {"other_models": {"a": str(model)}}}, "evaluation.other_models.a"),
        (plan.ranker_files, {"linking": {"ranker": "context", "ranker_model": str(model)}}, "linking.ranker_model"),
        (plan.corpus_shards, {"corpus": {"inputs": [str(texts)]}}, "corpus.inputs"),
        (plan.corpus_shards, {"corpus": {"inputs": [f"{tmp_path}/*.xml"]}}, "corpus.inputs"),
        (plan.evaluation_files, {"evaluation": {"tasks": {"ner": ner}}}, "evaluation.tasks"),
    ]
    for function, sections, key in refused:
        with pytest.raises(ConfigError, match=f"^{key}: expected a path without"):
            function(decode(Config, sections))


def test_a_file_name_that_is_not_unicode_is_one_line(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xe9.xml", "wb"):
        pass
    with pytest.raises(ConfigError, match=r"not UTF-8, found .*\\udce9") as caught:
        plan.corpus_shards(decode(Config, {"corpus": {"inputs": [f"{tmp_path}/*.xml"]}}))
    assert str(caught.value).isprintable()


def test_templates_are_no_configuration(tmp_path):
    (tmp_path / "plain.yaml").write_text("seed: 1\n")
    (tmp_path / "template.yaml").write_text("__use_yte__: true\nseed: ?1 + 1\n")
    plan.refuse_templates([tmp_path / "plain.yaml"])
    with pytest.raises(ConfigError, match=r"template\.yaml: expected plain YAML, found __use_yte__"):
        plan.refuse_templates([tmp_path / "plain.yaml", tmp_path / "template.yaml"])
