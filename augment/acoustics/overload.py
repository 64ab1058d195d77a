"""Memoryless non-linearities without aliasing, and the overload of a microphone."""

import math
from collections.abc import Callable

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.resample import resample

FINER = 4
PIECE = 1 << 17
AROUND = 2048
"""Samples on both sides of a piece that the resampling filters may reach."""
THD_AT_OVERLOAD = 0.10
BEND = 4 / 27
"""Of the cubic: with it the curve is level where it reaches the hard limit, at 1.5 in and 1.0 out."""


def bent(signal: Signal, curve: Callable[[Signal], Signal]) -> Signal:
    """A signal through a memoryless curve, as an analogue circuit bends it ahead of the converter's filter.

    What the curve adds is computed at four times the rate and filtered before it comes back: harmonics above the
    Nyquist frequency are left out instead of folding into the band. What it leaves alone is not resampled.

    Args:
        signal: Shape (n,).
        curve: From samples to samples of the same shape.

    Returns:
        Shape (n,), without delay.

    Example:
        >>> bent(np.array([0.5, -0.25]), lambda x: 2 * x).shape
        (2,)
    """
    out = signal.copy()
    for start in range(0, signal.size, PIECE):
        low, high = max(start - AROUND, 0), min(start + PIECE + AROUND, signal.size)
        fine = resample(signal[low:high], 1, FINER)
        added = resample(curve(fine) - fine, FINER, 1)
        end = min(start + PIECE, signal.size)
        out[start:end] += added[start - low : end - low]
    return out


def overload_curve(signal: Signal) -> Signal:
    """Soft, then hard: x - 4/27 x^3 up to 1.5 in, where it meets the limit 1.0 without a corner.

    Args:
        signal: Shape (n,).

    Example:
        >>> overload_curve(np.array([0.0, 1.5, 9.0, -9.0])).round(12).tolist()
        [0.0, 1.0, 1.0, -1.0]
    """
    held = np.clip(signal, -1.5, 1.5)
    return np.asarray(held - BEND * held**3)


def overload_peak(thd: float = THD_AT_OVERLOAD) -> float:
    """Peak of a sine at which :func:`overload_curve` gives a total harmonic distortion.

    With s = 4/27 a^2 the third harmonic has a s/4, the first a (1 - 3 s/4), and there are no others: s = 4 THD /
    (1 + 3 THD).

    Args:
        thd: Distortion re the fundamental, above 0, at most 0.11, where the hard limit begins.

    Example:
        >>> round(overload_peak(), 4)
        1.4412
    """
    return math.sqrt(4 * thd / (1 + 3 * thd) / BEND)


def overload(signal: Signal, aop_dbov: float) -> Signal:
    """A microphone near its acoustic overload point (AOP).

    A 1 kHz sine is distorted by 10 % at the AOP, by 1 % 9 dB below, and ten times less with every 10 dB; some 0.3 dB
    above the AOP the hard limit begins.

    Args:
        signal: Shape (n,).
        aop_dbov: RMS level in dBov of a sine at the AOP.

    Returns:
        Shape (n,); small signals pass unchanged.

    Reference: AOP as data sheets of MEMS microphones define it (THD 10 % at 1 kHz). The cubic is an estimate: its
    distortion falls with the level as that of such parts does.

    Example:
        >>> t = np.arange(16000) / 16000
        >>> heard = np.abs(np.fft.rfft(overload(np.sin(2 * np.pi * 1000 * t), -3.0103)))
        >>> round(float(heard[3000] / heard[1000]), 3)
        0.1
    """
    scale = overload_peak() / (math.sqrt(2) * 10 ** (aop_dbov / 20))
    return bent(signal * scale, overload_curve) / scale
