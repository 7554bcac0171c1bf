from collections import Counter

import numpy as np
import pytest

from bali.errors import InputError
from bali.io.census import Tally
from bali.rrf.kinds import KEPT, Kinds
from bali.rrf.layouts import Layout
from bali.rrf.reading import map_blocks
from bali.rrf.source import Piece, RrfFile

LAYOUT = Layout("MRX.RRF", ("A", "B", "C"))
NUM_ROWS = 30_000
ROWS = [(f"a{number % 97}", f"b{number * number % 61}", str(number)) for number in range(NUM_ROWS)]
REASONS = {0: KEPT, 1: "first", 2: "second"}


def fault(kind):
    return REASONS[int(kind[0][1:]) % 3]


@pytest.fixture
def file(tmp_path):
    (tmp_path / "MRX.RRF").write_text("".join(f"{'|'.join(row)}|\n" for row in ROWS))
    return RrfFile("MRX.RRF", (Piece(tmp_path / "MRX.RRF"),))


def sieve(file, threads, block_bytes):
    """The kinds, each row's kind, the values of C in the kept rows and the tally."""
    kinds = Kinds(("B", "A"), lambda b, a: (a, b), fault)

    def work(block):
        numbers = kinds.read(block)
        rows, tally = kinds.sieve(numbers)
        return numbers, block.texts("C", rows).to_arrow().to_pylist(), tally

    pieces = list(map_blocks(file, LAYOUT, work, threads, block_bytes))
    total = Tally()
    for _, kept, tally in pieces:
        total.add(tally)
        total.rows_out += len(kept)
    names = kinds.all()
    rows = [names[number] for numbers, _, _ in pieces for number in numbers]
    return kinds, rows, [value for _, kept, _ in pieces for value in kept], total


@pytest.mark.parametrize(("threads", "block_bytes"), [(1, 1 << 20), (3, 1 << 12), (3, 300), (1, 300)])
def test_rows_kinds_and_counts_are_the_same_however_the_work_is_shared(file, threads, block_bytes):
    kinds, rows, kept, tally = sieve(file, threads, block_bytes)
    assert rows == [row[:2] for row in ROWS]
    assert kept == [row[2] for row in ROWS if fault(row) == KEPT]
    assert len(kept) > 5000
    assert sorted(kinds.all()) == sorted(set(rows))
    assert len(kinds.all()) > 2000
    tally.check("MRX.RRF")
    counts = Counter(fault(row) for row in ROWS)
    assert tally == Tally(NUM_ROWS, counts[KEPT], Counter(first=counts["first"], second=counts["second"]))


def test_ranks_values_and_dictionaries(file):
    kinds, rows, _, _ = sieve(file, 3, 1 << 12)
    numbers = np.array([kinds.all().index(row) for row in rows[:500]], np.int32)
    rank, keys = kinds.rank(lambda kind: kind[1])
    assert keys == sorted({row[1] for row in rows})
    assert [keys[position] for position in rank[numbers]] == [row[1] for row in rows[:500]]
    column = kinds.dictionary(lambda kind: kind[0])(numbers)
    assert column.to_pylist() == [row[0] for row in rows[:500]]
    assert column.dictionary.to_pylist() == sorted({row[0] for row in rows})
    assert kinds.values(lambda kind: len(kind[0]), np.int8)[numbers].tolist() == [len(row[0]) for row in rows[:500]]


def test_no_rows_no_kinds():
    kinds = Kinds(("A",), lambda a: (a,))
    assert kinds.all() == []
    assert kinds.rank(lambda kind: kind)[1] == []
    assert kinds.dictionary(lambda kind: kind[0])(np.array([], np.int32)).to_pylist() == []


@pytest.mark.parametrize("block_bytes", [100, 1 << 20])
def test_a_problem_is_named_with_its_line(file, block_bytes):
    kinds = Kinds(("A", "B"), lambda a, b: (a, b), problem=lambda kind: "not b27" if kind[1] == "b27" else "")
    line = next(number for number, row in enumerate(ROWS, 1) if row[1] == "b27")
    assert line > 1
    with pytest.raises(InputError, match=rf"MRX.RRF line {line}: not b27"):
        list(map_blocks(file, LAYOUT, kinds.read, 1, block_bytes))


def test_the_filter_is_asked_once_a_kind(file):
    asked = []
    kinds = Kinds(("A",), lambda a: (a,), lambda kind: asked.append(kind) or KEPT)
    list(map_blocks(file, LAYOUT, kinds.read, 3, 300))
    assert len(asked) == len(set(asked)) == 97
