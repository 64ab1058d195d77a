"""Sums of signals."""

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.compiled import Loop


def mixed(one: Signal, gain: float, other: Signal, other_gain: float) -> Signal:
    """The sum of two signals, each times a gain, in one pass.

    Args:
        one: Shape (n,).
        gain: Its factor.
        other: Shape (n,).
        other_gain: Its factor.

    Returns:
        Shape (n,), a new array.

    Raises:
        ValueError: The signals differ in length.

    Example:
        >>> mixed(np.array([1.0, 2.0]), 0.5, np.array([0.0, 1.0]), 3.0).tolist()
        [0.5, 4.0]
    """
    if one.size != other.size:
        raise ValueError(f"signals of {one.size} and {other.size} samples cannot be mixed")
    left, right = (np.ascontiguousarray(signal, dtype=np.float64) for signal in (one, other))
    out = np.empty(one.size)
    _MIXED(one.size, left, float(gain), right, float(other_gain), out)
    return out


def _mixed(size: int, one: Signal, gain: float, other: Signal, other_gain: float, out: Signal) -> None:
    for n in range(size):
        out[n] = one[n] * gain + other[n] * other_gain


_MIXED = Loop(_mixed)
