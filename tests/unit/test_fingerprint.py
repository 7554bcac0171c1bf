import pytest

from bali import fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of a stage, a module that it imports inside a function, one named in a string, and a stranger."""
    sources = {
        "bali/__init__.py": "",
        "bali/stages/__init__.py": "",
        "bali/stages/link.py": "def run():\n    from bali.core import word\n    return word, 'bali.plugin'\n",
        "bali/core/__init__.py": "",
        "bali/core/word.py": "VALUE = 1\n",
        "bali/core/words.txt": "the",
        "bali/plugin.py": "NAME = 'a'\n",
        "bali/stranger.py": "X = 1\n",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(fingerprint, "_ROOT", tmp_path)

    def digest():
        fingerprint._read.cache_clear()
        return fingerprint.code_digest("bali.stages.link")

    yield tmp_path, digest
    fingerprint._read.cache_clear()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bali/stages/link.py", "def run():\n    from bali.core import word\n    return word, 'bali.plugin', 1\n"),
        ("bali/core/word.py", "VALUE = 2\n"),
        ("bali/core/words.txt", "the a"),
        ("bali/plugin.py", "NAME = 'b'\n"),
    ],
)
def test_code_that_the_stage_runs_counts(package, name, text):
    root, digest = package
    before = digest()
    (root / name).write_text(text)
    assert digest() != before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bali/stranger.py", "X = 2\n"),
        ("bali/core/word.py", '"""A docstring."""\n\n# a comment\nVALUE = (1)\n'),
    ],
)
def test_other_code_comments_and_layout_do_not(package, name, text):
    root, digest = package
    before = digest()
    (root / name).write_text(text)
    assert digest() == before


def test_a_module_is_parsed_once_for_all_stages(monkeypatch):
    parsed = []
    parse = fingerprint.ast.parse
    monkeypatch.setattr(fingerprint.ast, "parse", lambda text: parsed.append(text) or parse(text))
    fingerprint._read.cache_clear()
    stages = sorted(path.stem for path in (fingerprint._ROOT / "bali/stages").glob("[a-z]*.py"))
    digests = {fingerprint.code_digest(f"bali.stages.{stage}") for stage in stages if stage != "options"}
    reached = set().union(*(fingerprint._reachable(f"bali.stages.{stage}") for stage in stages))
    assert len(digests) > 20
    assert 150 < len(reached) == len(parsed)  # more than a cache of functools keeps by default
