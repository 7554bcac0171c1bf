"""Functions compiled by numba: without the GIL, so that threads share the work, and kept between processes."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function on its first call; the machine code is cached beside its file or in the user's cache folder.

    numba notices an edit of the function's own file only, so a compiled function calls compiled functions of its own
    module and no others. Where no folder for the cache can be written, each process compiles anew.
    """
    try:
        return cast("F", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # no place for a cache
        return cast("F", numba.njit(nogil=True)(function))
