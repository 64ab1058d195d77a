"""Alarms: tones that are switched in a pattern that comes again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.fitting.voices import Voice

HALF_TO_90 = 0.295
"""From half to 90 % of a raised cosine takes this share of it: (acos(-0.8) - acos(0)) / pi."""
TEN_TO_90 = 0.59
"""From 10 % to 90 %."""
LONGEST_GAP_SHARE = 0.6
"""Gaps of this share of the longest one are those between bursts."""
EVEN = 0.12
"""Gaps that differ by no more than this share are of one kind."""
TOGETHER = 0.7
LEAST_GAP_RISES = 2.05
"""A gap must hold a rise and a fall, or the pulses run into one another."""
MOST_PULSES = 50


@dataclass(frozen=True)
class Pattern:
    """Bursts of tone pulses. Times between points at 90 % of the amplitude.

    Attributes:
        pulse_s: Length of a pulse.
        rise_s: From 10 % to 90 %.
        spacings_s: Gaps within a burst.
        interval_s: Gap between bursts.
        jitter: Deviation of that, as a share of it.
        pulse_hz: Frequency of each pulse.
        levels_db: Level of partials by their ratio to it, at the height of a pulse.
        bursts: How many whole bursts were heard.
    """

    pulse_s: float
    rise_s: float
    spacings_s: tuple[float, ...]
    interval_s: float
    jitter: float
    pulse_hz: tuple[float, ...]
    levels_db: dict[float, float]
    bursts: int


def alarm_of(voices: Sequence[Voice]) -> Pattern | None:
    """The alarm that some switched voices make together; None if their pulses come at even distances, or in no order.

    Voices that sound in the same pulses are partials of one; such as sound in others are its other pulses.
    """
    parts = _parts([voice for voice in voices if voice.gate is not None])
    if not parts:
        return None
    onsets, lengths, owners = _pulses(parts)
    ramp_s = float(np.median([voice.gate.ramp_s for part in parts for voice in part if voice.gate is not None]))
    gaps = onsets[1:] - (onsets[:-1] + lengths[:-1])
    if gaps.size < 1 or np.any(gaps < -0.01):
        return None
    one = parts[0][0].gate
    assert one is not None  # parts have one, all of the same recording
    heard = one.heard(onsets[:-1], onsets[1:])
    if not heard.any() or (len(parts) == 1 and np.std(gaps[heard]) < EVEN * np.mean(gaps[heard])):
        return None
    whole = _whole(gaps, heard)
    # Pulses of several frequencies belong together, even in one burst only; others may not.
    if not whole or (len(whole) < 2 and len(parts) == 1):
        return None
    within = np.array([gaps[burst[:-1]] for burst in whole])  # shape (bursts, spacings)
    if np.any(np.std(within, axis=0) > EVEN * np.mean(within, axis=0)):  # what comes by chance comes in no order
        return None
    spacings = [float(value) for value in np.median(within, axis=0)]
    between = np.array([gaps[burst[0] - 1] for burst in whole if burst[0] > 0 and heard[burst[0] - 1]])
    if between.size == 0:
        return None
    middle = 2 * HALF_TO_90 * ramp_s
    interval_s = float(np.median(between)) + middle
    if min([*(spacing + middle for spacing in spacings), interval_s]) < LEAST_GAP_RISES * TEN_TO_90 * ramp_s:
        return None  # what rises and falls all the time has no pulses
    lead = [_lead(part) for part in parts]
    order = [owners[place] for place in whole[0]]
    return Pattern(
        max(0.01, float(np.median(lengths)) - middle),
        TEN_TO_90 * ramp_s,
        tuple(spacing + middle for spacing in spacings),
        interval_s,
        min(0.5, float(np.std(between)) / interval_s) if between.size > 2 else 0.0,
        tuple(lead[owner].fundamental_hz for owner in order) if len(parts) > 1 else (lead[0].fundamental_hz,),
        _levels(parts),
        len(whole),
    )


def _whole(gaps: NDArray[np.float64], heard: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Numbers of the pulses of each burst that has as many as is usual; none if the bursts are of no usual size.

    Args:
        gaps: From each pulse to the next, in s.
        heard: Which of these were heard whole; at least one.
    """
    breaks = ~heard | (gaps > LONGEST_GAP_SHARE * float(np.max(gaps[heard])))
    bursts = np.split(np.arange(gaps.size + 1), np.flatnonzero(breaks) + 1)
    # The first and the last may be cut off, and those beside what was not heard.
    cut = [one[0] == 0 or one[-1] == gaps.size or not heard[[one[0] - 1, one[-1]]].all() for one in bursts]
    sizes = [burst.size for burst in bursts]
    inner = [size for size, off in zip(sizes, cut, strict=True) if not off] or sizes
    size = max(set(inner), key=lambda count: (inner.count(count), count))
    whole, uncut = [burst for burst in bursts if burst.size == size], len(bursts) - sum(cut)
    usual = 2 <= size <= MOST_PULSES and len(whole) >= 0.5 * uncut and (len(whole) >= 3 or uncut <= 3)
    return whole if usual else []


def _parts(voices: Sequence[Voice]) -> list[list[Voice]]:
    """Voices, by the pulses in which they sound; the loudest of each first."""
    parts: list[list[Voice]] = []
    for voice in sorted(voices, key=_loudness, reverse=True):
        gate = voice.gate
        home = next(
            (p for p in parts if gate is not None and p[0].gate is not None and gate.like(p[0].gate) > 0.7), None
        )
        if home is not None:
            home.append(voice)
        elif gate is not None and not any(_overlap(voice, part[0]) for part in parts):
            parts.append([voice])
    return parts


def _together(voice: Voice, other: Voice) -> bool:
    return voice.gate is not None and other.gate is not None and voice.gate.like(other.gate) > TOGETHER


def _loudness(voice: Voice) -> float:
    return max(voice.levels_db.values())


def _overlap(voice: Voice, other: Voice) -> bool:
    """Whether two voices sound at once for a while: they are no pulses of one alarm."""
    if voice.gate is None or other.gate is None:
        return True
    ends, other_ends = voice.gate.starts_s + voice.gate.lengths_s, other.gate.starts_s + other.gate.lengths_s
    return any(
        bool(np.any((other.gate.starts_s < end - 0.02) & (other_ends > start + 0.02)))
        for start, end in zip(voice.gate.starts_s, ends, strict=True)
    )


def _pulses(parts: Sequence[Sequence[Voice]]) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Onsets and lengths of all pulses in order, and which part each belongs to."""
    rows = [
        (float(start), float(length), number)
        for number, part in enumerate(parts)
        if (gate := part[0].gate) is not None
        for start, length in zip(gate.starts_s, gate.lengths_s, strict=True)
    ]
    rows.sort()
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows]), [row[2] for row in rows]


def _lead(part: Sequence[Voice]) -> Voice:
    """The voice of a part whose fundamental is the lowest."""
    return min(part, key=lambda voice: voice.fundamental_hz)


def _levels(parts: Sequence[Sequence[Voice]]) -> dict[float, float]:
    """Levels of all partials, by their ratio to the lowest fundamental of their pulse: means over such pulses."""
    found: dict[float, list[float]] = {}
    for part in parts:
        lowest = _lead(part).fundamental_hz
        for voice in part:
            for number, level in voice.levels_db.items():
                ratio = number * voice.fundamental_hz / lowest
                near = round(ratio) if abs(ratio - round(ratio)) < 2e-3 * ratio else round(ratio, 4)
                found.setdefault(float(near), []).append(level)
    return {ratio: float(np.mean(levels)) for ratio, levels in sorted(found.items())}
