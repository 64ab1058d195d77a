"""Levels of signals: RMS, and the active speech level of ITU-T P.56 (method B)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.recursion import held_smooth

# Of ITU-T P.56: time constant of the envelope, hangover, and margin between active level and threshold.
ENVELOPE_TIME_S = 0.030
HANGOVER_S = 0.200
MARGIN_DB = 15.9
AT_ONCE = 2**17
"""Samples that are metered at a time, few enough for a processor's cache."""
MOST_AT_ONCE = 2**20
"""Samples that are squared at a time, few enough for the memory of a worker."""
THRESHOLDS = 2.0 ** np.arange(-15, 0)
"""Of the envelope. The lowest, 2^-15, is -90.3 dBov: speech below -90.3 + 15.9 = -74.4 dBov is not found."""
THRESHOLDS_DBOV = 20 * np.log10(THRESHOLDS)
EFFORT_DBSPL = {"normal": 62.35, "raised": 68.34, "loud": 74.85, "shouted": 82.30}
"""Overall speech level 1 m in front of the lips by vocal effort (ANSI S3.5-1997, table 3, summed)."""


@dataclass(frozen=True)
class SpeechLevel:
    """A reading of the speech level meter.

    Attributes:
        active_level_dbov: Active speech level; ``-inf`` if no speech was found.
        rms_level_dbov: Long-term level over all samples; ``-inf`` for digital silence.
        activity: Share of the time in which speech is active, 0 to 1.
    """

    active_level_dbov: float
    rms_level_dbov: float
    activity: float


def db(power: float) -> float:
    """Decibels of a power (ratio); ``-inf`` for zero.

    Example:
        >>> db(100.0), db(0.0)
        (20.0, -inf)
    """
    return 10 * math.log10(power) if power > 0 else -math.inf


def gain(level_db: float) -> float:
    """Amplitude factor of a level in dB.

    Example:
        >>> gain(20.0)
        10.0
    """
    return float(10 ** (level_db / 20))


def power(signal: Signal) -> float:
    """Mean square of a signal of shape (n,); 0 for an empty one."""
    return _squares(signal) / signal.size if signal.size else 0.0


def _squares(signal: Signal) -> float:
    """Sum of the squares of a signal."""
    if signal.size <= MOST_AT_ONCE:
        # np.sum of a product, not np.dot: BLAS gives other last bits on other machines and thread counts.
        return float(np.sum(signal * signal))
    half = signal.size // 2 - signal.size // 2 % 8  # as numpy's own sum in pairs halves what it adds
    return _squares(signal[:half]) + _squares(signal[half:])


def mean_product(one: Signal, other: Signal) -> float:
    """Mean product of two signals of shape (n,); 0 for empty ones.

    Twice that is what the power of their sum has besides their own powers: a^2 + b^2 + 2ab.

    Example:
        >>> mean_product(np.array([0.5, -0.5]), np.array([0.5, 0.5])), mean_product(np.full(4, 0.5), np.full(4, 0.5))
        (0.0, 0.25)
    """
    parts = (slice(start, start + MOST_AT_ONCE) for start in range(0, one.size, MOST_AT_ONCE))
    return math.fsum(float(np.sum(one[part] * other[part])) for part in parts) / one.size if one.size else 0.0


def rms_level_dbov(signal: Signal) -> float:
    """RMS level in dBov of a signal of shape (n,).

    Example:
        >>> rms_level_dbov(np.full(4, 0.1))
        -20.0
    """
    return round(db(power(signal)), 12)


def held_envelope(signal: Signal, sample_rate_hz: int, overwrite: bool = False) -> Signal:
    """The envelope of P.56, at each sample the largest value within the hangover time before it, shape (n,).

    Speech is active where this exceeds a threshold. The envelope is the rectified signal through two one-pole smoothers
    of 30 ms each, starting from rest. The hangover counts speech as active for 0.2 s after the envelope was last above
    the threshold, which is where its running maximum is above it: one pass serves all thresholds.
    """
    pole = math.exp(-1 / (sample_rate_hz * ENVELOPE_TIME_S))
    return held_smooth(signal, pole, math.floor(HANGOVER_S * sample_rate_hz + 0.5), overwrite)


