"""Knocks: the sound of one, and trains of them, periodic or at random.

As in :mod:`augment.acoustics.synthesis`, a longer train begins with the shorter one, and a ``lead`` changes nothing in
what follows it.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.convolution import ImpulseResponse, convolve_in_chunks, whole_chunks
from augment.acoustics.synthesis import AT_ONCE_S, Streams


def pulse_kernel(sample_rate_hz: int, resonances: Sequence[tuple[float, float, float]]) -> NDArray[np.float64]:
    """One knock: a sum of decaying sines, of energy 1 if all of them lie below the Nyquist frequency.

    Args:
        sample_rate_hz: Samples a second.
        resonances: For each: frequency in Hz, level in dB, time in s to fall by 60 dB. Those above the Nyquist
            frequency are left out, and their energy with them.

    Returns:
        Shape (k,).

    Example:
        >>> knock = pulse_kernel(16000, [(1000, 0, 0.02), (3000, -6, 0.01)])
        >>> knock.size, bool(abs(np.sum(knock**2) - 1) < 0.05)
        (320, True)
    """
    time = np.arange(math.ceil(max(r[2] for r in resonances) * sample_rate_hz)) / sample_rate_hz
    kernel, energy = np.zeros(time.size), 0.0
    for frequency, level, decay_s in resonances:
        if frequency >= sample_rate_hz / 2:
            # Sine squared is 1/2 on average, so a exp(-bt) sin(wt) has the energy of a^2 / 2 exp(-2bt), a^2 / 4b. It
            # falls by 20 lg(e) b dB a second, that is by 60 dB in T = 3 ln(10) / b: the energy is a^2 T / (12 ln 10).
            energy += 10 ** (level / 10) * decay_s / (12 * math.log(10)) * sample_rate_hz
            continue
        envelope = 10 ** (-3 * time / decay_s)
        sine = np.sin(2 * np.pi * frequency * time) * envelope
        # A decaying sine has a positive mean, and a train of them a constant pressure, which no source can radiate:
        # it is taken out, in the shape of the envelope.
        part = 10 ** (level / 20) * (sine - envelope * np.sum(sine) / np.sum(envelope))
        energy += float(np.sum(part * part))
        kernel += part
    return np.asarray(kernel / math.sqrt(energy))


def pulses(
    samples: int,
    sample_rate_hz: int,
    streams: Streams,
    kernel: NDArray[np.float64],
    rate_hz: float,
    jitter: float = 0.0,
    spread_db: float = 0.0,
    first_s: float = AT_ONCE_S,
    lead: int = 0,
) -> tuple[Signal, NDArray[np.bool_]]:
    """A periodic train of knocks, with 0 dB RMS in the long run if they do not overlap.

    The first knock after the lead comes early, however slow the train is, so that every item contains one.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``first``, ``times`` and ``before`` draw the times, ``strengths`` and ``strengths before`` the levels
            of the pulses.
        kernel: One pulse of energy 1, shape (k,).
        rate_hz: Pulses a second.
        jitter: Standard deviation of the interval, as a share of the period, 0 to 0.5.
        spread_db: Standard deviation of the level from pulse to pulse.
        first_s: Latest time of the first knock.
        lead: Samples before the beginning.

    Returns:
        Samples, and where a knock is audible: from its beginning until it has fallen by about 30 dB. Shapes
        (lead + n,).

    Example:
        >>> from augment.streams import generator
        >>> train, on = pulses(160000, 16000, generator, pulse_kernel(16000, [(900, 0, 0.02)]), 10.0)
        >>> bool(abs(10 * np.log10(np.mean(train**2))) < 0.1), round(float(on.mean()), 1)
        (True, 0.1)
    """
    period = sample_rate_hz / rate_hz

    def steps(rng: np.random.Generator, length: float) -> NDArray[np.float64]:
        # The time of the n-th knock scatters by jitter * sqrt(n) periods: ten deviations to spare.
        count = math.ceil(length / period * (1 + jitter) + 10 * jitter * math.sqrt(length / period)) + 2
        return period * np.maximum(1 + jitter * rng.standard_normal(count), 0.1)

    return _train(samples, streams, kernel, period, steps, spread_db, first_s * sample_rate_hz, lead)


def random_knocks(
    samples: int,
    sample_rate_hz: int,
    streams: Streams,
    kernel: NDArray[np.float64],
    rate_hz: float,
    spread_db: float = 0.0,
    first_s: float = AT_ONCE_S,
    lead: int = 0,
) -> tuple[Signal, NDArray[np.bool_]]:
    """Knocks at random times, a Poisson process that begins near one of its knocks, with 0 dB RMS in the long run.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``first``, ``times`` and ``before`` draw the times, ``strengths`` and ``strengths before`` the levels
            of the knocks.
        kernel: One knock of energy 1, shape (k,).
        rate_hz: Mean number of knocks a second.
        spread_db: Standard deviation of the level from knock to knock.
        first_s: Latest time of the first knock.
        lead: Samples before the beginning.

    Returns:
        Samples, and where a knock is audible: from its beginning until it has fallen by about 30 dB. Shapes
        (lead + n,).

    Reference: Campbell's theorem: the power of knocks of energy 1 at random times is their rate.

    Example:
        >>> from augment.streams import generator
        >>> train, _ = random_knocks(1600000, 16000, generator, pulse_kernel(16000, [(900, 0, 0.02)]), 50.0)
        >>> bool(abs(10 * np.log10(np.mean(train**2))) < 0.5)
        True
    """
    period = sample_rate_hz / rate_hz

    def steps(rng: np.random.Generator, length: float) -> NDArray[np.float64]:
        # A Poisson process of mean n has the standard deviation sqrt(n): ten of them to spare.
        count = math.ceil(length / period + 10 * math.sqrt(length / period)) + 20
        return period * rng.standard_exponential(count)

    return _train(samples, streams, kernel, period, steps, spread_db, first_s * sample_rate_hz, lead)


def _train(
    samples: int,
    streams: Streams,
    kernel: NDArray[np.float64],
    period: float,
    steps: Callable[[np.random.Generator, float], NDArray[np.float64]],
    spread_db: float,
    latest: float,
    lead: int,
) -> tuple[Signal, NDArray[np.bool_]]:
    """Knocks at the intervals that ``steps`` draws to cover a length, in both directions from the first. In samples."""
    response = ImpulseResponse(kernel)
    early, length = kernel.size + lead, whole_chunks(samples, response)
    first = streams("first").uniform(0, min(period, latest))
    after = first + np.concatenate([[0.0], np.cumsum(steps(streams("times"), length))])
    before = first - np.cumsum(steps(streams("before"), early))
    # In nepers a level is spread * z; E[exp(2 spread z)] = exp(2 spread^2), so exp(-spread^2) makes the mean square 1.
    spread = spread_db * math.log(10) / 20
    strength_after = np.exp(spread * streams("strengths").standard_normal(after.size) - spread**2)
    strength_before = np.exp(spread * streams("strengths before").standard_normal(before.size) - spread**2)
    places = np.rint(np.concatenate([after, before])).astype(np.int64) + early  # from one kernel before the lead
    strength = np.concatenate([strength_after, strength_before])
    inside = (places >= 0) & (places < length + early)
    clicks = np.bincount(places[inside], strength[inside], length + early).astype(np.float64)
    begun = np.cumsum(np.bincount(places[inside], minlength=length + early))
    # Somewhere a knock is audible if more have begun than `over` samples before. In all of its kernel a knock falls by
    # 60 dB, in half of it by 30.
    over = kernel.size // 2
    audible = begun - np.concatenate([np.zeros(over, int), begun[: -over or None]])
    heard = slice(kernel.size, early + samples)
    train = convolve_in_chunks(clicks, response, early)[heard] * math.sqrt(period)  # energy 1 a period: power 1/period
    return train, audible[heard] > 0
