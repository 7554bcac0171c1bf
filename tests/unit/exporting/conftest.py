"""A corpus of two shards, written once."""

from pathlib import Path

import pytest

from tests.unit.exporting.fixtures import FIRST, SECOND, THIRD, write_shard, write_sources


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    write_shard(root, "a", [FIRST, SECOND])
    write_shard(root, "b", [THIRD])
    write_sources(root / "umls")
    return root
