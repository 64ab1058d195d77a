"""Noise that comes and goes: bursts with a regularity of their own."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.quantiles import LevelSpread
from augment.acoustics.synthesis import AT_ONCE_S, Streams

SHORTEST = 0.1
"""Shortest burst and shortest pause, as a share of the mean."""


@dataclass(frozen=True)
class BurstPattern:
    """How a noise comes and goes.

    Attributes:
        on_s: Mean length of a burst.
        off_s: Mean length of a pause.
        ramp_s: Rise and fall (raised cosine) inside the burst.
        jitter: Standard deviation of the pauses, as a share of ``off_s``.
        on_spread: Standard deviation of the bursts, as a share of ``on_s``: they are log-normally distributed.
        level_spread_db: Standard deviation of the level from burst to burst.
    """

    on_s: float
    off_s: float
    ramp_s: float = 0.0
    jitter: float = 0.0
    on_spread: float = 0.0
    level_spread_db: float = 0.0


def bursts(
    samples: int, sample_rate_hz: int, streams: Streams, pattern: BurstPattern, lead: int = 0
) -> tuple[Signal, NDArray[np.bool_]]:
    """Gain of an intermittent noise.

    The first sample after the lead is in a burst, at a random point of it that leaves at least a tenth of a second: an
    item has the noise that its label promises, however short the utterance. Bursts never overlap.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``bursts`` draws where the first burst begins, and the pauses; ``burst lengths`` and ``burst levels``
            what differs between bursts. Each has a stream for the lead, with ``before`` behind its name.
        pattern: Lengths, and how they vary.
        lead: Samples before the beginning.

    Returns:
        Gain, of mean square 1 while it is fully on, and whether the noise is on, both of shape (lead + n,).

    Example:
        >>> from augment.streams import generator
        >>> level, on = bursts(16000, 1000, generator, BurstPattern(on_s=0.25, off_s=0.75))
        >>> bool(on[0]), round(float(on.mean()), 2)
        (True, 0.25)
    """
    draws = streams("bursts")
    after, gains = _Run(sample_rate_hz, pattern).drawn(streams, "", samples)
    on = after[0]
    first = -draws.uniform(0, on - min(on, AT_ONCE_S * sample_rate_hz))
    run = _Run(sample_rate_hz, pattern)
    starts = first + np.concatenate([[0.0], np.cumsum(run.pauses(draws, after.size - 1) + after[:-1])])
    lengths = after
    if lead:
        before, softer = run.drawn(streams, " before", lead)
        back = first - np.cumsum(run.pauses(streams("bursts before"), before.size) + before)
        starts = np.concatenate([back[::-1], starts])
        lengths, gains = np.concatenate([before[::-1], after]), np.concatenate([softer[::-1], gains])
    level, active = np.zeros(lead + samples), np.zeros(lead + samples, dtype=np.bool_)
    places = np.rint(starts).astype(np.int64) + lead
    ramp = round(pattern.ramp_s * sample_rate_hz)
    for start, length, gain in zip(places.tolist(), lengths.tolist(), gains.tolist(), strict=True):
        low, high = max(start, 0), min(start + length, lead + samples)
        if low < high:
            level[low:high] = gain * _burst(length, min(ramp, length // 2))[low - start : high - start]
            active[low:high] = True
    return level, active


@dataclass(frozen=True)
class _Run:
    """Bursts and pauses at a sample rate."""

    sample_rate_hz: int
    pattern: BurstPattern

    def drawn(self, streams: Streams, which: str, samples: int) -> tuple[NDArray[np.int64], Signal]:
        """Lengths in samples and gains of as many bursts as so many samples can hold."""
        p, count = self.pattern, self._count(samples)
        mean = p.on_s * self.sample_rate_hz
        on = np.full(count, max(1, round(mean)), dtype=np.int64)
        if p.on_spread > 0:
            # exp(s z - s^2 / 2) has the mean 1 and the variance exp(s^2) - 1.
            s = math.sqrt(math.log1p(p.on_spread**2))
            score = streams(f"burst lengths{which}").standard_normal(count)
            length = mean * np.maximum(np.exp(s * score - s * s / 2), SHORTEST)
            on = np.maximum(np.rint(length), 1).astype(np.int64)
        if p.level_spread_db == 0:
            return on, np.ones(count)
        return on, LevelSpread(p.level_spread_db).gains(streams(f"burst levels{which}").standard_normal(count))

    def pauses(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Lengths of pauses in samples."""
        off = self.pattern.off_s * self.sample_rate_hz
        return off * np.maximum(1 + self.pattern.jitter * rng.standard_normal(count), SHORTEST)

    def _count(self, samples: int) -> int:
        p = self.pattern
        on = max(1.0, p.on_s * self.sample_rate_hz * (SHORTEST if p.on_spread else 1))
        return math.ceil(samples / (on + SHORTEST * p.off_s * self.sample_rate_hz)) + 3


def _burst(samples: int, ramp: int) -> Signal:
    """Gain of one burst: 1, with a raised cosine of ``ramp`` samples at both ends."""
    shape = np.ones(samples)
    if ramp:
        rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp)
        shape[:ramp], shape[-ramp:] = rise, rise[::-1]
    return shape
