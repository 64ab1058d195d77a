"""Gates: how a level is switched on and off, found in an envelope."""

import math
from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.fitting.envelopes import Envelope

ON_SHARE = 0.25
"""A tone is on where its power is above this share of its level: at half of its amplitude."""
MOST_EDGES = 50
LONGEST_RAMP = 0.8
MOMENT = 0.1
"""Bursts and pauses that are shorter than this share of the usual burst are chance."""
SHORTEST_RISES = 2.0
"""A burst must be so much longer than the filter takes to rise, or nothing is known of its shape."""
MOST_UNEVEN, MOST_UNEVEN_FLAT = 0.3, 0.5
"""Deviation of the lengths of bursts, as a share of them: what comes and goes by chance has more."""
MOST_OF_IT = 0.5
CUT_OFF = 0.1
"""A burst whose end was not heard is one if it is shorter than this share of what was heard."""
CLEAR_PAUSES, FLAT, LONG_RISES, MANY = 0.02, 0.85, 10.0, 5
"""With pauses of less than that share of the power of bursts, that share of these within 3 dB of their level, and so
many bursts of so many rises of the filter, it is no chance."""
AT_90_TO_RAMP = 0.59
"""From 10 % to 90 % of a raised cosine takes this share of its whole length: (acos(-0.8) - acos(0.8)) / pi."""


