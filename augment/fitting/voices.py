"""Voices: the tones of a series that do the same over time, which become one component of a profile."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.levels import db
from augment.fitting.drift import Drift, drift_of
from augment.fitting.envelopes import Demodulator
from augment.fitting.gates import Gate, level_while_on
from augment.fitting.patterns import Swing, switched_more
from augment.fitting.series import Series
from augment.fitting.tones import Tone
from augment.fitting.wander import Wander

ALIKE = 0.6
SAME_RATE = 0.03
FOLLOWS, FOLLOWS_UNEVEN = 0.9, 1.5
WHIM_DEPTH = 0.3
EVEN = 0.06
"""Bursts whose distances deviate by less, as a share of them, are even."""
ALL_THERE_IS = 0.5
"""Share of the power of a recording that makes a sound its subject, though it came once."""
IN_ONE_BURST = 4.0
"""Pulses of one burst begin within so many lengths of a pulse."""
FAST_ENOUGH = 2.5
"""An envelope tells a switch from a swell if it was seen so many rates wide."""


@dataclass(frozen=True)
class Voice:
    """Harmonics that do the same.

    Attributes:
        fundamental_hz: Their fundamental.
        error_hz: Standard error of that.
        levels_db: RMS level by number of the harmonic, while it is on.
        tones: The tones by number, each with the gate and swing of all.
        gate: How they are switched.
        swing: How they swell.
        drift: How the fundamental wanders.
        wander: How their level wanders.
    """

    fundamental_hz: float
    error_hz: float
    levels_db: dict[int, float]
    tones: dict[int, Tone]
    gate: Gate | None
    swing: Swing | None
    drift: Drift | None
    wander: Wander | None = None


def voices_of(series: Series, demodulator: Demodulator) -> tuple[Voice, ...]:
    """The voices of a series, the loudest first."""
    groups: list[tuple[Gate | None, Swing | None, dict[int, Tone]]] = []
    for number, tone in sorted(series.tones.items(), key=lambda pair: pair[1].line.power, reverse=True):
        group = next((one for one in groups if _fits(tone, one[0], one[1])), None)
        if group is None:
            groups.append((tone.gate, tone.swing, {number: tone}))
        else:
            group[2][number] = tone
    drift = drift_of(demodulator, series.tones)
    found = []
    for some_gate, some_swing, tones in _settled(groups, demodulator):
        gate, swing = _clearest(some_gate, list(tones.values())), _mean_swing(some_swing, list(tones.values()))
        levels_db = {number: db(_level(tone, gate, swing, demodulator)) for number, tone in sorted(tones.items())}
        shared = {number: replace(tone, gate=gate, swing=swing) for number, tone in tones.items()}
        found.append(Voice(series.fundamental_hz, series.error_hz, levels_db, shared, gate, swing, drift))
    return tuple(found)


def heard_again(voices: Sequence[Voice], power: float) -> tuple[Voice, ...]:
    """Voices without those that sounded once only, are not all that there is, and not beside others that came again.

    The pulses of an alarm may have frequencies of their own, of which a recording that begins between them holds one
    only once.

    Args:
        voices: The voices.
        power: Mean square of the recording.
    """
    once = [one for one in voices if one.gate is not None and one.gate.starts_s.size == 1]
    if sum(tone.line.power for one in once for tone in one.tones.values()) > ALL_THERE_IS * power:
        return tuple(voices)

    def beside(voice: Voice) -> bool:
        others = [one.gate for one in voices if one.gate is not None and one.gate.starts_s.size > 1]
        gate = voice.gate
        return gate is not None and any(
            float(np.min(np.abs(other.starts_s - gate.starts_s[0]))) < IN_ONE_BURST * gate.on_s for other in others
        )

    return tuple(one for one in voices if one.gate is None or one.gate.starts_s.size > 1 or beside(one))


def _fits(tone: Tone, gate: Gate | None, swing: Swing | None) -> bool:
    if tone.gate is not None:
        return gate is not None and tone.gate.like(gate) > ALIKE
    if tone.swing is not None:
        if gate is not None:
            return (
                gate.rate_hz > 0
                and tone.reach_hz < FAST_ENOUGH * gate.rate_hz
                and _same(tone.swing.rate_hz, gate.rate_hz)
            )
        return swing is not None and _same(swing.rate_hz, tone.swing.rate_hz)
    if gate is not None:
        return tone.reach_hz < FAST_ENOUGH * gate.rate_hz or not tone.sure
    return swing is None or tone.reach_hz < 1.5 * swing.rate_hz


def _is_switched(tones: dict[int, Tone], swing: Swing, gate: Gate, demodulator: Demodulator) -> bool:
    """Whether tones that seem to swell follow a gate rather: so it looks where knocks cover them.

    A swing is fitted to them and a gate is not: one of another rate must explain clearly more.
    """
    least = FOLLOWS if _same(swing.rate_hz, gate.rate_hz) else FOLLOWS_UNEVEN
    tone = max(tones.values(), key=lambda one: one.line.power)
    seen = demodulator.envelope(tone.line.frequency_hz, max(tone.reach_hz, 2.0))
    return switched_more(seen, gate, swing) > least


def _settled(
    groups: list[tuple[Gate | None, Swing | None, dict[int, Tone]]], demodulator: Demodulator
) -> list[tuple[Gate | None, Swing | None, dict[int, Tone]]]:
    """Groups once more: a loud tone of which little was seen may have come before the one that tells what it does."""
    groups = _without_whims(groups)
    clear = [group for group in groups if group[0] is not None or group[1] is not None]
    vague = [group for group in groups if group[0] is None and group[1] is None]
    for gate, swing, tones in list(clear):
        if gate is None and swing is not None:
            switched = next(
                (o for o in clear if o[0] is not None and _is_switched(tones, swing, o[0], demodulator)), None
            )
            if switched is not None:
                switched[2].update(tones)
                clear.remove((gate, swing, tones))
    for group in vague:
        for number, tone in list(group[2].items()):
            home = next((one for one in clear if _fits(tone, one[0], one[1])), None)
            if home is not None:
                home[2][number] = group[2].pop(number)
    return [*clear, *(group for group in vague if group[2])]


def _without_whims(
    groups: list[tuple[Gate | None, Swing | None, dict[int, Tone]]],
) -> list[tuple[Gate | None, Swing | None, dict[int, Tone]]]:
    """Groups, of which a shallow swing of one tone out of many is none: drift and its neighbours make it."""
    many = sum(len(group[2]) for group in groups) > 2
    found: list[tuple[Gate | None, Swing | None, dict[int, Tone]]] = []
    steady: dict[int, Tone] = {}
    for gate, swing, tones in groups:
        whim = many and gate is None and swing is not None and len(tones) == 1 and swing.depth < WHIM_DEPTH
        if whim or (gate is None and swing is None):
            steady.update({number: replace(tone, swing=None) for number, tone in tones.items()})
        else:
            found.append((gate, swing, tones))
    return [*found, (None, None, steady)] if steady else found


def _same(rate_hz: float, other_hz: float) -> bool:
    return abs(rate_hz - other_hz) < SAME_RATE * other_hz


def _level(tone: Tone, gate: Gate | None, swing: Swing | None, demodulator: Demodulator) -> float:
    """Power while on, of a tone that does what its group does, whether or not its own envelope has shown it."""
    if gate is None:
        if swing is not None and swing.rate_hz > 1.2 / tone.line.window_s:
            # Only the carrier is in the line: of 1 + d cos, over the root of 1 + d^2 / 2, it is 1.
            return tone.line.power * (1 + swing.depth**2 / 2)
        return tone.level if tone.gate is None else tone.line.power
    if tone.gate is not None:
        return tone.level
    seen = demodulator.envelope(tone.line.frequency_hz, max(tone.reach_hz, 2.0))
    if gate.on_s > 2 * seen.rise_s() and (level := level_while_on(seen, gate)) > 0:
        return level
    first, second = _moments(gate)
    resolved = gate.rate_hz > 1.2 / tone.line.window_s
    return tone.line.power / (first**2 if resolved else second)


def _moments(gate: Gate) -> tuple[float, float]:
    """Mean and mean square of the gain of a gate over its turns."""
    periods_s = gate.periods_s()
    if periods_s.size == 0:
        return 1.0, 1.0
    period_s = float(np.mean(periods_s))
    flat = max(0.0, gate.on_s - 2 * gate.ramp_s)
    # A raised cosine has the mean 1/2 and the mean square 3/8.
    return (flat + gate.ramp_s) / period_s, (flat + 0.75 * gate.ramp_s) / period_s


def _clearest(gate: Gate | None, tones: Sequence[Tone]) -> Gate | None:
    """The gate of the tone that was seen widest, the loudest of these: it shows the ramps best."""
    seen = [tone for tone in tones if tone.gate is not None]
    return max(seen, key=lambda tone: (tone.reach_hz, tone.line.power)).gate if seen else gate


def _mean_swing(swing: Swing | None, tones: Sequence[Tone]) -> Swing | None:
    """The swing of a group: means weighted by power, over those whose envelope was seen wide enough."""
    seen = [tone for tone in tones if tone.swing is not None and tone.reach_hz > 1.5 * tone.swing.rate_hz]
    if swing is None or not seen:
        return swing
    weight = np.array([tone.line.power for tone in seen])
    weight = weight / np.sum(weight)
    swings = [tone.swing for tone in seen if tone.swing is not None]
    rate = float(np.sum(weight * [one.rate_hz for one in swings]))
    depth = float(np.sum(weight * [one.depth for one in swings]))
    return replace(swing, rate_hz=rate, depth=min(depth, 1.0))


@dataclass(frozen=True)
class BurstPattern:
    """How bursts follow one another.

    Attributes:
        on_s: Length with ramps.
        off_s: Mean pause between them, from the end of a ramp to the beginning of the next.
        ramp_s: Rise and fall.
        jitter: Deviation of the pause, as a share of it.
        on_spread: Deviation of the length, as a share of it.
        error_s: Standard error of the period; infinite if too few came to tell it.
    """

    on_s: float
    off_s: float
    ramp_s: float
    jitter: float
    on_spread: float
    error_s: float

    @property
    def period_s(self) -> float:
        return self.on_s + self.off_s


def burst_pattern(gate: Gate, heard_s: float) -> BurstPattern:
    """Bursts as a profile tells them.

    Args:
        gate: The bursts.
        heard_s: In how long they came: those that came once or twice come as often as that.
    """
    starts, lengths = gate.starts_s, gate.lengths_s
    periods = gate.periods_s()
    if starts.size < 3 or periods.size < 2:
        on_s = float(np.mean(lengths)) + gate.ramp_s
        period_s = float(periods[0]) if periods.size else heard_s / starts.size
        return BurstPattern(on_s, max(0.002, period_s - on_s), gate.ramp_s, 0.0, 0.0, math.inf)
    usual = float(np.median(periods))
    whole = periods[np.abs(periods / usual - 1) < 0.6]  # a burst that was missed makes a double one
    if whole.size == 0:  # as many short as long ones: they have no usual length
        whole = periods
    period_s = float(np.mean(whole))
    if _robust_deviation(whole) < EVEN * usual:  # what is even is counted: a burst too many is none
        turns = np.rint((starts - starts[0]) / usual)
        period_s = float(np.polyfit(turns, starts, 1)[0])
    on_s = float(np.median(lengths)) + gate.ramp_s
    off_s = max(0.002, period_s - on_s)
    heard = gate.heard(starts[:-1], starts[1:])
    pauses = _robust_deviation((starts[1:] - (starts[:-1] + lengths[:-1]))[heard])
    return BurstPattern(
        on_s,
        off_s,
        gate.ramp_s,
        min(0.5, pauses / off_s),
        _robust_deviation(lengths) / on_s,
        float(np.std(whole)) / math.sqrt(whole.size),
    )


def _robust_deviation(values: NDArray[np.float64]) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
