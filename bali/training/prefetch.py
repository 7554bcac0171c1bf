"""The next batch is made while the present one is computed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def prefetch(make: Callable[[int], T], steps: range) -> Iterator[T]:
    """`make(step)` of each step in order, one ahead in a thread; what is made must depend on the step alone."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pending = [pool.submit(make, step) for step in steps[:1]]
        for step in steps:
            value = pending.pop().result()
            if step + 1 in steps:
                pending.append(pool.submit(make, step + 1))
            yield value
