"""Trains of knocks: periodic, on a clock, at random, or in clusters.

As in :mod:`augment.acoustics.synthesis`, a longer train begins with the shorter one, and a ``lead`` changes nothing in
what follows it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.clock import Clock
from augment.acoustics.knock_sounds import Bank, Knocked
from augment.acoustics.quantiles import LevelSpread
from augment.acoustics.synthesis import AT_ONCE_S, Streams

SCATTERED = 4.0
"""Deviations beyond which a knock on a clock does not lie beside its place."""


class Levels(Protocol):
    """How the levels of knocks are distributed."""

    def gains(self, score: Signal) -> Signal:
        """Amplitudes at normal scores, of mean square 1 over the distribution."""


ALIKE = LevelSpread()


@dataclass(frozen=True)
class Clusters:
    """Knocks that come together.

    Attributes:
        size: Mean number of knocks of a cluster, 1 or more.
        length_s: Time over which they are spread, evenly on average, from the first of them.
    """

    size: float
    length_s: float


@dataclass(frozen=True)
class Moments:
    """Times of knocks in samples from the beginning, in both directions from it.

    Attributes:
        after: Counted forwards; more of them begin with fewer.
        before: Counted backwards.
    """

    after: NDArray[np.float64]
    before: NDArray[np.float64]


def pulses(
    samples: int,
    sample_rate_hz: int,
    streams: Streams,
    bank: Bank,
    rate_hz: float,
    jitter: float = 0.0,
    levels: Levels = ALIKE,
    first_s: float = AT_ONCE_S,
    lead: int = 0,
) -> tuple[Signal, NDArray[np.bool_]]:
    """A periodic train of knocks, with 0 dB RMS in the long run if they do not overlap.

    The first knock after the lead comes early, however slow the train is, so that every item contains one.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``first``, ``times`` and ``before`` draw the times, ``strengths`` and ``strengths before`` the levels
            of the pulses; of a bank of several, ``sounds`` and ``sounds before`` which one it is.
        bank: What a pulse sounds like.
        rate_hz: Pulses a second.
        jitter: Standard deviation of the interval, as a share of the period, 0 to 0.5.
        levels: Distribution of the level from pulse to pulse.
        first_s: Latest time of the first knock.
        lead: Samples before the beginning.

    Returns:
        Samples, and where a knock is audible: from its beginning until it has fallen by about 30 dB. Shapes
        (lead + n,).

    Example:
        >>> from augment.acoustics.knock_sounds import ringing
        >>> from augment.streams import generator
        >>> train, on = pulses(160000, 16000, generator, ringing(16000, [(900, 0, 0.02)]), 10.0)
        >>> bool(abs(10 * np.log10(np.mean(train**2))) < 0.1), round(float(on.mean()), 1)
        (True, 0.1)
    """
    period = sample_rate_hz / rate_hz

    def steps(rng: np.random.Generator, length: float) -> NDArray[np.float64]:
        # The time of the n-th knock scatters by jitter * sqrt(n) periods: ten deviations to spare.
        count = math.ceil(length / period * (1 + jitter) + 10 * jitter * math.sqrt(length / period)) + 2
        return period * np.maximum(1 + jitter * rng.standard_normal(count), 0.1)

    moments = _one_by_one(_Reach.of(bank, samples, lead), streams, period, steps, first_s * sample_rate_hz)
    return _train(samples, streams, bank, moments, period, levels, lead)


def pulses_on_clock(
    samples: int,
    streams: Streams,
    bank: Bank,
    clock: Clock,
    times: float,
    start: float,
    jitter: float = 0.0,
    levels: Levels = ALIKE,
    lead: int = 0,
) -> tuple[Signal, NDArray[np.bool_]]:
    """A train of knocks at fixed places of the turns of a clock, with 0 dB RMS in the long run.

    Args:
        samples: Wanted length n.
        streams: As of :func:`pulses`, without ``first``.
        bank: What a knock sounds like.
        clock: What the knocks keep to.
        times: Knocks in a turn.
        start: Share of a turn at which a knock comes.
        jitter: Standard deviation of a knock's distance from its place, as a share of the period. It does not add up.
        levels: Distribution of the level from knock to knock.
        lead: Samples before the beginning.

    Returns:
        Samples, and where a knock is audible, shapes (lead + n,).

    Example:
        >>> from augment.acoustics.knock_sounds import ringing
        >>> from augment.streams import generator
        >>> clock = Clock(16000, generator, 50.0)
        >>> train, _ = pulses_on_clock(160000, generator, ringing(16000, [(900, 0, 0.005)]), clock, 2, 0.0)
        >>> bool(abs(10 * np.log10(np.mean(train**2))) < 0.1)
        True
    """
    period, reach = clock.sample_rate_hz / (clock.rate_hz * times), _Reach.of(bank, samples, lead)
    margin = math.ceil((2 + SCATTERED * jitter) * period)  # of knocks that are scattered into what is heard
    early, length = reach.before + margin, reach.after + margin
    turns = clock.turns(length, early)
    at = np.arange(-early, length)
    # The n-th knock comes when the clock has turned n / times beyond the start. Number `begins` is the first after the
    # beginning: it is not scattered, since with a slow clock it is the one that has to be heard at once.
    first, last = (times * (float(turn) - start) for turn in (turns[0], turns[-1]))
    begins = math.ceil(times * (clock.ahead - start))

    def placed(numbers: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
        place = np.interp(start + numbers / times, turns, at)
        scatter = np.where(numbers == begins, 0.0, np.clip(rng.standard_normal(numbers.size), -SCATTERED, SCATTERED))
        return np.asarray(place + jitter * period * scatter)

    after = placed(np.arange(begins, math.floor(last) + 1), streams("times"))
    before = placed(np.arange(begins - 1, math.ceil(first) - 1, -1), streams("before"))
    return _train(samples, streams, bank, Moments(after, before), period, levels, lead)


def random_knocks(
    samples: int,
    sample_rate_hz: int,
    streams: Streams,
    bank: Bank,
    rate_hz: float,
    levels: Levels = ALIKE,
    first_s: float = AT_ONCE_S,
    lead: int = 0,
    clusters: Clusters | None = None,
) -> tuple[Signal, NDArray[np.bool_]]:
    """Knocks at random times, a Poisson process that begins near one of its knocks, with 0 dB RMS in the long run.

    With clusters it is a Neyman-Scott process: clusters begin as a Poisson process, and each has its first knock then
    and a Poisson number of others, of mean ``size - 1``, evenly distributed over its length.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: As of :func:`pulses`; ``cluster sizes`` and ``cluster times`` draw clusters, each with its ``before``.
        bank: What a knock sounds like.
        rate_hz: Mean number of knocks a second, whether they come in clusters or not.
        levels: Distribution of the level from knock to knock.
        first_s: Latest time of the first knock.
        lead: Samples before the beginning.
        clusters: How the knocks come together; one by one if not given.

    Returns:
        Samples, and where a knock is audible: from its beginning until it has fallen by about 30 dB. Shapes
        (lead + n,).

    Reference: Campbell's theorem: the power of knocks of energy 1 at random times is their rate. Neyman and Scott
    (1958), J. R. Stat. Soc. B 20:1.

    Example:
        >>> from augment.acoustics.knock_sounds import ringing
        >>> from augment.streams import generator
        >>> train, _ = random_knocks(1600000, 16000, generator, ringing(16000, [(900, 0, 0.02)]), 50.0)
        >>> bool(abs(10 * np.log10(np.mean(train**2))) < 0.5)
        True
    """
    size, length = (1.0, 0.0) if clusters is None else (clusters.size, clusters.length_s * sample_rate_hz)
    period = sample_rate_hz / rate_hz

    def steps(rng: np.random.Generator, length: float) -> NDArray[np.float64]:
        # A Poisson process of mean n has the standard deviation sqrt(n): ten of them to spare.
        between = period * size
        count = math.ceil(length / between + 10 * math.sqrt(length / between)) + 20
        return between * rng.standard_exponential(count)

    reach = _Reach.of(bank, samples, lead)
    first = first_s * sample_rate_hz
    if clusters is None:
        moments = _one_by_one(reach, streams, period, steps, first)
    else:
        begun = _one_by_one(_Reach(reach.after, reach.before + math.ceil(length)), streams, period * size, steps, first)
        moments = Moments(
            _clustered(begun.after, size, length, streams, ""),
            _clustered(begun.before, size, length, streams, " before"),
        )
    return _train(samples, streams, bank, moments, period, levels, lead)


def _clustered(
    begun: NDArray[np.float64], size: float, length: float, streams: Streams, which: str
) -> NDArray[np.float64]:
    """Times of the knocks of clusters, cluster by cluster, of which each begins with a knock."""
    others = streams(f"cluster sizes{which}").poisson(size - 1, begun.size)
    times = np.repeat(begun, others + 1)
    first = np.cumsum(others + 1) - (others + 1)
    later = np.ones(times.size, dtype=np.bool_)
    later[first] = False
    times[later] += length * streams(f"cluster times{which}").random(int(np.sum(others)))
    return times


@dataclass(frozen=True)
class _Reach:
    """How many samples after and before the beginning knocks must be known."""

    after: int
    before: int

    @classmethod
    def of(cls, bank: Bank, samples: int, lead: int) -> "_Reach":
        return cls(max(sound.reach(samples) for sound in bank.sounds), bank.samples + lead)


def _one_by_one(
    reach: _Reach,
    streams: Streams,
    period: float,
    steps: Callable[[np.random.Generator, float], NDArray[np.float64]],
    latest: float,
) -> Moments:
    """Knocks at the intervals that ``steps`` draws to cover a length, in both directions from the first. In samples."""
    first = streams("first").uniform(0, min(period, latest))
    after = first + np.concatenate([[0.0], np.cumsum(steps(streams("times"), reach.after))])
    return Moments(after, first - np.cumsum(steps(streams("before"), reach.before)))


def _train(
    samples: int, streams: Streams, bank: Bank, moments: Moments, period: float, levels: Levels, lead: int
) -> tuple[Signal, NDArray[np.bool_]]:
    """The sound of knocks, of power 1 if there is one in a period on average, and where one is audible."""

    def both(name: str, draw: Callable[[np.random.Generator, int], NDArray[np.float64]]) -> NDArray[np.float64]:
        parts = draw(streams(name), moments.after.size), draw(streams(f"{name} before"), moments.before.size)
        return np.concatenate(parts)

    places = np.rint(np.concatenate([moments.after, moments.before])).astype(np.int64)
    strengths = both("strengths", lambda rng, count: levels.gains(rng.standard_normal(count)))
    chosen = both("sounds", lambda rng, count: bank.chosen(rng, count).astype(np.float64))
    train, active = np.zeros(lead + samples), np.zeros(lead + samples, dtype=np.bool_)
    for index, (sound, gain) in enumerate(zip(bank.sounds, bank.gains(), strict=True)):
        mine = chosen == index
        fresh = streams(f"fresh {index}"), streams(f"fresh {index} before")
        after = int(np.count_nonzero(mine[: moments.after.size]))
        part = sound.train(Knocked(places[mine], strengths[mine], after, fresh), samples, lead)
        train += part * gain if len(bank.sounds) > 1 else part
        active |= _audible(places[mine] + lead, sound.samples, lead + samples)
    return train * math.sqrt(period), active  # energy 1 a period: power 1/period


def _audible(places: NDArray[np.int64], knock: int, length: int) -> NDArray[np.bool_]:
    """Where a knock is heard of those that begin at some samples."""
    begins = places + knock
    inside = (begins >= 0) & (begins < length + knock)
    begun = np.cumsum(np.bincount(begins[inside], minlength=length + knock))
    # Somewhere a knock is audible if more have begun than `over` samples before. In all of its length a knock falls by
    # 60 dB, in half of it by 30.
    over = knock // 2
    heard = begun - np.concatenate([np.zeros(over, int), begun[: -over or None]])
    return np.asarray(heard[knock:] > 0)