@dataclass(frozen=True)
class Gate:
    """On and off.

    Attributes:
        starts_s: When bursts begin, at half of the amplitude.
        lengths_s: How long each is, from half to half.
        ramp_s: Length of a raised-cosine rise.
        level: Power while on.
        lost_s: Beginnings and ends of stretches that were not heard, shape (k, 2): they may hold any number of bursts.
    """

    starts_s: NDArray[np.float64]
    lengths_s: NDArray[np.float64]
    ramp_s: float
    level: float
    lost_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))

    def heard(self, begins_s: NDArray[np.float64], ends_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of some stretches, in order, were heard whole; shapes (n,)."""
        found = np.ones(begins_s.size, dtype=np.bool_)
        for low_s, high_s in self.lost_s:
            found &= (ends_s <= low_s) | (begins_s >= high_s)
        return found

    def periods_s(self) -> NDArray[np.float64]:
        """From each burst to the next, where all between them was heard."""
        return np.asarray(np.diff(self.starts_s)[self.heard(self.starts_s[:-1], self.starts_s[1:])])

    @property
    def on_s(self) -> float:
        """Length of a burst with its ramps."""
        return float(np.median(self.lengths_s)) + self.ramp_s

    @property
    def rate_hz(self) -> float:
        """Bursts a second; 0 if there are too few for a rate."""
        periods_s = self.periods_s()
        return 1 / float(np.median(periods_s)) if periods_s.size > 1 else 0.0

    def like(self, other: "Gate") -> float:
        """Share of the bursts of both that coincide within 40 ms, or a fifth of a burst."""
        near_s = max(0.04, 0.2 * min(self.on_s, other.on_s))
        hit = sum(bool(np.any(np.abs(other.starts_s - start) < near_s)) for start in self.starts_s)
        back = sum(bool(np.any(np.abs(self.starts_s - start) < near_s)) for start in other.starts_s)
        return (hit + back) / (self.starts_s.size + other.starts_s.size)


def gate_of(seen: Envelope, level: float) -> Gate | None:
    """Bursts of an envelope that has a plateau and pauses; None if it has not.

    What is there in the pauses is there in the bursts, too, and does not belong to their level.
    """
    amplitude = np.sqrt(np.where(seen.usable, seen.power, 0.0) / level)
    ups, downs = _runs(amplitude > math.sqrt(ON_SHARE))
    if ups.size == 0:
        return None
    whole = np.array(
        [seen.usable[up : down + 2].all() and seen.usable[max(0, up - 1)] for up, down in zip(ups, downs, strict=True)],
        dtype=np.bool_,
    )
    if ups.size == 1 and downs[0] - ups[0] < CUT_OFF * np.count_nonzero(seen.usable):
        whole[:] = True  # the only one that was heard, though perhaps not from its beginning or to its end
    ups, downs = ups[whole], downs[whole]
    rise_s = seen.rise_s()
    long_ = (downs - ups) / seen.rate_hz > 0.7 * rise_s
    ups, downs = ups[long_], downs[long_]
    if ups.size == 0:
        return None
    starts = (ups + _crossing(amplitude, ups)) / seen.rate_hz
    ends = (downs + _crossing(amplitude, downs)) / seen.rate_hz
    off = power_between(seen, downs, ups)
    if off > 0.2 * level:
        return None
    inner = np.concatenate([np.arange(up, down + 1) for up, down in zip(ups, downs, strict=True)])
    inner_power = seen.power[inner]
    # A plateau: most of a burst is within 3 dB of its level, where a struck resonance passes through in a moment.
    if not np.any(inner_power > level / 2) or np.mean(inner_power > level / 2) < 0.5:
        return None
    lengths = ends - starts
    if starts.size == 1 and lengths[0] * seen.rate_hz > MOST_OF_IT * np.count_nonzero(seen.usable):
        return None  # it is there all along, and a moment softer at the ends
    ramp_s = _ramp_s(seen, amplitude, ups, downs)
    near = np.mean((inner_power > level / 2) & (inner_power < 2 * level))
    many = ups.size >= MANY and np.median(lengths) > LONG_RISES * rise_s
    flat = many and off < CLEAR_PAUSES * level and near > FLAT
    uneven = MOST_UNEVEN_FLAT if flat else MOST_UNEVEN
    if np.std(lengths) > uneven * np.mean(lengths) or ramp_s > LONGEST_RAMP * np.median(lengths):
        return None
    if np.median(lengths) < SHORTEST_RISES * rise_s:
        return None
    # What is struck dies away slowly; what is switched off is gone within the time that it was on.
    if _fall_s(seen, amplitude, ups, downs) > np.median(lengths) + rise_s:
        return None
    plateau = float(np.median(inner_power[inner_power > level / 2])) - off
    return Gate(starts, lengths, ramp_s, plateau, _lost_s(seen))


def _lost_s(seen: Envelope) -> NDArray[np.float64]:
    """Stretches of an envelope that may not be looked at, away from its ends; shape (k, 2), in s."""
    edges = np.diff(np.concatenate([[True], seen.usable, [True]]).astype(np.int8))
    pairs = np.stack([np.flatnonzero(edges == -1), np.flatnonzero(edges == 1)], axis=1)
    away = (pairs[:, 0] > 0) & (pairs[:, 1] < seen.usable.size)
    return np.asarray(pairs[away] / seen.rate_hz)


def _runs(on: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Last samples before bursts and last samples of them, without the moments that chance makes of noise."""
    edges = np.diff(on.astype(np.int8))
    ups, downs = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if ups.size == 0 or downs.size == 0:
        return ups[:0], downs[:0]
    downs = downs[downs > ups[0]]
    ups = ups[: downs.size]
    lengths = np.sort(downs - ups)
    total = np.cumsum(lengths)
    if total.size == 0:
        return ups, downs
    # The length on both sides of which half of the time lies that is on.
    usual = lengths[np.searchsorted(total, total[-1] / 2)]
    gap = np.concatenate([[True], ups[1:] - downs[:-1] > MOMENT * usual])
    ups, downs = ups[gap], downs[np.concatenate([gap[1:], [True]])]
    long_ = downs - ups > MOMENT * usual
    return ups[long_], downs[long_]


def gate_gain(gate: Gate, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gain of a gate at given times: 0 to 1, with raised-cosine ramps about the half of the amplitude.

    Shapes: (n,) and (n,).
    """
    found = np.zeros(time_s.size)
    half = max(gate.ramp_s, 1e-4) / 2
    for start, length in zip(gate.starts_s, gate.lengths_s, strict=True):
        low, high = np.searchsorted(time_s, [start - half, start + length + half])
        part = time_s[low:high]
        up = np.clip((part - start + half) / (2 * half), 0, 1)
        down = np.clip((start + length + half - part) / (2 * half), 0, 1)
        gain = (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 - 0.5 * np.cos(np.pi * down))
        found[low:high] = np.maximum(found[low:high], gain)
    return found


def power_between(seen: Envelope, downs: NDArray[np.int64], ups: NDArray[np.int64]) -> float:
    """Power of the noise in the pauses, away from their edges; 0 if they are too short for that.

    Around a single burst all is pause. Powers of Gaussian noise are exponential: their median is ln 2 of their mean.
    """
    margin = math.ceil(seen.rise_s() * seen.rate_hz)
    if ups.size == 1:
        downs, ups = np.concatenate([[-margin], downs]), np.concatenate([ups, [seen.power.size + margin]])
    else:
        downs, ups = downs[:-1], ups[1:]
    # Beside what was not heard, bursts may have been cut off.
    whole = [(down + margin, up - margin) for down, up in zip(downs, ups, strict=True) if _all(seen.usable, down, up)]
    parts = [seen.power[begin:end] for begin, end in whole if end > begin]
    found = np.concatenate(parts or [np.zeros(1)])
    return float(np.median(found)) / math.log(2)


def level_while_on(seen: Envelope, gate: Gate) -> float:
    """Power of a tone where its gate is open, less that of the noise where it is closed; 0 if nothing is left.

    Medians, since knocks pass through; of noise alone it is ln 2 of the mean.
    """
    time_s = np.arange(seen.power.size) / seen.rate_hz
    gain = gate_gain(gate, time_s)
    margin = math.ceil(seen.rise_s() * seen.rate_hz)
    near = scipy.ndimage.maximum_filter1d(gain, 2 * margin + 1)
    far = scipy.ndimage.minimum_filter1d(gain, 2 * margin + 1)
    inside, outside = seen.power[seen.usable & (far == 1)], seen.power[seen.usable & (near == 0)]
    if inside.size == 0:
        return 0.0
    noise = float(np.median(outside)) / math.log(2) if outside.size else 0.0
    return max(0.0, float(np.median(inside)) - noise)


def _all(usable: NDArray[np.bool_], begin: int, end: int) -> bool:
    """Whether all samples of a stretch may be looked at; what reaches beyond the ends does not count."""
    return bool(usable[max(0, begin) : end].all())


def _crossing(amplitude: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where between a sample and the next the amplitude passes one half."""
    before, after = amplitude[places], amplitude[places + 1]
    return np.asarray((math.sqrt(ON_SHARE) - before) / np.where(after == before, 1.0, after - before))


def _ramp_s(seen: Envelope, amplitude: NDArray[np.float64], ups: NDArray[np.int64], downs: NDArray[np.int64]) -> float:
    """Length of the raised cosine of the rises, without what the filter adds to them."""
    some = _some(ups.size)
    rises = [_edge(amplitude, up, down, -1) for up, down in zip(ups[some], downs[some], strict=True)]
    # Rise times of stages that follow one another add up like deviations, in squares.
    own = max(0.0, (float(np.median(rises)) / seen.rate_hz) ** 2 - seen.rise_s() ** 2)
    return math.sqrt(own) / AT_90_TO_RAMP


def _fall_s(seen: Envelope, amplitude: NDArray[np.float64], ups: NDArray[np.int64], downs: NDArray[np.int64]) -> float:
    """Median time of the falls, from 90 % to 10 %."""
    some = _some(ups.size)
    falls = [_edge(amplitude, down, up, 1) for up, down in zip(ups[some], downs[some], strict=True)]
    return float(np.median(falls)) / seen.rate_hz


def _some(count: int) -> NDArray[np.int64]:
    """Places of at most fifty out of so many, evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_EDGES)).astype(np.int64))


def _edge(amplitude: NDArray[np.float64], edge: int, other: int, outwards: int) -> float:
    """Samples between 90 % and 10 % of a burst's median amplitude, at one of its edges."""
    top = float(np.median(amplitude[min(edge, other) : max(edge, other) + 1]))
    outside, inside = edge, edge
    while 0 < outside < amplitude.size - 1 and amplitude[outside] > 0.1 * top and abs(outside - edge) < 2000:
        outside += outwards
    while inside != other and amplitude[inside] < 0.9 * top:
        inside -= outwards
    beyond = (0.1 * top - amplitude[outside]) / max(amplitude[outside - outwards] - amplitude[outside], 1e-12)
    within = (amplitude[inside] - 0.9 * top) / max(
        amplitude[inside] - amplitude[min(inside + outwards, amplitude.size - 1)], 1e-12
    )
    return float(max(0.0, abs(outside - inside) - np.clip(beyond, 0, 1) - np.clip(within, 0, 1)))
