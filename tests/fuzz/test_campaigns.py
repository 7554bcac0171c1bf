"""A short campaign against every reader: what `make test-fuzz` runs in full."""

import os
from pathlib import Path

import pytest

from tests.fuzz.campaign import ISSUE, OTHERS, Outcome, run_campaign

NUM_INPUTS = int(os.environ.get("BALI_FUZZ_INPUTS", "1000"))

pytestmark = pytest.mark.fuzz


@pytest.mark.parametrize("name", [*ISSUE, *OTHERS])
def test_damaged_files_are_read_or_refused_in_one_line(name: str) -> None:
    outcome = run_campaign(name, NUM_INPUTS)
    assert outcome.findings == {}
    assert outcome.num_read + outcome.num_refused == NUM_INPUTS
    assert outcome.num_read > NUM_INPUTS // 50  # the valid ones at least
    assert outcome.num_refused > 0 or name in ("text", "xml_blocks")


@pytest.mark.parametrize("mode", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_compiled_code_stays_within_its_arrays(mode: str, tmp_path: Path) -> None:
    outcome = run_campaign("rrf_files", NUM_INPUTS // 5, first=1_000_000, environment=checked(mode, tmp_path))
    assert outcome.findings == {}
    assert min(outcome.num_read, outcome.num_refused) > 0


def checked(mode: str, cache: Path) -> dict[str, str]:
    """numba's switch, and a cache of its own: the machine code beside the modules is of the other kind."""
    return {mode: "1", "NUMBA_CACHE_DIR": str(cache)}


def test_chunks_add_up() -> None:
    outcome = Outcome(findings={"ValueError a.py:1": [7]})
    outcome.add(Outcome(num_read=1, findings={"ValueError a.py:1": [9], "hang": [3]}, growth=5))
    assert outcome.findings == {"ValueError a.py:1": [7, 9], "hang": [3]}
    assert (outcome.num_read, outcome.growth) == (1, 5)
