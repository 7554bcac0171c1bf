"""Which record of a PMID counts."""

import pyarrow as pa
import pytest

from bali.errors import InputError
from bali.io.census import Census
from bali.pubmed.duplicate_texts import DUPLICATE_TEXT
from bali.pubmed.versions import DELETED, NUM_DUPLICATES, OLDER_VERSION, ShardRecords, select_versions
from bali.vocabulary import DuplicateTexts

Rows = list[tuple[int, ...]]


def shard(
    name: str,
    documents: Rows,
    deletions: Rows | None = None,
    identifiers: list[tuple[int, str]] | None = None,
) -> ShardRecords:
    """A shard of documents (pmid, version, position and, where it matters, digest)."""
    rows = [row if len(row) == 4 else (*row, hash((name, row))) for row in documents]
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    gone = list(zip(*(deletions or []), strict=True)) or [[], []]
    named = list(zip(*(identifiers or []), strict=True)) or [[], []]
    return ShardRecords(
        name,
        pa.table(
            {
                "pmid": pa.array(columns[0], pa.int64()),
                "version": pa.array(columns[1], pa.int32()),
                "position": pa.array(columns[2], pa.int32()),
                "text_digest": pa.array(columns[3], pa.int64()),
            }
        ),
        pa.table({"pmid": pa.array(gone[0], pa.int64()), "position": pa.array(gone[1], pa.int32())}),
        pa.table({"pmid": pa.array(named[0], pa.int64()), "external_id": pa.array(named[1], pa.string())}),
    )


def select(
    *shards: ShardRecords, duplicate_texts: DuplicateTexts = "keep"
) -> tuple[list[tuple[str, int, int]], Census]:
    census = Census("select")
    rows = select_versions(shards, duplicate_texts, census).to_pylist()
    census.table("documents").check("documents")
    return [(row["shard"], row["position"], row["pmid"]) for row in rows], census


def test_later_shard_wins_whatever_its_name_and_version() -> None:
    rows, census = select(shard("z", [(1, 9, 0), (2, 1, 1)]), shard("a", [(1, 1, 0)]))
    assert rows == [("a", 0, 1), ("z", 1, 2)]
    assert census.table("documents").dropped == {OLDER_VERSION: 1}


def test_within_a_shard_version_then_position_wins() -> None:
    rows, _ = select(shard("s", [(1, 2, 0), (1, 1, 1), (2, 1, 2), (2, 1, 3)]))
    assert rows == [("s", 0, 1), ("s", 3, 2)]


def test_deletion_acts_on_what_stands_before_it() -> None:
    first = shard("a", [(1, 1, 0), (2, 1, 1), (3, 1, 3)], [(3, 2)])
    second = shard("b", [(2, 1, 0), (4, 1, 2)], [(1, 1), (2, 3)])
    third = shard("c", [(2, 1, 0)])
    rows, census = select(first, second, third)
    assert rows == [("a", 3, 3), ("b", 2, 4), ("c", 0, 2)]
    assert census.table("documents").dropped == {DELETED: 3}
    assert (census.table("documents").rows_in, census.table("documents").rows_out) == (6, 3)


@pytest.mark.parametrize("shards", [[shard("a", [])], [shard("a", [(1, 1, 0)], [(1, 1)])]])
def test_empty_corpus_is_refused(shards: list[ShardRecords]) -> None:
    with pytest.raises(InputError, match="at least one document") as caught:
        select(*shards)
    assert "\n" not in str(caught.value)


def test_duplicate_texts_over_shards_leave_the_lowest_pmid() -> None:
    shards = [
        shard("a", [(5, 1, 0, 77), (9, 1, 1, 77), (6, 1, 2, 78)]),
        shard("b", [(3, 1, 0, 77), (5, 1, 1, 79), (1, 1, 2, 78)], [(1, 3)]),
    ]
    rows, census = select(*shards, duplicate_texts="drop")
    assert rows == [("a", 2, 6), ("b", 0, 3), ("b", 1, 5)]  # 5 was revised, 1 is withdrawn: neither hides another
    assert census.table("documents").dropped == {DELETED: 1, OLDER_VERSION: 1, DUPLICATE_TEXT: 1}
    rows, census = select(*shards)
    assert [row[2] for row in rows] == [9, 6, 3, 5]
    assert census.notes[NUM_DUPLICATES] == 1
    assert DUPLICATE_TEXT not in census.table("documents").dropped


def test_two_identifiers_of_one_number_are_refused() -> None:
    number = 10**17 + 4
    one, other = (
        shard(name, [(number, 1, 0)], identifiers=[(number, identifier)])
        for name, identifier in [("a", "x"), ("b", "y")]
    )
    assert select(one, one)[0] == [("a", 0, number)]
    with pytest.raises(InputError, match="different hashes, found 'x' and 'y'"):
        select(one, other)
