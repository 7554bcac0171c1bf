"""Configurations that would take the memory, run code or lose a key, and texts that must not reach the terminal."""

import datetime
from pathlib import Path

import pytest

from bali.config import Config, load_config
from bali.errors import BaliError, ConfigError
from bali.strict import decode

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return load_config(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "values that are written"),
        (MERGES, "values that are written"),
        ("a: &a [*a]", "nested at most 20 deep"),
        ("a: &a {b: *a}", "nested at most 20 deep"),
        ("[" * 5000, "nested deeper than 20"),
        ("a: " + "[" * 30 + "]" * 30, "nested at most 20 deep"),
        ("seed: 1\nseed: 2", "each key once, got 'seed' twice"),
        ("umls: {path: a, path: b}", "each key once, got 'path' twice"),
        ("umls: {release: 2001-99-99}", "a date in quotes"),
        ("umls: {release: 2026-01-01}", "a date in quotes"),
        ("2026-01-01: x", "a date in quotes"),
        ("seed: !!python/object/apply:os.system ['true']", "expected a plain value, got the tag"),
        ("seed: !!python/name:os.system ''", "expected a plain value, got the tag"),
        ("seed: !!binary x", "expected a plain value, got the tag"),
        ("seed: !!set {x}", "expected a plain value, got the tag"),
        ("seed: 0b_", "a value of the kind int"),
        ("seed: !!int ''", "a value of the kind int"),
        ("seed: !!bool x", "a value of the kind bool"),
        ("seed: !!float x", "a value of the kind float"),
        (f"seed: {'9' * 5000}", "a value of the kind int"),
        (f"seed: {10**19}", "at most 64 bits"),
        ("linking: {threshold: .nan}", "finite numbers"),
        ("linking: {threshold: .inf}", "finite numbers"),
        ('results_dir: "a\\0b"', "without the character 0"),
        ('results_dir: "\\ud800"', "half surrogate pairs"),
        ('experiments: {"\\ud800": {}}', "half surrogate pairs"),
        ("str: 1", "str is not a key"),
        ("umls: {int: 1}", "umls.int is not a key"),
        ('"a\\nb": 1', "is not a key"),
        ("1: 2", "expected"),
        ("{[a]: b}", "expected YAML"),
        ("a: b: c", "expected YAML"),
    ],
)
def test_what_no_configuration_holds_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value) or message == "expected"
    assert len(str(caught.value).splitlines()) == 1
    assert str(tmp_path) in str(caught.value)


def test_aliases_and_merged_keys_are_of_use(tmp_path: Path) -> None:
    text = "linking: {stop_terms: &terms [a, b], source_rank: *terms}\nexperiments:\n  one: &one {num_steps: 3}\n"
    found = load(tmp_path, text + "  two: {<<: *one, temperature: 0.1}\n")
    assert found.linking.source_rank == ["a", "b"]
    assert found.experiment("two").num_steps == 3
    assert found.experiment("one").temperature != found.experiment("two").temperature


def test_values_from_elsewhere_are_checked_as_well() -> None:
    """Snakemake decodes the file itself and hands over what it found."""
    circle: list[object] = []
    circle.append(circle)
    laugh: list[object] = []
    for _ in range(15):
        laugh = [laugh] * 20
    for value in ({"seed": circle}, {"seed": laugh}, {"seed": 1 << 63}, {"umls": {"path": "\0"}}):
        with pytest.raises(ConfigError, match="configuration: expected"):
            decode(Config, value)
    with pytest.raises(ConfigError, match="seed: Input should be a valid integer"):
        decode(Config, {"seed": {datetime.date(2026, 1, 1): 1}})


def test_a_message_is_one_printable_line() -> None:
    assert str(BaliError("a.txt line 3: expected x, got \x1b[2J\n\u202e\ud800 é.")) == (
        "a.txt line 3: expected x, got \\x1b[2J\\n\\u202e\\ud800 é."
    )
    assert len(str(BaliError("x" * 100_000))) < 5000
