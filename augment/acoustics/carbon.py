"""The carbon microphone of old telephones."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.colour import BYRNE_LTASS_DB
from augment.acoustics.convolution import convolve
from augment.acoustics.filters import minimum_phase_fir, response_db, speech_delay_samples
from augment.acoustics.levels import gain
from augment.acoustics.overload import bent
from augment.acoustics.recursion import recursive

CAPSULE_DB = {100: -10, 200: -7, 300: -5, 500: -3, 800: -1, 1000: 0, 1600: 2, 2200: 4, 2800: 3, 3400: -3, 4000: -10}
"""Response of diaphragm and cavity, ahead of the granules: Hz and dB (an estimate)."""
LINE_DB = {
    60: -18.0, 100: -11.0, 150: -6.5, 200: -4.2, 300: -2.0, 400: -1.2, 500: -0.8, 800: -0.3, 1200: 0.0, 3000: 0.0,
    3400: -2.0, 4000: -14.0, 5000: -30.0, 6300: -45.0,
}  # fmt: skip
"""Response of coil and line, after the granules: Hz and dB (an estimate).

It rolls off gently at the low end: a sharp corner would ring for milliseconds and delay low voices."""
NOMINAL_DBOV = -26.0
"""Active speech level for which the figures are meant, as in tests of telephones by the ITU-T."""
SWING = 0.15
"""RMS change of the granules' resistance at the nominal level and 0 dB drive, as a share of it (an estimate)."""
SOURCE_SHARE = 0.5
"""Resistance of line and coil as a share of the whole (an estimate); without it the microphone would be linear."""
GRANULE_NOISE_DB = -30.0
"""Noise of moving granules re the signal that moves them (an estimate)."""
ENVELOPE_S = 0.01


def _table(points: Mapping[int, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array(list(points), dtype=np.float64), np.array(list(points.values()), dtype=np.float64)


def _speech_gain_db(response: Sequence[Mapping[int, float]], sample_rate_hz: int) -> float:
    """Change in level of speech-shaped noise through filters in series, in dB."""
    # Bands add in power: with levels L and responses H, 10 lg(sum 10^((L + H) / 10) / sum 10^(L / 10)).
    at, level = _table(BYRNE_LTASS_DB)
    at, level = at[at < 0.45 * sample_rate_hz], level[at < 0.45 * sample_rate_hz]
    passed = level + sum(response_db(*_table(points), at) for points in response)
    return float(10 * np.log10(np.sum(10 ** (passed / 10)) / np.sum(10 ** (level / 10))))


def carbon_filters(sample_rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The linear parts of a carbon microphone: capsule, and line.

    Args:
        sample_rate_hz: Samples a second.

    Returns:
        Minimum-phase taps of both. Neither the first alone nor both in series change the level of speech-shaped noise.

    Example:
        >>> [taps.ndim for taps in carbon_filters(8000)]
        [1, 1]
    """
    front = _speech_gain_db([CAPSULE_DB], sample_rate_hz)
    both = _speech_gain_db([CAPSULE_DB, LINE_DB], sample_rate_hz)
    capsule = minimum_phase_fir(*_table(CAPSULE_DB), sample_rate_hz) * gain(-front)
    line = minimum_phase_fir(*_table(LINE_DB), sample_rate_hz) * gain(front - both)
    return capsule, line


def carbon_curve(swing: Signal) -> Signal:
    """Current through carbon granules in series with a fixed resistance.

    Pressure x packs the granules together, and their resistance falls as 1 / (1 + x). If the fixed resistance is the
    share b of the whole, the current relative to that at rest is::

        1 / (b + (1 - b) / (1 + x)) = (1 + x) / (1 + b x)

    It changes by (1 - b) x / (1 + b x), or x / (1 + b x) with a gain of 1 for small signals: the positive half is bent
    more than the negative one, and a small sine of amplitude a gets a second harmonic of b a / 2. At x = -1 the
    granules part: the change is -1 / (1 - b), and no current flows.

    Args:
        swing: Relative change x of the granules' conductance, shape (n,).

    Example:
        >>> carbon_curve(np.array([0.0, 0.5, -0.5, -3.0])).round(3).tolist()
        [0.0, 0.4, -0.667, -2.0]
    """
    held = np.maximum(swing, -1.0)
    return np.asarray(held / (1 + SOURCE_SHARE * held))


def carbon(signal: Signal, sample_rate_hz: int, drive_db: float, rng: np.random.Generator) -> Signal:
    """Pass a signal through a carbon microphone: filter, static non-linearity with level-dependent noise, filter.

    Args:
        signal: Shape (n,); the nominal level is -26 dBov.
        sample_rate_hz: Samples a second.
        drive_db: How much harder than nominal the granules are driven. A 1 kHz sine of -26 dBov is distorted by
            8 % at 0 dB, 16 % at 6 dB and 24 % at 12 dB.
        rng: Draws the noise of the granules.

    Returns:
        Shape (n,), 300-3400 Hz with a peak near 2 kHz; the delay in the speech band is removed to the nearest sample.

    Reference: after the structure of Oksanen and Välimäki 2011, "Modeling of the carbon microphone nonlinearity for a
    vintage telephone sound effect", Proc. DAFx-11. The curve is that of a variable resistance; all its figures are
    estimates.

    Example:
        >>> carbon(np.zeros(3), 16000, 0.0, np.random.default_rng(1)).tolist()
        [0.0, 0.0, 0.0]
    """
    capsule, line = carbon_filters(sample_rate_hz)
    drive = SWING * gain(drive_db - NOMINAL_DBOV)  # brings speech at the nominal level to an RMS of SWING
    swing = convolve(signal, capsule) * drive
    current = bent(swing, carbon_curve)
    # One pole p = exp(-1 / (T fs)): its response (1 - p) p^n sums to 1, so that a steady power stays what it is, and
    # falls to 1/e in the time T.
    pole = math.exp(-1 / (ENVELOPE_S * sample_rate_hz))
    loudness = np.sqrt(np.maximum(recursive([1 - pole], [1, -pole], current * current), 0.0))
    current += gain(GRANULE_NOISE_DB) * loudness * rng.standard_normal(signal.size)
    late = max(0, round(speech_delay_samples(np.convolve(capsule, line), sample_rate_hz)))
    return convolve(current, line, late) / drive
