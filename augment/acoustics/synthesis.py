"""Synthesis of equipment noise: tones, shaped noise, and the swing of their level.

Every function takes the number of samples and named random streams, and a longer output begins with the shorter one:
the utterances of a block hear the same noise although they differ in length. Nothing loops, nothing repeats.

A ``lead`` asks for sound before the beginning too, for a room to respond to: the output is that many samples longer,
what follows the lead is the same as without it, and a longer lead ends with the shorter one. What lies before the
beginning is drawn backwards in time, from random streams of its own.
"""

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.quantiles import LevelSpread
from augment.acoustics.recursion import recursive
from augment.acoustics.shaping import band_density, shaped_noise
from augment.acoustics.spectrum import OCTAVE_EDGE, THIRD_OCTAVE_EDGE

Streams = Callable[[str], np.random.Generator]
"""Maps a name to a random generator; the same name always gives the same generator in its initial state."""

CONTROL_HZ = 100
AT_ONCE_S = 0.1
"""Intermittent noise is heard within this time from the beginning."""


def drift(
    samples: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
    deviation: float,
    time_s: float,
    lead: int = 0,
    rng_before: np.random.Generator | None = None,
) -> Signal:
    """Slow random walk that is drawn back to zero: an Ornstein-Uhlenbeck process.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws the walk.
        deviation: Standard deviation, in the unit of whatever drifts.
        time_s: Time T over which its autocorrelation exp(-|t|/T) falls to 1/e.
        lead: Samples before the beginning.
        rng_before: Draws the walk back through the lead: the process is the same in both directions of time.

    Returns:
        Shape (lead + n,), interpolated linearly between steps of 10 ms.

    Example:
        >>> drift(4, 16000, np.random.default_rng(1), 0.0, 1.0).tolist()
        [0.0, 0.0, 0.0, 0.0]
    """
    if deviation == 0:
        return np.zeros(lead + samples)
    steps = math.ceil(samples * CONTROL_HZ / sample_rate_hz) + 1
    # x[k+1] = p x[k] + e[k] has the autocorrelation p^|k|: p = exp(-step / T). Its variance s^2 is stationary if
    # s^2 = p^2 s^2 + var(e), that is with shocks of the variance s^2 (1 - p^2).
    keep = math.exp(-1 / (CONTROL_HZ * time_s))
    shocks = rng.standard_normal(steps) * deviation
    shocks[1:] *= math.sqrt(1 - keep**2)  # the first value is drawn from the stationary distribution
    walk = recursive([1.0], [1.0, -keep], shocks)
    steps_before = math.ceil(lead * CONTROL_HZ / sample_rate_hz)
    if steps_before:
        shocks = before_of(rng_before).standard_normal(steps_before) * deviation * math.sqrt(1 - keep**2)
        back = recursive([1.0], [1.0, -keep], shocks, np.array([keep * walk[0]]))
        walk = np.concatenate([back[::-1], walk])
    place = np.arange(-steps_before, steps) / CONTROL_HZ
    return np.interp(np.arange(-lead, samples) / sample_rate_hz, place, walk)


def before_of(rng: np.random.Generator | None) -> np.random.Generator:
    """The generator for what lies before the beginning; without one there can be no lead."""
    if rng is None:
        raise ValueError("a lead needs a random generator of its own: pass rng_before")
    return rng


def turned(
    samples: int,
    sample_rate_hz: int,
    streams: Streams,
    rate_hz: float,
    drift_hz: float = 0.0,
    drift_time_s: float = 1.0,
    lead: int = 0,
) -> Signal:
    """Angle of something that turns at a rate that drifts.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``drift`` (and ``drift before``) draws the drift.
        rate_hz: Turns a second.
        drift_hz: Standard deviation of the rate.
        drift_time_s: Time constant of the drift.
        lead: Samples before the beginning.

    Returns:
        Radians, shape (lead + n,).

    Example:
        >>> from augment.streams import generator
        >>> (turned(2, 1000, generator, 250.0) / np.pi).tolist()
        [0.5, 1.0]
    """
    wander = drift(samples, sample_rate_hz, streams("drift"), drift_hz, drift_time_s, lead, streams("drift before"))
    frequency = rate_hz + wander
    # Phase is the integral of frequency.
    turns = np.cumsum(frequency[lead:])
    if lead:  # counted back from the beginning, so that the phase there does not depend on the lead
        back = -np.cumsum(np.concatenate([[0.0], frequency[lead - 1 : 0 : -1]]))
        turns = np.concatenate([back[::-1], turns])
    return np.asarray(2 * np.pi * turns / sample_rate_hz)


def harmonics(
    phase: Signal,
    sample_rate_hz: int,
    streams: Streams,
    fundamental_hz: float,
    level_db: Mapping[int, float],
) -> Signal:
    """Harmonics of one fundamental.

    Args:
        phase: Angle of the fundamental in radians, of :func:`turned`, shape (n,).
        sample_rate_hz: Samples a second.
        streams: ``phase`` draws the start phases.
        fundamental_hz: Frequency of the first harmonic, without its drift.
        level_db: RMS level of each harmonic by its number; those above the Nyquist frequency are left out.

    Returns:
        Shape (n,), continuous in phase.

    Example:
        >>> from augment.streams import generator
        >>> hum = harmonics(turned(16000, 16000, generator, 50.0), 16000, generator, 50.0, {1: -20.0})
        >>> round(float(np.sqrt(np.mean(hum**2))), 6)
        0.1
    """
    starts = streams("phase").uniform(0, 2 * np.pi, max(level_db))
    parts = [(number, level, starts[number - 1]) for number, level in sorted(level_db.items())]
    return _tones(phase, sample_rate_hz, fundamental_hz, parts)


