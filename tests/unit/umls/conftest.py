import polars as pl
import pytest

from bali.umls.filters import UmlsFilters
from bali.umls.ingest import ARTEFACTS, ingest
from tests.unit.rrf.rrf_fixtures import PROVENANCE, release, write_release

DEFAULT = UmlsFilters(languages=frozenset({"ENG"}), suppress=frozenset({"N"}), max_srl=0)


@pytest.fixture
def ingested(tmp_path):
    """Ingest the tiny release, with some files replaced (None: left out): the census and the artefacts."""

    def run(filters=DEFAULT, threads=1, **changes):
        tables = {name: rows for name, rows in {**release(), **changes}.items() if rows is not None}
        files = write_release(tmp_path / "meta", tables)
        census = ingest(files, filters, tmp_path / "out", lambda: PROVENANCE, threads)
        assert set(census.tables) == set(tables) - {"MRFILES.RRF", "MRCOLS.RRF"}
        for name, tally in census.tables.items():
            tally.check(name)
            assert tally.rows_in == len(tables[name])
        return census, {name: pl.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ARTEFACTS}

    return run
