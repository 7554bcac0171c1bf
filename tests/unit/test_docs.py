import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_artefacts_is_current():
    spec = importlib.util.spec_from_file_location("write_artefacts", ROOT / "docs/write_artefacts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs/artefacts.md").read_text(encoding="utf-8") == module.page()
