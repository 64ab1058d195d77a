"""Automatic gain control."""

import math

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.recursion import recursive

DETECTOR_S = 0.005
CONTROL_S = 0.001
SILENT_POWER = 1e-20
"""-200 dBov, so that the logarithm of silence is a number."""


def control_gain_db(
    level_dbov: NDArray[np.float64], target_dbov: float, attack_s: float, release_s: float, max_gain_db: float
) -> NDArray[np.float64]:
    """Gain of an automatic gain control, once every millisecond.

    The wanted gain brings the level to the target, but is at most ``max_gain_db``. The actual gain starts at 0 dB and
    approaches it exponentially in dB, with one time constant while it falls and another while it rises.

    Args:
        level_dbov: Level of each millisecond, shape (k,).
        target_dbov: Wanted level.
        attack_s: Time constant of a falling gain.
        release_s: Time constant of a rising gain.
        max_gain_db: Highest gain.

    Returns:
        Shape (k,).

    Example:
        >>> control_gain_db(np.full(500, -46.0), -26.0, 0.01, 0.1, 30.0)[[0, 99, 499]].round(1).tolist()
        [0.2, 12.6, 19.9]
    """
    # In a time step t an exponential of time constant T covers 1 - exp(-t/T) of what is left of its way.
    falling, rising = -math.expm1(-CONTROL_S / attack_s), -math.expm1(-CONTROL_S / release_s)
    gain, found = 0.0, []
    for wanted in np.minimum(target_dbov - level_dbov, max_gain_db).tolist():
        gain += (falling if wanted < gain else rising) * (wanted - gain)
        found.append(gain)
    return np.array(found)


def automatic_gain(
    signal: Signal, sample_rate_hz: int, target_dbov: float, attack_ms: float, release_ms: float, max_gain_db: float
) -> Signal:
    """Automatic gain control, feed-forward and causal.

    Detector: the mean square, smoothed by one pole of 5 ms. It cannot tell speech from noise: in pauses the gain rises,
    and the noise with it. Once settled, it brings a sine of any level above ``target - max_gain`` to the target, and
    amplifies a quieter one by ``max_gain``.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.
        target_dbov: RMS level to which signals are brought.
        attack_ms: Time constant in dB of a falling gain.
        release_ms: Time constant in dB of a rising gain.
        max_gain_db: Highest gain.

    Returns:
        Shape (n,), not delayed. The gain of a sample depends on earlier samples only.

    Reference: Giannoulis, Massberg and Reiss 2012, "Digital dynamic range compressor design", J. Audio Eng. Soc. 60
    (feed-forward, smoothing in the logarithmic domain behind the gain computer).

    Example:
        >>> tone = 0.01 * np.sin(2 * np.pi * 1000 * np.arange(32000) / 16000)
        >>> out = automatic_gain(tone, 16000, -26.0, 10.0, 200.0, 30.0)[-16000:]
        >>> round(float(10 * np.log10(np.mean(out**2))), 1)
        -26.0
    """
    hop = round(CONTROL_S * sample_rate_hz)
    # (1 - p) / (1 - p/z): gain 1 for a steady power, and a memory of exp(-t/T) with p = exp(-1 / (T fs)).
    pole = math.exp(-1 / (DETECTOR_S * sample_rate_hz))
    power = recursive([1 - pole], [1, -pole], signal * signal + SILENT_POWER)[hop - 1 :: hop]
    level = 10 * np.log10(power)
    gain_db = control_gain_db(level, target_dbov, attack_ms / 1000, release_ms / 1000, max_gain_db)
    # The gain found at the end of one millisecond is reached, on a straight line in dB, at the end of the next.
    reached = hop * np.arange(1, gain_db.size + 2, dtype=np.float64)
    ramp_db = np.interp(np.arange(signal.size), reached, np.concatenate([[0.0], gain_db]))
    return np.asarray(signal * 10 ** (ramp_db / 20))
