"""Functions compiled by numba: without the GIL, so that threads share the work, and kept between processes."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

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


def instruction(function: Callable[..., Any]) -> Callable[..., Any]:
    """What compiled functions can call and numba cannot write: the function gives the signature and makes LLVM's code.

    As with compiled functions, it belongs into the module of those that call it, or never changes.
    """
    return cast("Callable[..., Any]", intrinsic(function))


@instruction
def load_word(_, array, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The eight bytes of a uint8 array from `place` (uint64) on as a number, the first lowest; all must be there."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        word = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(64).as_pointer())
        return builder.load(word, align=1)

    return types.uint64(array, types.uint64), generate
