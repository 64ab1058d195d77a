"""A clock that several sounds keep to: it turns at a rate that drifts, and whatever is on it stays locked."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.synthesis import Streams, turned


@dataclass(frozen=True)
class Clock:
    """Something that turns: the mains, a shaft, the slices of a scan.

    Attributes:
        sample_rate_hz: Samples a second.
        streams: ``drift`` and ``drift before`` draw the drift.
        rate_hz: Turns a second.
        drift_hz: Standard deviation of the rate, much smaller than it.
        drift_time_s: Time constant of the drift.
        ahead: How far it has turned at the beginning, as a share of a turn.

    Example:
        >>> from augment.streams import generator
        >>> Clock(1000, generator, 250.0, ahead=0.5).turns(3).round(9).tolist()
        [0.75, 1.0, 1.25]
    """

    sample_rate_hz: int
    streams: Streams
    rate_hz: float
    drift_hz: float = 0.0
    drift_time_s: float = 1.0
    ahead: float = 0.0

    def phase(self, samples: int, lead: int = 0) -> Signal:
        """Its angle without ``ahead``, in radians, shape (lead + samples,)."""
        wander = (self.drift_hz, self.drift_time_s)
        return turned(samples, self.sample_rate_hz, self.streams, self.rate_hz, *wander, lead)

    def turns(self, samples: int, lead: int = 0) -> Signal:
        """How often it has turned, shape (lead + samples,); it goes on, and is negative far before the beginning."""
        return self.ahead + self.phase(samples, lead) / (2 * math.pi)


def gate(turns: Signal, share: float, ramp: float) -> tuple[Signal, NDArray[np.bool_]]:
    """Gain of a noise that a clock switches: open from the beginning of each turn for a share of it.

    Args:
        turns: How often the clock has turned, shape (n,).
        share: Share of a turn for which it is open, 0 to 1.
        ramp: Rise and fall (raised cosine) inside of that, as a share of a turn; at most half of ``share``.

    Returns:
        Gain from 0 to 1 and whether the noise is on, both of shape (n,).

    Example:
        >>> level, on = gate(np.array([0.0, 0.2, 0.6, 1.1]), 0.5, 0.2)
        >>> level.round(3).tolist(), on.tolist()
        ([0.0, 1.0, 0.0, 0.5], [True, True, False, True])
    """
    place = turns % 1.0
    on = place < share
    ramp = min(ramp, share / 2)
    if ramp == 0:
        return on.astype(np.float64), on
    edge = np.clip(np.minimum(place, share - place) / ramp, 0, 1)  # 0 outside, 1 beyond the ramps
    return 0.5 - 0.5 * np.cos(np.pi * edge), on


def swing(turns: Signal, depth: float) -> Signal:
    """Sinusoidal gain around 1 that keeps the mean power, loudest at the beginning of each turn.

    Args:
        turns: How often the clock has turned, shape (n,).
        depth: 0 (none) to 1 (down to silence).

    Returns:
        Shape (n,).

    Example:
        >>> swing(np.array([0.0, 0.25, 0.5]), 1.0).round(3).tolist()
        [1.633, 0.816, 0.0]
    """
    # The mean of (1 + d cos)^2 over a turn is 1 + d^2 / 2.
    return np.asarray((1 + depth * np.cos(2 * np.pi * turns)) / math.sqrt(1 + depth**2 / 2))
