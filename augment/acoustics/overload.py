"""Memoryless non-linearities without aliasing, and the overload of a microphone."""

import math
from collections.abc import Callable

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.resample import resample

FINER = 4
"""Oversampling: see :func:`bent`."""
PIECE = 1 << 17
AROUND = 2048
"""Samples on both sides of a piece, more than the resampling filters reach."""
THD_AT_OVERLOAD = 0.10
BEND = 4 / 27
"""Coefficient b of the cubic x - b x^3: its slope 1 - 3 b x^2 is zero at x = 1.5, where the curve reaches 1.0."""


def bent(signal: Signal, curve: Callable[[Signal], Signal]) -> Signal:
    """Pass a signal through a memoryless curve, as an analogue circuit ahead of an anti-aliasing filter would.

    What the curve adds is computed at four times the rate and low-passed on the way back: harmonics above the Nyquist
    frequency are removed instead of folding into the band. A cubic triples the bandwidth, so four times the rate holds
    all that it makes; of higher orders only what lies above seven times the Nyquist frequency folds back into the
    band. The part of the signal that the curve leaves alone is not resampled.

    Args:
        signal: Shape (n,).
        curve: Maps samples to samples of the same shape.

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
    """Soft, then hard clipping: x - 4/27 x^3 up to x = 1.5, where it meets the limit 1.0 without a corner.

    Args:
        signal: Shape (n,).

    Example:
        >>> overload_curve(np.array([0.0, 1.5, 9.0, -9.0])).round(12).tolist()
        [0.0, 1.0, 1.0, -1.0]
    """
    held = np.clip(signal, -1.5, 1.5)
    return np.asarray(held - BEND * held**3)


def overload_peak(thd: float = THD_AT_OVERLOAD) -> float:
    """Peak of a sine that :func:`overload_curve` distorts by a given total harmonic distortion.

    sin^3 = (3 sin(t) - sin(3t)) / 4. With s = 4/27 a^2, a sine of peak a keeps a fundamental of a (1 - 3 s/4) and gets
    a third harmonic of a s/4 and no other, so that s = 4 THD / (1 + 3 THD).

    Args:
        thd: Distortion re the fundamental, above 0, at most 0.11, where the hard limit begins.

    Example:
        >>> round(overload_peak(), 4)
        1.4412
    """
    return math.sqrt(4 * thd / (1 + 3 * thd) / BEND)


def overload(signal: Signal, aop_dbov: float) -> Signal:
    """Pass a signal through a microphone near its acoustic overload point (AOP).

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
    # A sine of RMS level L has the peak sqrt(2) 10^(L/20): that of the AOP is brought to where the curve gives 10 %.
    scale = overload_peak() / (math.sqrt(2) * 10 ** (aop_dbov / 20))
    return bent(signal * scale, overload_curve) / scale
