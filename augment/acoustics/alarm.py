"""Alarm signals: bursts of tone pulses with exact times, and what IEC 60601-1-8 asks of them.

Times are counted as the standard counts them: a pulse lasts from where it has risen to 90 % of its amplitude until it
has fallen to 90 % again, a spacing or an interval lasts from there until the next pulse has risen to 90 %.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.synthesis import AT_ONCE_S, Streams

Priority = Literal["high", "medium", "low"]

# A raised cosine (1 - cos(pi x)) / 2 passes 10 % where cos(pi x) = 0.8, at x = 0.205 of its length, and 90 % where
# cos(pi x) = -0.8, at x = 0.795: a rise time from 10 % to 90 % is 0.59 of the whole ramp.
AT_10, AT_90 = math.acos(0.8) / math.pi, math.acos(-0.8) / math.pi
# Limits by priority. A burst of high priority is ten pulses in two halves of five, each of them three and two: the
# third and the eighth spacing leave room for one pulse more, and the fifth separates the halves.
SAME_S = 0.005
PULSES = {"high": (10, 10), "medium": (3, 3), "low": (1, 2)}
PULSE_S = {"high": (0.075, 0.2), "medium": (0.125, 0.25), "low": (0.125, 0.25)}
SPACING_S = {"high": (0.05, 0.125), "medium": (0.125, 0.25), "low": (0.125, 0.25)}
INTERVAL_S = {"high": (2.5, 15.0), "medium": (2.5, 30.0), "low": (15.0, math.inf)}
HALVES_S = (0.35, 1.3)
RISE_SHARE = (0.1, 0.2)
PULSE_HZ = (150.0, 1000.0)
HARMONICS_HZ = (300.0, 4000.0)
LARGEST_DB = 15.0


@dataclass(frozen=True)
class AlarmPattern:
    """One burst of an alarm, and how it comes again.

    Attributes:
        pulse_s: Length of a pulse, from 90 % to 90 % of its amplitude.
        rise_s: Time from 10 % to 90 %.
        fall_s: Time from 90 % to 10 %.
        spacings_s: Time between the pulses of a burst, from 90 % to 90 %; one fewer than there are pulses.
        interval_s: Time from a burst's last pulse to the first of the next, from 90 % to 90 %.
        pulse_hz: Pulse frequency: one for all pulses of a burst, or one for each.
        level_db: RMS level of each partial while a pulse is at its height, by its frequency over the pulse frequency.
        jitter: Standard deviation of the interval, as a share of it.
    """

    pulse_s: float
    rise_s: float
    fall_s: float
    interval_s: float
    pulse_hz: tuple[float, ...]
    level_db: Mapping[float, float]
    spacings_s: tuple[float, ...] = ()
    jitter: float = 0.0
    onsets_s: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        onsets = np.concatenate([[0.0], np.cumsum(self.pulse_s + np.array(self.spacings_s))])
        object.__setattr__(self, "onsets_s", onsets)

    @property
    def burst_s(self) -> float:
        """Length of a burst, from the first rise to 90 % to the last fall to 90 %."""
        return float(self.onsets_s[-1]) + self.pulse_s

    def frequency_hz(self, pulse: int) -> float:
        return self.pulse_hz[pulse % len(self.pulse_hz)]


def alarm(
    samples: int, sample_rate_hz: int, streams: Streams, pattern: AlarmPattern, lead: int = 0
) -> tuple[Signal, NDArray[np.bool_]]:
    """An alarm that never ends.

    It is heard at once: a pulse, drawn from those of the burst, reaches its full height within the first tenth of a
    second after the lead. Times are not rounded to samples. Within a pulse every partial is continuous; each pulse has
    starting phases of its own, so that no two pulses are the same samples.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``first`` draws where in its burst the alarm is met, ``intervals`` and ``phases`` (and both with
            ``before``) the rest.
        pattern: The burst. Partials above the Nyquist frequency are left out.
        lead: Samples before the beginning; what follows it does not depend on it.

    Returns:
        Samples, and where a pulse sounds (from 10 % to 10 % of its amplitude). Shapes (lead + n,).

    Example:
        >>> from augment.streams import generator
        >>> beep = AlarmPattern(0.2, 0.02, 0.02, 1.8, (800.0,), {1: -20.0})
        >>> sound, on = alarm(160000, 16000, generator, beep)
        >>> round(float(on.mean()), 2), bool(on[:1600].any()), round(float(np.abs(sound).max()), 2)
        (0.12, True, 0.14)
    """
    first = streams("first")
    pulse = int(first.integers(pattern.onsets_s.size))
    risen = _ramp_s(pattern.rise_s) * AT_90
    met_s = risen + first.uniform(0, max(0.0, AT_ONCE_S - risen))  # when that pulse has risen to 90 %
    start_s = met_s - float(pattern.onsets_s[pulse])
    out, active = np.zeros(lead + samples), np.zeros(lead + samples, dtype=np.bool_)
    for onset_s, frequency_hz, phases in _pulses(pattern, streams, start_s, samples / sample_rate_hz):
        _add_pulse(out, active, sample_rate_hz, pattern, onset_s + lead / sample_rate_hz, frequency_hz, phases)
    if lead:
        for onset_s, frequency_hz, phases in _pulses_before(pattern, streams, start_s, -lead / sample_rate_hz):
            _add_pulse(out, active, sample_rate_hz, pattern, onset_s + lead / sample_rate_hz, frequency_hz, phases)
    return out, active


Pulse = tuple[float, float, NDArray[np.float64]]
"""When a pulse has risen to 90 %, its frequency in Hz, and the phases of its partials."""


def _pulses(pattern: AlarmPattern, streams: Streams, start_s: float, end_s: float) -> Iterator[Pulse]:
    """The pulses of the first burst and of those after it, up to the end."""
    intervals, phases = streams("intervals"), streams("phases")
    while start_s - _ramp_s(pattern.rise_s) < end_s:
        yield from _burst(pattern, start_s, phases)
        start_s += pattern.burst_s + _interval_s(pattern, intervals)


def _pulses_before(pattern: AlarmPattern, streams: Streams, start_s: float, end_s: float) -> Iterator[Pulse]:
    """The pulses of the bursts before the first, in reverse order of bursts, back to ``end_s``."""
    intervals, phases = streams("intervals before"), streams("phases before")
    while start_s > end_s:
        start_s -= pattern.burst_s + _interval_s(pattern, intervals)
        yield from _burst(pattern, start_s, phases)


def _interval_s(pattern: AlarmPattern, rng: np.random.Generator) -> float:
    return pattern.interval_s * max(1 + pattern.jitter * float(rng.standard_normal()), 0.1)


def _burst(pattern: AlarmPattern, start_s: float, rng: np.random.Generator) -> Iterator[Pulse]:
    phases = rng.uniform(0, 2 * np.pi, (pattern.onsets_s.size, len(pattern.level_db)))
    for pulse, onset_s in enumerate(pattern.onsets_s):
        yield start_s + float(onset_s), pattern.frequency_hz(pulse), phases[pulse]


def _ramp_s(rise_s: float) -> float:
    """Length of a whole raised-cosine ramp that takes this long from 10 % to 90 %."""
    return rise_s / (AT_90 - AT_10)


def _add_pulse(
    out: Signal,
    active: NDArray[np.bool_],
    sample_rate_hz: int,
    pattern: AlarmPattern,
    onset_s: float,
    frequency_hz: float,
    phases: NDArray[np.float64],
) -> None:
    """Add the samples of one pulse, given when it has risen to 90 %; what lies outside the signal is dropped."""
    rise, fall = _ramp_s(pattern.rise_s), _ramp_s(pattern.fall_s)
    begin_s, end_s = onset_s - AT_90 * rise, onset_s + pattern.pulse_s + AT_90 * fall
    low, high = max(0, math.ceil(begin_s * sample_rate_hz)), min(out.size, math.floor(end_s * sample_rate_hz) + 1)
    if low >= high:
        return
    time = np.arange(low, high) / sample_rate_hz
    up = np.clip((time - begin_s) / rise, 0, 1) if rise else np.ones(time.size)
    down = np.clip((end_s - time) / fall, 0, 1) if fall else np.ones(time.size)
    height = (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 - 0.5 * np.cos(np.pi * down))
    for phase, (ratio, level) in zip(phases, sorted(pattern.level_db.items()), strict=True):
        if ratio * frequency_hz < sample_rate_hz / 2:
            # A sine of RMS level L has the amplitude sqrt(2) 10^(L/20).
            tone = np.cos(2 * np.pi * ratio * frequency_hz * (time - onset_s) + phase)
            out[low:high] += math.sqrt(2) * 10 ** (level / 20) * height * tone
    active[low:high] |= height >= 0.1


def departures_from_iec_60601_1_8(pattern: AlarmPattern, priority: Priority) -> list[str]:
    """Where an alarm departs from the standard, in words; an empty list if nowhere.

    Args:
        pattern: The alarm.
        priority: Which of the standard's three patterns it claims to be.

    Reference: IEC 60601-1-8:2006 with amendments, 6.3.3.1, tables 3 and 4, as secondary sources give them: number of
    pulses, their lengths, spacings and intervals, pulse frequency and harmonics, and the four largest components
    within 15 dB of one another. estimate: where the longer gaps of a high-priority burst are.

    Example:
        >>> beep = AlarmPattern(0.2, 0.03, 0.03, 20, (800.0,), {1: 0, 2: -3, 3: -6, 4: -9, 5: -40})
        >>> departures_from_iec_60601_1_8(beep, "low")
        ['a pulse frequency of 800 Hz has 3 harmonics of use in 300-4000 Hz (within 15 dB of it); expected 4']
    """
    found = _time_departures(pattern, priority)
    for frequency_hz in dict.fromkeys(pattern.pulse_hz):
        found += _frequency_departures(frequency_hz, pattern.level_db)
    return found


def _time_departures(pattern: AlarmPattern, priority: Priority) -> list[str]:
    found: list[str] = []

    def within(name: str, value: float, limits: tuple[float, float]) -> None:
        if not limits[0] - 1e-9 <= value <= limits[1] + 1e-9:
            wanted = f"{limits[0]:g} to {limits[1]:g} s" if limits[1] < math.inf else f"at least {limits[0]:g} s"
            found.append(f"{name} is {value:g} s; expected {wanted}")

    count, (fewest, most) = pattern.onsets_s.size, PULSES[priority]
    if not fewest <= count <= most:
        wanted = str(most) if fewest == most else f"{fewest} or {most}"
        found.append(f"a burst has {count} pulses; expected {wanted}")
    within("pulse_s", pattern.pulse_s, PULSE_S[priority])
    within("rise_s", pattern.rise_s, (RISE_SHARE[0] * pattern.pulse_s, RISE_SHARE[1] * pattern.pulse_s))
    within("interval_s", pattern.interval_s, INTERVAL_S[priority])
    for place, spacing_s in enumerate(pattern.spacings_s, 1):
        name = f"spacing {place}"
        if priority == "high" and place == 5:
            within(name, spacing_s, HALVES_S)
        elif priority == "high" and place in (3, 8):
            longer_s = 2 * pattern.spacings_s[place - 2] + pattern.pulse_s
            within(f"{name} (twice the one before, and a pulse)", spacing_s, (longer_s - SAME_S, longer_s + SAME_S))
        else:
            within(name, spacing_s, SPACING_S[priority])
    if pattern.spacings_s and pattern.fall_s > min(pattern.spacings_s) - pattern.rise_s + 1e-9:
        room_s = min(pattern.spacings_s) - pattern.rise_s
        found.append(f"fall_s is {pattern.fall_s:g} s; expected at most the spacing less rise_s, {room_s:g} s")
    return found


def _frequency_departures(frequency_hz: float, level_db: Mapping[float, float]) -> list[str]:
    name, found = f"a pulse frequency of {frequency_hz:g} Hz", []
    if not PULSE_HZ[0] <= frequency_hz <= PULSE_HZ[1]:
        found.append(f"{name}: expected {PULSE_HZ[0]:g} to {PULSE_HZ[1]:g} Hz")
    own = level_db.get(1, -math.inf)
    low, high = HARMONICS_HZ
    useful = [
        ratio
        for ratio, level in level_db.items()
        if ratio >= 2
        and ratio == round(ratio)
        and low <= ratio * frequency_hz <= high
        and abs(level - own) <= LARGEST_DB
    ]
    if len(useful) < 4:
        found.append(f"{name} has {len(useful)} harmonics of use in 300-4000 Hz (within 15 dB of it); expected 4")
    largest = sorted(level_db, key=lambda ratio: level_db[ratio], reverse=True)[:4]
    spread = level_db[largest[0]] - level_db[largest[-1]]
    if spread > LARGEST_DB:
        found.append(f"{name}: the four largest partials differ by {spread:g} dB; expected at most {LARGEST_DB:g}")
    if not any(PULSE_HZ[0] <= ratio * frequency_hz <= PULSE_HZ[1] for ratio in largest):
        found.append(f"{name}: none of the four largest partials lies in 150-1000 Hz")
    return found
