"""Recursions over the samples of a signal, which array operations cannot express.

``scipy.signal`` has recursive filters too, but takes a second to import in every worker.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from augment.acoustics import Signal
from augment.acoustics.compiled import Loop


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
    out = np.empty(signal.size)
    _RECURSIVE(signal.size, held.size - 1, forward, back, np.ascontiguousarray(signal, dtype=np.float64), held, out)
    return out


def held_smooth(signal: Signal, pole: float, hangover: int, overwrite: bool = False) -> Signal:
    """Rectify a signal, smooth it twice, and take the running maximum over each sample and some before it.

    The two smoothers (1-p) / (1 - p/z) are one recursion, (1-p)^2 / (1 - 2p/z + p^2/z^2), from rest; a constant passes
    them unchanged.

    Args:
        signal: Shape (n,).
        pole: p, from 0 to below 1.
        hangover: How many samples before each one count, 0 or more.
        overwrite: Whether the signal is needed no more: its memory may then hold the result.

    Returns:
        Shape (n,).

    Example:
        >>> held_smooth(np.array([0.0, -1.0, 0.0, 0.0]), 0.0, 1).tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    heard = np.ascontiguousarray(signal, dtype=np.float64)
    held, out = np.zeros(hangover + 2), heard if overwrite and heard.flags.writeable else np.empty(signal.size)
    _HELD_SMOOTH(signal.size, heard, float(pole), int(hangover), held, out)
    return out


def _recursive(size: int, last: int, forward: Signal, back: Signal, signal: Signal, held: Signal, out: Signal) -> None:
    """``held`` is the state, from 0 to ``last``, and changes."""
    for n in range(size):
        x = signal[n]
        y = held[0] + forward[0] * x
        for k in range(last):
            held[k] = held[k + 1] + x * forward[k + 1] - y * back[k + 1]
        held[last] = x * forward[last + 1] - y * back[last + 1]
        out[n] = y


def _held_smooth(size: int, signal: Signal, pole: float, hangover: int, held: Signal, out: Signal) -> None:
    """Three comparisons per sample, however long the window of the running maximum.

    The signal is cut into parts as long as the window, so that a window is the end of one part and the beginning of the
    next. Maxima of beginnings are found in a pass forwards, those of ends in one backwards (van Herk 1992, Pattern
    Recognition Letters 13:517). ``held`` has those of ends of the part before, and 0 behind them: hangover + 2 values.
    """
    window = hangover + 1
    factor, first, second = (1 - pole) * (1 - pole), -2 * pole, pole * pole
    near, far, start = 0.0, 0.0, 0
    while start < size:
        length = window if start + window < size else size - start
        largest = 0.0
        for k in range(length):
            smooth = near + factor * abs(signal[start + k])
            near = far - smooth * first
            far = -(smooth * second)
            largest = smooth if smooth > largest else largest
            before = held[k + 1]
            out[start + k] = before if before > largest else largest
            held[k] = smooth
        largest = 0.0
        for k in range(length - 1, -1, -1):
            largest = held[k] if held[k] > largest else largest
            held[k] = largest
        start += window


_RECURSIVE, _HELD_SMOOTH = Loop(_recursive), Loop(_held_smooth)
