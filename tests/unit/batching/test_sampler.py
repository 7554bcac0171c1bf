import numpy as np
import pytest

from bali.batching.sampler import BATCHES_PER_WINDOW, BatchSampler

LENGTHS = np.arange(1000, dtype=np.int32)[::-1] % 97


def test_an_epoch_uses_each_row_at_most_once_and_leaves_less_than_a_batch():
    sampler = BatchSampler(LENGTHS, batch_size=32, seed=3)
    rows = np.concatenate([sampler.rows(step) for step in range(sampler.batches_per_epoch)])
    assert len(rows) == len(set(rows.tolist())) > len(LENGTHS) - 32


def test_epochs_differ_and_seeds_differ():
    sampler, other = BatchSampler(LENGTHS, 32, seed=3), BatchSampler(LENGTHS, 32, seed=4)
    assert sampler.rows(0).tolist() != sampler.rows(sampler.batches_per_epoch).tolist()
    assert sampler.rows(0).tolist() != other.rows(0).tolist()


def test_a_batch_depends_on_the_step_alone():
    first, second = (BatchSampler(LENGTHS, 32, seed=3) for _ in range(2))
    forward = [first.rows(step).tolist() for step in range(70)]
    backward = [second.rows(step).tolist() for step in reversed(range(70))]
    assert forward == backward[::-1]


def test_sentences_of_like_length_come_together():
    sampler = BatchSampler(LENGTHS, batch_size=10, seed=0)
    spread = [int(np.ptp(LENGTHS[sampler.rows(step)])) for step in range(BATCHES_PER_WINDOW)]
    assert max(spread) < np.ptp(LENGTHS) / 10


def test_fewer_rows_than_a_batch_are_one_batch():
    sampler = BatchSampler(LENGTHS[:5], batch_size=32, seed=0)
    assert sorted(sampler.rows(7).tolist()) == [0, 1, 2, 3, 4]


def test_no_rows_is_our_own_mistake():
    with pytest.raises(AssertionError, match="at least one row"):
        BatchSampler(LENGTHS[:0], 4, 0)
