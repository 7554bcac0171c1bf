"""Samples that are the same in every run: evenly spaced ones, and concepts to search among."""

import numpy as np
import numpy.typing as npt

MAX_OTHER_CONCEPTS = 50_000
SAMPLE_SEED = 29
Rows = npt.NDArray[np.int64]


def evenly_spaced(num_all: int, num_chosen: int) -> Rows:
    """At most `num_chosen` distinct positions below `num_all`, evenly spaced, increasing, from 0."""
    num_chosen = min(num_all, num_chosen)
    return np.arange(num_chosen) * num_all // max(1, num_chosen)


def candidate_rows(num_concepts: int, needed: Rows) -> Rows:
    """The concepts to search among, increasing: the needed ones, and all others or a fixed sample of 50,000 of them."""
    is_needed = np.zeros(num_concepts, np.bool_)
    is_needed[needed] = True
    others = np.flatnonzero(~is_needed)
    if len(others) > MAX_OTHER_CONCEPTS:
        others = random_rows(others, MAX_OTHER_CONCEPTS)
    return np.sort(np.concatenate([np.flatnonzero(is_needed), others]))


def random_rows(rows: Rows, num_chosen: int) -> Rows:
    """At most `num_chosen` of `rows` without replacement, in random order; the same in every run."""
    rng = np.random.default_rng(np.random.SeedSequence([SAMPLE_SEED, len(rows)]))
    return rng.choice(rows, min(len(rows), num_chosen), replace=False)
