"""Impulse responses of rooms: the direct sound, the decay, and what ISO 3382 reads from them.

A response is the sound pressure at a microphone after a click of the source, shape (k,). Its *direct index* is the
sample at which the direct sound arrives; a reflection may be stronger, so this need not be the largest sample.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db

ONSET_DB = 20.0
ONSET_S = 0.0005
DIRECT_S = 0.0025

EARLY_S = 0.050
PREROLL_S = 0.001
NOISE_MARGIN_DB = 10.0
RANGES = (("T30", -5.0, -35.0), ("T20", -5.0, -25.0))
REACHES_THE_END = 0.9


@dataclass(frozen=True)
class Decay:
    """Where the decay of a response meets the noise floor of its measurement.

    Attributes:
        end: First sample at which the noise is as strong as the decay; the length of the response if it never is.
        noise_power: Mean square of the noise; 0 if the response ends before meeting it.
        lost_energy: Energy that the decay would have after the end, at the same slope.
        falls: Whether there is a decay at all.
    """

    end: int
    noise_power: float
    lost_energy: float
    falls: bool = True


@dataclass(frozen=True)
class RoomMeasures:
    """Room-acoustic measures of a response.

    Attributes:
        t30_s: Time to fall by 60 dB, in seconds; None if the response does not have the range for it.
        t30_range: ``"T30"`` for a time from -5..-35 dB, ``"T20"`` from -5..-25 dB; None if there is none.
        c50_db: Energy up to 50 ms after the direct sound over all later energy; None if there is none later.
        drr_db: Energy within 2.5 ms of the direct sound over all other energy; None if there is no other.
    """

    t30_s: float | None
    t30_range: str | None
    c50_db: float | None
    drr_db: float | None


def direct_index(response: NDArray[np.float64], sample_rate_hz: int) -> int:
    """The sample at which the direct sound arrives.

    The response begins at the first sample within 20 dB of the largest; the largest of the next 0.5 ms is the direct
    sound, since a pulse that arrives between two samples rings ahead of its peak, by sinc(2.5), -18 dB, two samples
    before the first of them.

    Args:
        response: Shape (k,), not silent.
        sample_rate_hz: Samples a second.

    Reference: ISO 3382-1:2009 (the response begins where it first comes within 20 dB of its largest value); 0.5 ms is
    our choice, longer than that ringing at 8 kHz and shorter than the path round a head.

    Example:
        A reflection that is louder than the direct sound is not taken for it:

        >>> direct_index(np.array([0.0, 0.001, 0.5] + 40 * [0.0] + [-0.9, 0.1]), 16000)
        2
    """
    magnitude = np.abs(response)
    begins = int(np.argmax(magnitude >= magnitude.max() * 10 ** (-ONSET_DB / 20)))
    near = magnitude[begins : begins + max(1, round(ONSET_S * sample_rate_hz))]
    return begins + int(np.argmax(near))


def onset_contrast_db(response: NDArray[np.float64], direct: int, sample_rate_hz: int) -> float:
    """How far the direct sound stands above what precedes it, from 10 ms to 1 ms before.

    Args:
        response: Shape (k,).
        direct: Its direct index.
        sample_rate_hz: Samples a second.

    Returns:
        Peak of the direct sound over the RMS before it, in dB; ``inf`` if there is nothing before it.

    Example:
        >>> onset_contrast_db(np.concatenate([np.full(200, 0.01), [1.0]]), 200, 16000)
        40.0
    """
    guard = round(PREROLL_S * sample_rate_hz)
    before = response[max(0, direct - 10 * guard) : max(0, direct - guard)]
    noise = float(np.mean(before * before)) if before.size else 0.0
    return round(db(float(response[direct] ** 2) / noise), 9) if noise > 0 else math.inf


def decay(response: NDArray[np.float64], sample_rate_hz: int, least_noise: float = 0.0) -> Decay:
    """Find where the decay of a response meets the noise floor of its measurement.

    A straight line in dB is fitted to the smoothed decay and extended to the level of the noise. The noise is then
    measured again after that point, and the line fitted again just above the noise, until both agree. A response that
    ends before the line meets the noise has no noise floor.

    Args:
        response: From the direct sound on, shape (k,).
        sample_rate_hz: Samples a second.
        least_noise: Mean square below which samples mean nothing, as from rounding in a 16-bit file.

    Reference: Lundeby, Vigran, Bietz and Vorländer, Acustica 81 (1995), 344-355; ISO 3382-1:2009, 5.3.3.

    Example:
        >>> click = 10.0 ** (-3 * np.arange(16000) / 8000)
        >>> decay(click, 16000).end, decay(np.maximum(click, 1e-4), 16000).end // 1000
        (16000, 10)
    """
    nonzero = np.flatnonzero(response)
    size = int(nonzero[-1]) + 1 if nonzero.size else 0
    energy = response[:size] * response[:size]
    if size < 2:
        return Decay(size, 0.0, 0.0, falls=False)
    block = max(1, round(0.01 * sample_rate_hz))
    noise = max(least_noise, float(np.mean(energy[-max(1, size // 10) :])))  # of the last tenth, to begin with
    top_db = math.inf
    line: tuple[float, float] | None = None
    end = float(size)
    for _ in range(5):
        fitted = _line(energy, block, noise, top_db)
        if fitted is None and line is None:
            return Decay(size, 0.0, 0.0, falls=False)
        if fitted is None:  # too little decay is left between the noise and 25 dB above it: keep the last line
            break
        line = fitted
        # level + slope * n = noise, in dB
        before, end = end, (db(noise) - line[1]) / line[0] if noise > 0 else math.inf
        if end >= REACHES_THE_END * size:
            return Decay(size, 0.0, _energy_behind(line, size))
        block = max(1, round(-2 / line[0]))  # a block is 2 dB of the decay: five in 10 dB
        # Noise is measured from where the line lies 10 dB below it (but on a tenth at least).
        behind = min(int(end - NOISE_MARGIN_DB / line[0]), size - max(1, size // 10))
        noise = max(least_noise, float(np.mean(energy[max(0, behind) :])))
        top_db = 25.0
        if abs(end - before) < block:
            break
    assert line is not None, "without a first line there is no decay"
    end = max(1.0, end)
    return Decay(int(end), noise, _energy_behind(line, end))


def _energy_behind(line: tuple[float, float], place: float) -> float:
    """Energy from a place on: the integral of 10^((level + slope n) / 10) is its value over -slope ln(10) / 10."""
    slope_db, level_db = line
    return float(10 ** ((level_db + slope_db * place) / 10) / (-slope_db * math.log(10) / 10))


def whole_decay(response: NDArray[np.float64]) -> Decay:
    """The decay of a computed response: it has no measurement noise, and counts to its last sample.

    Its late part is single rays with silence between them, in which :func:`decay` would look for a noise floor.

    Example:
        >>> whole_decay(np.array([1.0, 0.5, 0.0, 0.1])).end
        4
    """
    return Decay(response.size, 0.0, 0.0)


def _line(energy: Signal, block: int, noise: float, top_db: float) -> tuple[float, float] | None:
    """Slope in dB per sample, and level at sample 0, of a line fitted from 8 to ``top_db`` dB above the noise."""
    # Where decay and noise are d dB apart, their sum exceeds the decay by 10 lg(1 + 10^(-d/10)): 0.6 dB at 8 dB.
    means = np.mean(energy[: energy.size // block * block].reshape(-1, block), axis=1)
    if means.size < 3 and block > 8:
        return _line(energy, block // 2, noise, top_db)
    if means.size < 2:
        return None
    levels = 10 * np.log10(np.maximum(means, 1e-300))
    floor = db(noise) if noise > 0 else -math.inf
    first = int(np.argmax(levels))
    below = np.flatnonzero(levels[first:] < floor + 8)
    last = first + int(below[0]) if below.size else levels.size
    high = np.flatnonzero(levels[first:last] <= floor + top_db)
    first += int(high[0]) if high.size else 0
    if last - first < 3 and block > 8:
        return _line(energy, block // 2, noise, top_db)
    if last - first < 2:
        return None
    place = (np.arange(first, last) + 0.5) * block
    slope, level = np.polyfit(place, levels[first:last], 1)
    return (float(slope), float(level)) if slope < 0 else None


def energy_decay_db(response: NDArray[np.float64], found: Decay) -> NDArray[np.float64]:
    """The backward-integrated decay curve: the energy still to come at each sample, in dB re the whole.

    It is the mean decay of interrupted noise (Schroeder). The noise of the measurement is subtracted, the integral ends
    where the decay meets it, and the rest is added as an exponential.

    Args:
        response: From the direct sound on, shape (k,).
        found: Its :func:`decay`.

    Returns:
        Shape (m,), m = ``found.end``, starting at 0 dB.

    Reference: Schroeder, JASA 37 (1965), 409-412; ISO 3382-1:2009, 5.3.3.

    Example:
        >>> energy_decay_db(np.array([1.0, 0.0, 1.0]), Decay(3, 0.0, 0.0)).round(2).tolist()
        [0.0, -3.01, -3.01]
    """
    energy = response[: found.end] * response[: found.end] - found.noise_power
    to_come = np.cumsum(energy[::-1])[::-1] + found.lost_energy
    return np.asarray(10 * np.log10(np.maximum(to_come / max(float(to_come[0]), 1e-300), 1e-30)))


def reverberation_time(
    response: NDArray[np.float64], sample_rate_hz: int, found: Decay | None = None
) -> tuple[float, str] | None:
    """Broadband reverberation time.

    Args:
        response: From the direct sound on, shape (k,).
        sample_rate_hz: Samples a second.
        found: Its :func:`decay`, if known.

    Returns:
        Time to fall by 60 dB in seconds, and its range: ``"T30"`` (-5 to -35 dB), or ``"T20"`` (-5 to -25 dB) if the
        curve does not go on for 10 dB below the end of the former; None if it does so for neither.

    Reference: ISO 3382-1:2009 (backward integration, least-squares line, 10 dB between its end and the noise).

    Example:
        >>> click = 10.0 ** (-3 * np.arange(16000) / 8000)
        >>> seconds, range_ = reverberation_time(click, 16000)
        >>> round(seconds, 3), range_, reverberation_time(np.ones(1), 16000)
        (0.5, 'T30', None)
    """
    found = found or decay(response, sample_rate_hz)
    if found.end < 2 or not found.falls:
        return None
    curve = energy_decay_db(response, found)
    for name, top, bottom in RANGES:
        if curve[-1] > bottom - NOISE_MARGIN_DB:
            continue
        first, last = int(np.argmax(curve <= top)), int(np.argmax(curve <= bottom))
        if last - first >= 2:
            slope = np.polyfit(np.arange(first, last + 1) / sample_rate_hz, curve[first : last + 1], 1)[0]
            return float(-60 / slope), name
    return None


def clarity_db(response: NDArray[np.float64], direct: int, sample_rate_hz: int) -> float | None:
    """Clarity C50: the energy up to 50 ms after the direct sound over all later energy, in dB.

    Args:
        response: Shape (k,).
        direct: Its direct index; what precedes it counts as early.
        sample_rate_hz: Samples a second.

    Returns:
        None if there is no later energy.

    Reference: ISO 3382-1:2009, Annex A.

    Example:
        >>> clarity_db(np.array([1.0] + 799 * [0.0] + [0.1]), 0, 16000)
        20.0
    """
    return _ratio_db(response, 0, direct + round(EARLY_S * sample_rate_hz))


def direct_to_reverberant_db(response: NDArray[np.float64], direct: int, sample_rate_hz: int) -> float | None:
    """Direct-to-reverberant ratio: energy within 2.5 ms of the direct sound over all other energy, in dB.

    Args:
        response: Shape (k,).
        direct: Its direct index.
        sample_rate_hz: Samples a second.

    Returns:
        None if there is no other energy.

    Reference: Eaton, Gaubitch, Moore and Naylor, IEEE/ACM TASLP 24 (2016), 1681-1693 (the ACE challenge). The
    window of 2.5 ms is a common one and not part of any standard.

    Example:
        >>> direct_to_reverberant_db(np.array([1.0] + 99 * [0.0] + [0.1]), 0, 16000)
        20.0
    """
    half = round(DIRECT_S * sample_rate_hz)
    return _ratio_db(response, max(0, direct - half), direct + half + 1)


def _ratio_db(response: NDArray[np.float64], first: int, stop: int) -> float | None:
    """Energy between two samples over all other energy, in dB; None if there is no other."""
    energy = response * response
    inside = float(np.sum(energy[first:stop]))
    other = float(np.sum(energy[:first])) + float(np.sum(energy[stop:]))
    return round(db(inside / other), 9) if other > 0 and inside > 0 else None


def room_measures(
    response: NDArray[np.float64], direct: int, sample_rate_hz: int, found: Decay | None = None
) -> RoomMeasures:
    """Reverberation time, clarity and direct-to-reverberant ratio of a response, up to where it meets noise.

    Args:
        response: Shape (k,).
        direct: Its direct index.
        sample_rate_hz: Samples a second.
        found: The :func:`decay` from the direct sound on, if known.

    Example:
        >>> room_measures(np.array([1.0]), 0, 16000)
        RoomMeasures(t30_s=None, t30_range=None, c50_db=None, drr_db=None)
    """
    found = found or decay(response[direct:], sample_rate_hz)
    seconds, range_ = reverberation_time(response[direct:], sample_rate_hz, found) or (None, None)
    heard = response[: direct + found.end]
    clarity = clarity_db(heard, direct, sample_rate_hz)
    return RoomMeasures(seconds, range_, clarity, direct_to_reverberant_db(heard, direct, sample_rate_hz))
