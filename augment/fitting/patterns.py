"""What the level of a tone does over time: steady, switched on and off, or swelling; in figures of profiles."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.fitting.envelopes import Envelope
from augment.fitting.gates import ON_SHARE, Gate, gate_gain, gate_of
from augment.fitting.spectra import apex

STEADY_SHARE = 0.97
MOST_SCATTER = 0.42
"""Deviation of power while on, as a share of it. Noise in a band has 1 (0.6 above a quarter of its level), a tone
less."""
PARTS, PARTS_WITH, PART_SHARE = 8, 0.75, 0.35
"""Of eight equal parts of the time, so many must have this share of a line's mean power."""
EVEN = 0.55
"""The power that is exceeded in 80 % of the time, over that in 50 %: noise in a band has ln 0.8 / ln 0.5 = 0.32."""
NOISY = 0.1
"""With so much noise in the narrowest band, over the line's power, only the width of a line tells what it is."""
SWING_LIMITS_HZ = (0.08, 60.0)
SLOW_HZ = 0.5
LEAST_DEPTH = 0.04


@dataclass(frozen=True)
class Swing:
    """A sinusoidal swing of the level: gain 1 + depth cos.

    Attributes:
        rate_hz: Swings a second.
        error_hz: Standard error of that.
        depth: 0 to 1.
    """

    rate_hz: float
    error_hz: float
    depth: float


@dataclass(frozen=True)
class Judged:
    """What an envelope shows.

    Attributes:
        tone: Whether it is a tone at all, and not noise in a band or a resonance that is struck.
        perhaps: Whether it may be one, if it belongs to a series of others.
        level: Power of the tone while it is on.
        gate: How it is switched; None if it is not.
        swing: How it swells; None if it does not.
    """

    tone: bool
    level: float
    gate: Gate | None = None
    swing: Swing | None = None
    perhaps: bool = False


def weighted_level(power: NDArray[np.float64]) -> float:
    """The power above and below which half of the energy lies: that of a switched tone while it is on."""
    ordered = np.sort(power)
    energy = np.cumsum(ordered)
    return float(ordered[np.searchsorted(energy, energy[-1] / 2)])


def judged(seen: Envelope, bed: float, signal: float, narrow: bool) -> Judged:
    """What an envelope of a line shows.

    Args:
        seen: The envelope.
        bed: Power of the noise that is in its band beside the line.
        signal: Mean power of the line by its spectrum.
        narrow: Whether it is as narrow as a window of half a second and more shows, which no struck resonance is.
    """
    good = seen.power[seen.usable]
    if good.size < 8 or not np.any(good > 0):
        return Judged(False, 0.0)
    level = weighted_level(good)
    on = good > ON_SHARE * level
    # A tone of power S with noise of power N in its band: the power scatters by 2 S N + N^2.
    added = bed / max(signal, 1e-30)
    most = math.hypot(MOST_SCATTER, math.sqrt(2 * added + added**2))
    scatter = float(np.std(good[on]) / np.mean(good[on]))
    low, middle = np.quantile(good, [0.2, 0.5])
    # The lower half of a tone that something else covers now and then is as even as that of one which nothing covers.
    even = low > EVEN * middle
    gate = None if np.mean(on) > STEADY_SHARE or even else gate_of(seen, level)
    if gate is not None and scatter < most:
        return Judged(True, gate.level, gate)
    swing = swing_of(seen)
    mean = signal if even and middle < 0.5 * float(np.mean(good)) else max(float(np.mean(good)) - bed, signal)
    if swing is not None and (narrow or even or scatter < most) and (swing.rate_hz > SLOW_HZ or _lasts(good)):
        return Judged(True, mean, None, swing)
    lasting = _lasts(good)
    tone = lasting and (even or scatter < most or (narrow and added > NOISY))
    return Judged(tone, mean, perhaps=narrow and lasting)


def _lasts(power: NDArray[np.float64]) -> bool:
    """Whether a line is there all along, and not in one word that somebody said."""
    parts = [float(np.mean(part)) for part in np.array_split(power, PARTS)]
    return bool(np.mean(np.array(parts) > PART_SHARE * float(np.mean(power))) >= PARTS_WITH)


