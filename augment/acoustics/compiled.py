"""Loops over the samples of a signal that array operations cannot express, or only in many passes: compiled.

Compiled code is kept for later processes. Nothing in it may reorder operations, so that a loop gives the same last
digits everywhere.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


class Loop:
    """A function of numbers and of arrays that it only reads, compiled when first called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._compiled is None:
            self._compiled = self._compile(arguments)
        return self._compiled(*arguments)

    def _compile(self, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        from numba import from_dtype, njit, types

        numeral = {float: types.float64, int: types.int64}

        def kind(value: Any) -> Any:  # arrays are read only in every loop, so that one version serves all of them
            array = isinstance(value, np.ndarray)
            return types.Array(from_dtype(value.dtype), 1, "C", readonly=True) if array else numeral[type(value)]

        kinds = tuple(map(kind, arguments))
        try:
            made = njit(kinds, cache=True, nogil=True)(self._function)
        except Exception:  # the cache is damaged or cannot be written: each process compiles for itself
            made = njit(kinds, nogil=True)(self._function)
        found: Callable[..., Any] = made
        return found
