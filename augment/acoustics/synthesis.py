"""Equipment noise from figures: tones, pulses, shaped noise, and the bursts they come in.

Every function takes the number of samples and named random streams, and a longer output begins with the shorter one:
utterances of one block hear the same noise although they differ in length. Nothing loops, nothing repeats.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.filters import convolve
from augment.acoustics.levels import power
from augment.acoustics.spectrum import density_of_octaves

Streams = Callable[[str], np.random.Generator]
"""A random generator for each name; the same name gives the same generator in its initial state."""

CONTROL_HZ = 100
AT_ONCE_S = 0.1
"""Noise that comes and goes is heard within this time of the beginning."""


def drift(samples: int, sample_rate_hz: int, rng: np.random.Generator, deviation: float, time_s: float) -> Signal:
    """Slow random wander around zero: an Ornstein-Uhlenbeck process.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws the walk.
        deviation: Standard deviation, in the unit of whatever drifts.
        time_s: Time constant after which the wander has forgotten where it was.

    Returns:
        Shape (n,), linear between steps of 10 ms.

    Example:
        >>> drift(4, 16000, np.random.default_rng(1), 0.0, 1.0).tolist()
        [0.0, 0.0, 0.0, 0.0]
    """
    if deviation == 0:
        return np.zeros(samples)
    steps = math.ceil(samples * CONTROL_HZ / sample_rate_hz) + 1
    keep = math.exp(-1 / (CONTROL_HZ * time_s))
    shocks = rng.standard_normal(steps) * deviation
    shocks[1:] *= math.sqrt(1 - keep**2)  # the first value is drawn from where the walk settles
    walk = scipy.signal.lfilter([1.0], [1.0, -keep], shocks)
    return np.interp(np.arange(samples) / sample_rate_hz, np.arange(steps) / CONTROL_HZ, walk)


def harmonics(
    samples: int,
    sample_rate_hz: int,
    streams: Streams,
    fundamental_hz: float,
    level_db: Mapping[int, float],
    drift_hz: float = 0.0,
    drift_time_s: float = 1.0,
) -> Signal:
    """Tones locked to one drifting fundamental.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``phase`` draws the start phases, ``drift`` the wander of the fundamental.
        fundamental_hz: Frequency of the first harmonic.
        level_db: RMS level of each harmonic by its number; those above the Nyquist frequency are left out.
        drift_hz: Standard deviation of the fundamental.
        drift_time_s: Time constant of the drift.

    Returns:
        Shape (n,), continuous in phase.

    Example:
        >>> from augment.streams import generator
        >>> hum = harmonics(16000, 16000, generator, 50.0, {1: -20.0})
        >>> round(float(np.sqrt(np.mean(hum**2))), 6)
        0.1
    """
    frequency = fundamental_hz + drift(samples, sample_rate_hz, streams("drift"), drift_hz, drift_time_s)
    phase = 2 * np.pi * np.cumsum(frequency) / sample_rate_hz
    starts = streams("phase").uniform(0, 2 * np.pi, max(level_db))
    out = np.zeros(samples)
    for number, level in sorted(level_db.items()):
        if number * fundamental_hz < sample_rate_hz / 2:
            out += math.sqrt(2) * 10 ** (level / 20) * np.cos(number * phase + starts[number - 1])
    return out


def modulation(samples: int, sample_rate_hz: int, rng: np.random.Generator, rate_hz: float, depth: float) -> Signal:
    """Sinusoidal gain around 1 that keeps the mean power.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws the phase.
        rate_hz: Modulation frequency.
        depth: 0 (none) to 1 (down to silence).

    Example:
        >>> modulation(2, 16000, np.random.default_rng(1), 5.0, 0.0).tolist()
        [1.0, 1.0]
    """
    start = rng.uniform(0, 2 * np.pi)
    swing = np.cos(2 * np.pi * rate_hz * np.arange(samples) / sample_rate_hz + start)
    return np.asarray((1 + depth * swing) / math.sqrt(1 + depth**2 / 2))


def pulse_kernel(sample_rate_hz: int, resonances: Sequence[tuple[float, float, float]]) -> NDArray[np.float64]:
    """One knock: a sum of decaying sines, with energy 1 when all of them can be heard.

    Args:
        sample_rate_hz: Samples a second.
        resonances: For each: frequency in Hz, level in dB, time in s to fall by 60 dB. Those above the Nyquist
            frequency are left out, and their energy with them.

    Returns:
        Shape (k,).
    """
    # A sine of amplitude a that decays as exp(-bt) has the energy a^2 / 4b; b follows from 60 dB = 20 lg(e) b t.
    energy = sum(10 ** (level / 10) * decay_s / (12 * math.log(10)) for _, level, decay_s in resonances)
    heard = [r for r in resonances if r[0] < sample_rate_hz / 2]
    time = np.arange(math.ceil(max(r[2] for r in resonances) * sample_rate_hz)) / sample_rate_hz
    kernel = np.zeros(time.size)
    for frequency, level, decay_s in heard:
        kernel += 10 ** (level / 20) * np.sin(2 * np.pi * frequency * time) * 10 ** (-3 * time / decay_s)
    return np.asarray(kernel / math.sqrt(energy * sample_rate_hz))


def pulses(
    samples: int,
    sample_rate_hz: int,
    streams: Streams,
    kernel: NDArray[np.float64],
    rate_hz: float,
    jitter: float = 0.0,
    spread_db: float = 0.0,
    first_s: float = AT_ONCE_S,
) -> tuple[Signal, NDArray[np.bool_]]:
    """A train of knocks with its own regularity, at 0 dB RMS over a long time if knocks do not overlap.

    The first knock comes soon, however slow the train is: no item is left without it.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``first``, ``times`` and ``before`` draw the times, ``strengths`` the levels of the pulses.
        kernel: One pulse of energy 1, shape (k,).
        rate_hz: Pulses a second.
        jitter: Standard deviation of the interval, as a share of the period, 0 to 0.5.
        spread_db: Standard deviation of the level from pulse to pulse.
        first_s: Latest time of the first knock.

    Returns:
        Samples, and where a knock can be heard: from its beginning until it has fallen by about 30 dB. Shapes (n,).

    Example:
        >>> from augment.streams import generator
        >>> train, on = pulses(160000, 16000, generator, pulse_kernel(16000, [(900, 0, 0.02)]), 10.0)
        >>> bool(abs(10 * np.log10(np.mean(train**2))) < 0.1), round(float(on.mean()), 1)
        (True, 0.1)
    """
    period, reach = sample_rate_hz / rate_hz, kernel.size

    def steps(name: str, length: float) -> NDArray[np.float64]:
        count = math.ceil(length / period * (1 + jitter) + 10 * jitter * math.sqrt(length / period)) + 2
        return period * np.maximum(1 + jitter * streams(name).standard_normal(count), 0.1)

    first = streams("first").uniform(0, min(period, first_s * sample_rate_hz))
    after = first + np.concatenate([[0.0], np.cumsum(steps("times", samples))])
    before = first - np.cumsum(steps("before", reach))
    spread = spread_db * math.log(10) / 20
    strength_after = np.exp(spread * streams("strengths").standard_normal(after.size) - spread**2)
    strength_before = np.exp(spread * streams("strengths before").standard_normal(before.size) - spread**2)
    places = np.rint(np.concatenate([after, before])).astype(np.int64) + reach  # from one kernel before the start
    strength = np.concatenate([strength_after, strength_before])
    inside = (places >= 0) & (places < samples + reach)
    clicks = np.bincount(places[inside], strength[inside], samples + reach).astype(np.float64)
    onsets = np.bincount(places[inside], minlength=samples + reach)
    audible = np.cumsum(onsets) - np.concatenate(
        [np.zeros(reach // 2, int), np.cumsum(onsets)[: -(reach // 2) or None]]
    )
    train = convolve(clicks, kernel)[reach:] * math.sqrt(period)  # energy 1 in each period is power 1/period
    return train, audible[reach:] > 0


def octave_noise(
    samples: int, sample_rate_hz: int, rng: np.random.Generator, octave_levels_db: Mapping[float, float]
) -> Signal:
    """Gaussian noise with given octave-band levels.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws the noise.
        octave_levels_db: Level by octave-band centre in Hz. The RMS level of the noise is their power sum, less
            what lies above the Nyquist frequency.

    Returns:
        Shape (n,).

    Example:
        >>> noise = octave_noise(160000, 16000, np.random.default_rng(1), {500: -20.0, 1000: -20.0})
        >>> bool(abs(10 * np.log10(np.mean(noise**2)) + 17) < 0.3)
        True
    """
    size = 1 << math.ceil(math.log2(sample_rate_hz / 4))
    frequency = np.arange(size // 2 + 1, dtype=np.float64) * (sample_rate_hz / size)
    centre = np.array(sorted(octave_levels_db), dtype=np.float64)
    level = np.array([octave_levels_db[c] for c in sorted(octave_levels_db)], dtype=np.float64)
    bins = density_of_octaves(frequency, centre, level)
    if not np.any(bins):
        return np.zeros(samples)  # all of it lies above the Nyquist frequency
    taps = np.roll(scipy.fft.irfft(np.sqrt(bins), size), size // 2) * np.hanning(size + 1)[:-1]
    # White noise of power 1 through the filter: power is the energy of the taps, which must be the sum of the bins.
    taps *= math.sqrt(float(np.sum(bins)) / (power(taps) * size))
    return convolve(rng.standard_normal(samples + size), taps)[size:]


def bursts(
    samples: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
    on_s: float,
    off_s: float,
    ramp_s: float = 0.0,
    jitter: float = 0.0,
) -> tuple[Signal, NDArray[np.bool_]]:
    """Gain of a noise that comes and goes.

    The first sample lies inside a burst, at a random point of it but for the last tenth of a second: no item is left
    without the noise that its label promises, however short the utterance is.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws where the first burst stands, and the pauses.
        on_s: Length of a burst.
        off_s: Length of a pause.
        ramp_s: Rise and fall (raised cosine) inside the burst.
        jitter: Standard deviation of the pauses, as a share of ``off_s``.

    Returns:
        Gain from 0 to 1 and whether the noise is on, both of shape (n,).

    Example:
        >>> level, on = bursts(16000, 1000, np.random.default_rng(1), on_s=0.25, off_s=0.75)
        >>> bool(on[0]), round(float(on.mean()), 2)
        (True, 0.25)
    """
    on = max(1, round(on_s * sample_rate_hz))
    count = math.ceil(samples / max(1.0, (on_s + 0.1 * off_s) * sample_rate_hz)) + 2
    first = -rng.uniform(0, on - min(on, AT_ONCE_S * sample_rate_hz))
    pauses = off_s * sample_rate_hz * np.maximum(1 + jitter * rng.standard_normal(count), 0.1)
    starts = np.rint(first + np.concatenate([[0.0], np.cumsum(pauses + on)])).astype(np.int64)
    ramp = min(round(ramp_s * sample_rate_hz), on // 2)
    shape = np.ones(on)
    if ramp:
        rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp)
        shape[:ramp], shape[-ramp:] = rise, rise[::-1]
    level = np.zeros(samples)
    active = np.zeros(samples, dtype=np.bool_)
    for start in starts[(starts > -on) & (starts < samples)]:
        low, high = max(start, 0), min(start + on, samples)
        level[low:high] = shape[low - start : high - start]
        active[low:high] = True
    return level, active