def partials(
    phase: Signal,
    sample_rate_hz: int,
    streams: Streams,
    fundamental_hz: float,
    level_db: Mapping[float, float],
) -> Signal:
    """Tones at any ratios to one fundamental, which they keep while it drifts.

    Args:
        phase: Angle of the fundamental in radians, of :func:`turned`, shape (n,).
        sample_rate_hz: Samples a second.
        streams: ``phase`` draws the start phases.
        fundamental_hz: What the ratios are of, without its drift.
        level_db: RMS level of each partial by its ratio; those above the Nyquist frequency are left out.

    Returns:
        Shape (n,), continuous in phase.

    Example:
        >>> from augment.streams import generator
        >>> bar = partials(turned(16000, 16000, generator, 400.0), 16000, generator, 400.0, {1: -23.0, 2.756: -23.0})
        >>> round(float(10 * np.log10(np.mean(bar**2))), 1)
        -20.0
    """
    starts = streams("phase").uniform(0, 2 * np.pi, len(level_db))
    parts = [(ratio, level, start) for (ratio, level), start in zip(sorted(level_db.items()), starts, strict=True)]
    return _tones(phase, sample_rate_hz, fundamental_hz, parts)


def _tones(
    phase: Signal, sample_rate_hz: int, fundamental_hz: float, parts: Iterable[tuple[float, float, float]]
) -> Signal:
    """Sines at multiples of one phase, which stay locked while it drifts: ratio, RMS level in dB, start in radians."""
    out = np.zeros(phase.size)
    for ratio, level, start in parts:
        if ratio * fundamental_hz < sample_rate_hz / 2:
            # A sine of RMS level L has the amplitude sqrt(2) 10^(L/20).
            out += math.sqrt(2) * 10 ** (level / 20) * np.cos(ratio * phase + start)
    return out


def modulation(
    samples: int, sample_rate_hz: int, rng: np.random.Generator, rate_hz: float, depth: float, lead: int = 0
) -> Signal:
    """Sinusoidal gain around 1 that keeps the mean power.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws the phase.
        rate_hz: Modulation frequency.
        depth: 0 (none) to 1 (down to silence).
        lead: Samples before the beginning.

    Returns:
        Shape (lead + n,).

    Example:
        >>> modulation(2, 16000, np.random.default_rng(1), 5.0, 0.0).tolist()
        [1.0, 1.0]
    """
    start = rng.uniform(0, 2 * np.pi)
    # The mean of (1 + d cos)^2 over a period is 1 + d^2 / 2.
    swing = np.cos(2 * np.pi * rate_hz * np.arange(-lead, samples) / sample_rate_hz + start)
    return np.asarray((1 + depth * swing) / math.sqrt(1 + depth**2 / 2))


def octave_noise(
    samples: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
    octave_levels_db: Mapping[float, float],
    lead: int = 0,
    rng_before: np.random.Generator | None = None,
) -> Signal:
    """Gaussian noise with given octave-band levels.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws the noise.
        octave_levels_db: Level by octave-band centre in Hz. The RMS level of the noise is their power sum, without
            what lies above the Nyquist frequency.
        lead: Samples before the beginning.
        rng_before: Draws the noise of the lead.

    Returns:
        Shape (lead + n,).

    Example:
        >>> noise = octave_noise(160000, 16000, np.random.default_rng(1), {500: -20.0, 1000: -20.0})
        >>> bool(abs(10 * np.log10(np.mean(noise**2)) + 17) < 0.3)
        True
    """
    density = band_density(octave_levels_db, sample_rate_hz, OCTAVE_EDGE)
    return shaped_noise(samples, density, rng, lead, rng_before)


def third_octave_noise(
    samples: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
    third_octave_levels_db: Mapping[float, float],
    lead: int = 0,
    rng_before: np.random.Generator | None = None,
) -> Signal:
    """Gaussian noise with given third-octave-band levels.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws the noise.
        third_octave_levels_db: Level by band centre in Hz. The RMS level of the noise is their power sum, without
            what lies above the Nyquist frequency.
        lead: Samples before the beginning.
        rng_before: Draws the noise of the lead.

    Returns:
        Shape (lead + n,).

    Reference: bands from centre / 10^0.05 to centre x 10^0.05, IEC 61260-1 (base 10).

    Example:
        >>> noise = third_octave_noise(160000, 16000, np.random.default_rng(1), {800: -20.0, 1000: -20.0})
        >>> bool(abs(10 * np.log10(np.mean(noise**2)) + 17) < 0.3)
        True
    """
    density = band_density(third_octave_levels_db, sample_rate_hz, THIRD_OCTAVE_EDGE)
    return shaped_noise(samples, density, rng, lead, rng_before)


def wander(
    samples: int, sample_rate_hz: int, streams: Streams, deviation_db: float, time_s: float, lead: int = 0
) -> Signal:
    """Gain around 1 that wanders and keeps the mean power.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``wander`` (and ``wander before``) draws the walk: see :func:`drift`.
        deviation_db: Standard deviation of the level.
        time_s: Time over which the autocorrelation of the level falls to 1/e.
        lead: Samples before the beginning.

    Returns:
        Shape (lead + n,).

    Example:
        >>> from augment.streams import generator
        >>> gain = wander(1600000, 16000, generator, 2.0, 0.1)
        >>> bool(abs(np.mean(gain**2) - 1) < 0.1), bool(abs(np.std(20 * np.log10(gain)) - 2) < 0.2)
        (True, True)
    """
    walk = drift(samples, sample_rate_hz, streams("wander"), 1.0, time_s, lead, streams("wander before"))
    return LevelSpread(deviation_db).gains(walk)