class SpeechMeter:
    """The speech level meter of ITU-T P.56 on one signal, read at any gain.

    The envelope is computed once. It is linear in gain, so a threshold c for the signal times g is the threshold c / g
    for the signal. The thresholds are absolute, so a gain changes the reading by up to a few hundredths of a dB more or
    less than itself.

    Args:
        signal: Speech, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.
        overwrite: Whether the signal is needed no more.

    Reference: ITU-T P.56 (2011), clause 6; constants as in ITU-T G.191, module sv56.
    """

    def __init__(self, signal: Signal, sample_rate_hz: int, overwrite: bool = False) -> None:
        pieces = (signal[start : start + AT_ONCE] for start in range(0, signal.size, AT_ONCE))
        self._size, self._energy = signal.size, math.fsum(map(_squares, pieces))
        self._held = held_envelope(signal, sample_rate_hz, overwrite) if self._energy else signal

    @property
    def nbytes(self) -> int:
        return self._held.nbytes

    def read(self, gain: float = 1.0) -> "SpeechLevel":
        """The reading for the signal times a gain: see :func:`speech_level`."""
        if self._energy == 0:
            return SpeechLevel(-math.inf, -math.inf, 0.0)
        energy, lower = self._energy * gain * gain, None
        rms = db(energy / self._size)
        # The active level at a threshold is the signal's energy over the time in which it is exceeded. It never
        # falls as the threshold rises, and in speech rises more slowly: its margin over the threshold comes down to
        # 15.9 dB somewhere. Between two thresholds the level is taken as linear in the margin.
        #
        # At most all samples are active, so the margin is at least that of the RMS level: thresholds that lie further
        # below it need not be looked at, all but two of them.
        first = max(int(np.searchsorted(THRESHOLDS_DBOV, rms - MARGIN_DB)) - 2, 0)
        for threshold in THRESHOLDS[first:]:
            active = int(np.count_nonzero(self._held >= threshold / gain))
            if active == 0:
                break
            level = db(energy / active)
            margin = level - 20 * math.log10(threshold)
            if margin <= MARGIN_DB:
                if lower is None:
                    break  # even the lowest threshold is less than the margin below: too quiet to be measured
                share = (lower[1] - MARGIN_DB) / (lower[1] - margin)
                found = lower[0] + share * (level - lower[0])
                # The same energy over all samples and over the active ones: their share is the difference in level.
                return SpeechLevel(found, rms, 10 ** ((rms - found) / 10))
            lower = (level, margin)
        return SpeechLevel(-math.inf, rms, 0.0)

    def gain_to(self, level_dbov: float, near: float = 1.0) -> float:
        """Factor that brings the signal to an active level: see :func:`speech_gain`.

        Args:
            level_dbov: Wanted active speech level.
            near: Another factor at which speech may be found, if it is too soft as it is.
        """
        # The reading follows the gain but for a few hundredths of a dB, so each round leaves a small part of the error.
        factor, found = 1.0, self.read().active_level_dbov
        if found == -math.inf:
            factor, found = near, self.read(near).active_level_dbov
        for left in (2, 1, 0):
            if found == -math.inf:
                raise ValueError("no active speech found (ITU-T P.56): the signal is silent, too quiet or too short")
            factor *= gain(level_dbov - found)
            found = self.read(factor).active_level_dbov if left else found
        return factor


def speech_level(signal: Signal, sample_rate_hz: int) -> SpeechLevel:
    """Active speech level by ITU-T P.56, method B.

    Activity is counted at thresholds a factor of two apart; the active level is the one that lies 15.9 dB above its
    own threshold, interpolated linearly between two thresholds. Never give the meter a noisy mixture: at 5 dB SNR it
    reads 0.8 dB too high.

    Args:
        signal: Speech, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Returns:
        Levels in dBov and activity. Below about -74 dBov the meter finds no speech, by the standard's lowest
        threshold.

    Reference: ITU-T P.56 (2011), clause 6; constants as in ITU-T G.191, module sv56.

    Example:
        A sine of amplitude 0.1 is active all the time, except while the envelope rises:

        >>> t = np.arange(128000) / 16000
        >>> level = speech_level(0.1 * np.sin(2 * np.pi * 1000 * t), 16000)
        >>> round(level.active_level_dbov, 2), round(level.activity, 5)
        (-23.0, 0.99702)
    """
    return SpeechMeter(signal, sample_rate_hz).read()


def speech_activity(signal: Signal, sample_rate_hz: int, active_level_dbov: float) -> NDArray[np.bool_]:
    """Where speech is active by ITU-T P.56.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.
        active_level_dbov: Its active level.

    Returns:
        Shape (n,): true while the envelope is at most 15.9 dB below the active level, and for 0.2 s afterwards.

    Reference: ITU-T P.56 (2011), clause 6.

    Example:
        >>> pause = np.concatenate([0.1 * np.sin(np.arange(16000)), np.zeros(16000)])
        >>> round(float(speech_activity(pause, 16000, -23.0).mean()), 1)
        0.6
    """
    return np.asarray(held_envelope(signal, sample_rate_hz) >= gain(active_level_dbov - MARGIN_DB))


def speech_gain(signal: Signal, sample_rate_hz: int, level_dbov: float) -> float:
    """Factor that brings speech to an active level.

    The meter's thresholds are absolute, so its reading shifts by a few hundredths of a dB with the gain; measuring
    again at the gain found removes that.

    Args:
        signal: Speech, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.
        level_dbov: Wanted active speech level.

    Raises:
        ValueError: The meter finds no speech.

    Example:
        >>> t = np.arange(16000) / 16000
        >>> round(speech_gain(0.1 * np.sin(2 * np.pi * 500 * t), 16000, -42.97), 2)
        0.1
    """
    return SpeechMeter(signal, sample_rate_hz).gain_to(level_dbov)
