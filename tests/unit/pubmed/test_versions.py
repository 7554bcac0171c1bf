"""Which record of a PMID counts."""

import pyarrow as pa
import pytest

from bali.errors import InputError
from bali.io.census import Tally
from bali.pubmed.versions import DELETED, OLDER_VERSION, ShardRecords, select_versions


def shard(name: str, documents: list[tuple[int, int, int]], deletions: list[tuple[int, int]] = []) -> ShardRecords:  # noqa: B006
    columns = list(zip(*documents, strict=True)) or [[], [], []]
    gone = list(zip(*deletions, strict=True)) or [[], []]
    return ShardRecords(
        name,
        pa.table(
            {
                "pmid": pa.array(columns[0], pa.int64()),
                "version": pa.array(columns[1], pa.int32()),
                "position": pa.array(columns[2], pa.int32()),
            }
        ),
        pa.table({"pmid": pa.array(gone[0], pa.int64()), "position": pa.array(gone[1], pa.int32())}),
    )


def select(*shards: ShardRecords) -> tuple[list[tuple[str, int, int]], Tally]:
    tally = Tally()
    rows = select_versions(shards, tally).to_pylist()
    tally.check("documents")
    return [(row["shard"], row["position"], row["pmid"]) for row in rows], tally


def test_later_shard_wins_whatever_its_name_and_version() -> None:
    rows, tally = select(shard("z", [(1, 9, 0), (2, 1, 1)]), shard("a", [(1, 1, 0)]))
    assert rows == [("a", 0, 1), ("z", 1, 2)]
    assert tally.dropped == {OLDER_VERSION: 1}


def test_within_a_shard_version_then_position_wins() -> None:
    rows, _ = select(shard("s", [(1, 2, 0), (1, 1, 1), (2, 1, 2), (2, 1, 3)]))
    assert rows == [("s", 0, 1), ("s", 3, 2)]


def test_deletion_acts_on_what_stands_before_it() -> None:
    first = shard("a", [(1, 1, 0), (2, 1, 1), (3, 1, 3)], [(3, 2)])
    second = shard("b", [(2, 1, 0), (4, 1, 2)], [(1, 1), (2, 3)])
    third = shard("c", [(2, 1, 0)])
    rows, tally = select(first, second, third)
    assert rows == [("a", 3, 3), ("b", 2, 4), ("c", 0, 2)]
    assert tally.dropped == {DELETED: 3}
    assert (tally.rows_in, tally.rows_out) == (6, 3)


@pytest.mark.parametrize("shards", [[shard("a", [])], [shard("a", [(1, 1, 0)], [(1, 1)])]])
def test_empty_corpus_is_refused(shards: list[ShardRecords]) -> None:
    with pytest.raises(InputError, match="at least one document") as caught:
        select(*shards)
    assert "\n" not in str(caught.value)