def switched_more(seen: Envelope, gate: Gate, swing: Swing) -> float:
    """How much more of the variance of an amplitude a gate explains than a swing does: 1 for the same."""
    time_s = np.arange(seen.power.size) / seen.rate_hz
    amplitude = np.sqrt(seen.power)[seen.usable]
    centred = amplitude - np.mean(amplitude)
    turn = 2 * np.pi * swing.rate_hz * time_s[seen.usable]
    waves = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    fitted, *_ = np.linalg.lstsq(waves, centred, rcond=None)
    gain = gate_gain(gate, time_s)[seen.usable]
    gain = gain - np.mean(gain)
    by_gate = float(np.sum(centred * gain)) ** 2 / max(float(np.sum(gain**2)), 1e-30)
    return by_gate / max(float(np.sum((waves @ fitted) ** 2)), 1e-30)


def share_of_swing(seen: Envelope, swing: Swing) -> float:
    """Share of what an amplitude does up to three times the rate of a swing that the swing explains.

    A machine that swells leaves little else; in knocks, voices and wind a sine that fits best is one of many.
    """
    places = np.flatnonzero(seen.usable)
    amplitude = np.sqrt(seen.power[places])
    spectrum = scipy.fft.rfft(amplitude - np.mean(amplitude))
    spectrum[scipy.fft.rfftfreq(places.size, 1 / seen.rate_hz) > 3 * swing.rate_hz] = 0
    slow = scipy.fft.irfft(spectrum, places.size)
    turn = 2 * np.pi * swing.rate_hz * places / seen.rate_hz
    waves = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    fitted, *_ = np.linalg.lstsq(waves, slow, rcond=None)
    return float(np.var(waves @ fitted) / max(float(np.var(slow)), 1e-30))


def swing_of(seen: Envelope, limits_hz: tuple[float, float] = SWING_LIMITS_HZ) -> Swing | None:
    """The sinusoidal swing of an envelope, if one stands out of its spectrum."""
    amplitude = np.sqrt(seen.power)
    usable = seen.usable
    count = int(np.count_nonzero(usable))
    if count < 32:
        return None
    mean = float(np.mean(amplitude[usable]))
    centred = np.where(usable, amplitude - mean, 0.0)
    size = scipy.fft.next_fast_len(8 * centred.size, real=True)
    spectrum = np.abs(scipy.fft.rfft(centred * scipy.signal.windows.hann(centred.size), size))
    frequency = scipy.fft.rfftfreq(size, 1 / seen.rate_hz)
    length_s = count / seen.rate_hz
    inside = (frequency > max(limits_hz[0], 3 / length_s)) & (frequency < min(limits_hz[1], 0.6 * seen.reach_hz))
    if not inside.any():
        return None
    place = int(np.argmax(np.where(inside, spectrum, 0.0)))
    # Rayleigh-distributed magnitudes: the highest of n of them lies about sqrt(ln n / ln 2) medians up.
    around = inside & (frequency > frequency[place] / 4) & (frequency < frequency[place] * 4)
    typical = float(np.median(spectrum[around]))
    chance = math.sqrt(math.log(max(2.0, 100 * np.count_nonzero(around) / 8)) / math.log(2))
    if spectrum[place] < chance * typical * 1.1:
        return None
    rate_hz = apex(spectrum, place) * float(frequency[1])
    time = np.flatnonzero(usable) / seen.rate_hz
    waves = np.stack([np.cos(2 * np.pi * rate_hz * time), np.sin(2 * np.pi * rate_hz * time)], axis=1)
    fitted, *_ = np.linalg.lstsq(waves, amplitude[usable] - mean, rcond=None)
    depth = float(np.hypot(*fitted)) / mean
    if depth < LEAST_DEPTH:
        return None
    # Cramer-Rao for the frequency of a sine in noise: sqrt(6 / (n eta)) / (pi T), eta its power over the noise's.
    noise = float(np.var(amplitude[usable] - mean - waves @ fitted))
    eta = (depth * mean) ** 2 / 2 / max(noise, 1e-30)
    error_hz = math.sqrt(6 / (length_s * seen.reach_hz * eta)) / (math.pi * length_s)
    return Swing(rate_hz, error_hz, min(depth, 1.0))
