import json
from pathlib import Path

import pytest

from bali.config import Config, load_config, options_json, section_options, section_settings
from bali.errors import ConfigError
from bali.strict import decode

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["config.yaml", "configs/ablation.yaml", "configs/open_metathesaurus.yaml"])
def test_committed_configurations_are_valid(name):
    assert load_config(ROOT / name).experiments


def test_committed_schema_is_current():
    committed = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    del committed["$schema"]
    assert committed == Config.model_json_schema()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"grap": {}}, "grap is not a key. Did you mean graph?"),
        ({"subgraphs": {"num_hop": 1}}, "subgraphs.num_hop is not a key. Did you mean subgraphs.num_hops?"),
        ({"graph": {"num_hop": 1}}, "graph.num_hop is not a key. Did you mean subgraphs.num_hops?"),
        ({"umls": {"max_srl": "0"}}, 'umls.max_srl: Input should be a valid integer, got "0".'),
        ({"umls": {"languages": 3}}, "umls.languages: Input should be a valid list, got 3."),
        ({"linking": {"similarity": "euclid"}}, "linking.similarity: Input should be 'jaccard'"),
        ({"experiments": {"a": {"graph_encodr": "gat"}}}, "Did you mean experiments.a.graph_encoder?"),
        (
            {"experiments": {"base": {}}},
            "experiments.base: a name has letters, digits, '_', '.', '-', and is none of base",
        ),
        ({"experiments": {"random": {}}}, "and is none of base, majority, random, trigrams"),
        (
            {"evaluation": {"other_models": {"bali_gat": "a/b"}}},
            "evaluation.other_models.bali_gat: a name has letters, digits, '_', '.', '-', and is none of base",
        ),
        ({"experiments": {"a": {"base_model": "x"}}}, "one run has one base model"),
        ({"evaluation": {"models": ["mlm_onl"]}}, "Did you mean mlm_only?"),
        ({"subgraphs": {"num_hops": 2}}, "fanout must have num_hops = 2 numbers, got 1"),
        ({"evaluation": {"tasks": {"pubmedqa": {"datasets": {"x": {"question": "a"}}}}}}, "Did you mean"),
    ],
)
def test_wrong_configuration_is_one_line_that_names_the_key(value, message):
    with pytest.raises(ConfigError) as caught:
        decode(Config, value, source="config.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config(tmp_path / "absent.yaml")
    (tmp_path / "broken.yaml").write_text("umls: [")
    with pytest.raises(ConfigError, match="expected YAML"):
        load_config(tmp_path / "broken.yaml")


def test_options_leave_out_locations_and_settings():
    options = section_options(Config(), ["umls", "pretraining", "compute", "seed"])
    assert "path" not in options["umls"]
    assert "base_model" not in options["pretraining"]
    assert "cpu_threads" not in options["compute"]
    assert options["pretraining"]["num_steps"] > 0
    assert section_settings(Config())["compute"] == {"cpu_threads": 1}
    assert options_json(options) == options_json(dict(reversed(options.items())))


def test_an_experiment_overrides_the_shared_section():
    config = decode(Config, {"pretraining": {"num_steps": 7}, "experiments": {"a": {"graph_encoder": "none"}}})
    assert config.experiment("a").graph_encoder == "none"
    assert config.experiment("a").num_steps == 7
