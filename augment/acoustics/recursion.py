"""Recursions over the samples of a signal, which array operations cannot express: compiled when first called.

Compiled code is cached for later processes. Nothing in it may reorder operations, so that a filter gives the same last
digits everywhere. ``scipy.signal`` has the same filter, but takes a second to import in every worker.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from augment.acoustics import Signal


def recursive(
    numerator: ArrayLike, denominator: ArrayLike, signal: Signal, state: NDArray[np.float64] | None = None
) -> Signal:
    """Apply a recursive filter, in direct form II transposed.

    Args:
        numerator: Shape (k,).
        denominator: At most as long; its first value is 1.
        signal: Shape (n,).
        state: Of the filter before the first sample, shape (k - 1,), at least one value; zero if not given.

    Returns:
        Shape (n,).

    Reference: Oppenheim and Schafer, Discrete-Time Signal Processing, section 6.3.

    Example:
        >>> recursive([0.5], [1.0, -0.5], np.array([1.0, 0.0, 0.0])).tolist()
        [0.5, 0.25, 0.125]
    """
    above, below = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    size = max(above.size, below.size, 2)
    forward, back = np.pad(above, (0, size - above.size)), np.pad(below, (0, size - below.size))
    held = np.zeros(size - 1) if state is None else np.array(state, dtype=np.float64)
    out: Signal = _RECURSIVE(forward, back, np.ascontiguousarray(signal, dtype=np.float64), held)
    return out


def held_smooth(signal: Signal, pole: float, hangover: int) -> Signal:
    """Rectify a signal, smooth it twice, and take the running maximum over each sample and some before it.

    The two smoothers (1-p) / (1 - p/z) are one recursion, (1-p)^2 / (1 - 2p/z + p^2/z^2), from rest; a constant passes
    them unchanged.

    Args:
        signal: Shape (n,).
        pole: p, from 0 to below 1.
        hangover: How many samples before each one count, 0 or more.

    Returns:
        Shape (n,).

    Example:
        >>> held_smooth(np.array([0.0, -1.0, 0.0, 0.0]), 0.0, 1).tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    out: Signal = _HELD_SMOOTH(np.ascontiguousarray(signal, dtype=np.float64), float(pole), int(hangover))
    return out


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


def _recursive(
    forward: NDArray[np.float64], back: NDArray[np.float64], signal: Signal, state: NDArray[np.float64]
) -> Signal:
    out, held, last = np.empty(signal.size), state.copy(), state.size - 1
    for n in range(signal.size):
        x = signal[n]
        y = held[0] + forward[0] * x
        for k in range(last):
            held[k] = held[k + 1] + x * forward[k + 1] - y * back[k + 1]
        held[last] = x * forward[last + 1] - y * back[last + 1]
        out[n] = y
    return out


def _held_smooth(signal: Signal, pole: float, hangover: int) -> Signal:
    """Three comparisons per sample, however long the window of the running maximum.

    The signal is cut into parts as long as the window, so that a window is the end of one part and the beginning of the
    next. Maxima of beginnings are found in a pass forwards, those of ends in one backwards (van Herk 1992, Pattern
    Recognition Letters 13:517).
    """
    window, size = hangover + 1, signal.size
    held, out = np.empty(size), np.empty(size)
    factor, first, second = (1 - pole) ** 2, -2 * pole, pole * pole
    near, far = 0.0, 0.0
    for start in range(0, size, window):
        end = min(start + window, size)
        largest = 0.0
        for n in range(start, end):
            smooth = near + factor * abs(signal[n])
            near = far - smooth * first
            far = -(smooth * second)
            held[n] = smooth
            largest = max(largest, smooth)
            before = held[n - hangover] if n - hangover < start and start > 0 else 0.0
            out[n] = max(largest, before)
        largest = 0.0
        for n in range(end - 1, start - 1, -1):
            largest = max(largest, held[n])
            held[n] = largest
    return out


_RECURSIVE, _HELD_SMOOTH = Loop(_recursive), Loop(_held_smooth)
