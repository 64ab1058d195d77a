"""A fit: from what may be used of a recording to the components of a noise profile."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.fitting.bed import STILL, Bed, Moves, find_bed, find_moves
from augment.fitting.clicks import Clicks, beyond, find_clicks
from augment.fitting.clicks import heard_again as clicks_again
from augment.fitting.envelopes import Demodulator
from augment.fitting.faint import completed
from augment.fitting.gates import Gate
from augment.fitting.impacts import Impacts, Others, find_impacts
from augment.fitting.lines import Line, find_lines
from augment.fitting.lives import Life, lives_of
from augment.fitting.residue import Residue, without_tones
from augment.fitting.rhythm import Train, short_time, trains
from augment.fitting.series import Series, find_series
from augment.fitting.spectra import PowerSpectrum, Usable
from augment.fitting.strikes import BEFORE_S, Strike, around, mean_strike
from augment.fitting.tones import find_tones
from augment.fitting.voices import Voice, heard_again, voices_of
from augment.fitting.wander import Wander, wander_of

LONGEST_RUN, MOST_UNEVEN = 6, 0.03
"""So many multiples of a rate in a row among the lines: a train of events makes them, by its even rhythm, of which
intervals deviate by no more than that share."""
MULTIPLES_TO = 80
OFF_GRID = 0.04
SAME_RATE = 0.06
NEIGHBOURS, FEW_TRACES = 0.15, 3
SOFTEST_TRAIN_DB = -50.0
"""A train so far under all is what is left of tones, more likely than a sound of its own."""
NEAR_S = 0.03
LEAST_BETWEEN = 0.25
LEAST_BED = 0.05
"""Of the noise between clicks, that share is bed, however much of it they explain."""
STRIKING = 5.0
"""Events that rise by so many deviations are knocks, even where the noise between them swells at the same rate."""


@dataclass(frozen=True)
class Struck:
    """A train and what its knocks sound like."""

    train: Train
    strike: Strike

    @property
    def level_db(self) -> float:
        return 10 * math.log10(self.strike.energy * self.train.rate_hz)


@dataclass(frozen=True, eq=False)
class Shown:
    """What a recording shows before anything is taken out of it.

    Attributes:
        heard: The recording.
        rhythms: Trains of events.
        lines: What stands out of its spectrum.
        spectrum: That of the longest window.
        demodulator: Takes envelopes of its lines.
    """

    heard: Usable
    rhythms: tuple[Train, ...]
    lines: tuple[Line, ...]
    spectrum: PowerSpectrum
    demodulator: Demodulator


@dataclass(frozen=True, eq=False)
class Parts:
    """What a recording is made of.

    Attributes:
        shown: What it was taken out of.
        voices: Tones, by what they do.
        struck: Trains of knocks.
        bed: Steady noise, or the mean of noise that lives.
        impacts: Knocks at random times; None if there are none.
        lives: How the noise lives; None if it is steady, swells evenly or comes in bursts.
        residue: The recording without its tones.
        clicks: A buzz of clicks; None if there is none, or it is told by its lines.
    """

    shown: Shown
    voices: tuple[Voice, ...]
    struck: tuple[Struck, ...]
    bed: Bed
    impacts: Impacts | None
    lives: tuple[Life, ...] | None
    residue: Residue
    clicks: Clicks | None = None

    def power(self) -> float:
        """Mean square of the recording, by its spectrum."""
        return float(np.sum(self.shown.spectrum.power))


def taken_apart(heard: Usable) -> Parts:
    """Tones, trains of knocks and the bed of a recording."""
    lines, spectrum = find_lines(heard)
    return _parts(Shown(heard, trains(short_time(heard)), lines, spectrum, Demodulator(heard)), None)


def with_clicks(parts: Parts) -> Parts | None:
    """The same recording with a buzz told as clicks and not by its lines; None if it has none."""
    shown = parts.shown
    clicks = find_clicks(shown.heard, shown.spectrum)
    if clicks is None:
        return None
    rest = replace(
        shown,
        rhythms=tuple(train for train in shown.rhythms if not clicks.is_multiple_of(train)),
        lines=beyond(shown.lines, clicks, shown.heard.sample_rate_hz),
    )
    found = _parts(rest, clicks)
    return None if found.clicks is None else found


def _parts(shown: Shown, clicks: Clicks | None) -> Parts:
    """What a recording is made of, but for clicks that are known."""
    rhythms, spectrum = shown.rhythms, shown.spectrum
    even = [train.rate_hz for train in rhythms if _makes_lines(train, shown.lines)]
    tones, _ = find_tones(shown.demodulator, shown.lines, spectrum, rhythms, even)
    series = _without_traces(find_series(tones), rhythms)
    if clicks is None:  # else lines that are theirs would come back
        series = completed(series, spectrum)
    whole = float(np.sum(spectrum.power))
    voices = heard_again([voice for one in series for voice in voices_of(one, shown.demodulator)], whole)
    residue = without_tones(shown.heard, [tone for voice in voices for tone in voice.tones.values()])
    clicks = None if clicks is None else clicks_again(clicks, residue)
    seen = short_time(residue.heard)
    left = [train for train in trains(seen) if any(_same(train, other) for other in rhythms)]
    left += [train for train in rhythms if train.rate_hz in even and not any(_same(train, other) for other in left)]
    struck = _struck(residue, left, whole)
    moves = find_moves(residue)
    swelling = [one for one in struck if one.train.rate_hz not in even and _is_swelling(one, moves)]
    struck = tuple(one for one in struck if one not in swelling)
    moves = _without_beats(moves, rhythms)
    impacts = find_impacts(residue, seen, _told(struck, moves.gate))
    bed = find_bed(residue, spectrum, moves, *_busy(struck, impacts))
    if clicks is not None:
        bed = _less(bed, clicks, shown.heard.sample_rate_hz)
    return Parts(shown, _wandering(voices, shown, bed), struck, bed, impacts, None, residue, clicks)


def _wandering(voices: Sequence[Voice], shown: Shown, bed: Bed) -> tuple[Voice, ...]:
    """Voices with how the level of steady ones wanders."""
    lines = [tone.line for voice in voices for tone in voice.tones.values()]

    def wander(voice: Voice) -> Wander | None:
        if voice.gate is not None or voice.swing is not None:
            return None
        return wander_of(shown.demodulator, list(voice.tones.values()), lines, bed)

    return tuple(replace(voice, wander=wander(voice)) for voice in voices)


def _less(bed: Bed, clicks: Clicks, rate: int) -> Bed:
    """A bed without clicks, whose lines are evened out."""
    width = max(1, round(2 * clicks.rate_hz / float(bed.frequency_hz[1])))
    even = scipy.ndimage.uniform_filter1d(bed.density, width, mode="nearest")
    return replace(bed, density=np.maximum(even - clicks.density(bed.frequency_hz, rate), LEAST_BED * even))


def with_lives(parts: Parts, over: bool) -> Parts | None:
    """The same with noise that lives; None if what tells it is too short.

    Args:
        parts: What a recording is made of.
        over: Whether impacts and bursts stay what they are, over noise that lives; else they are part of it.
    """
    impacts, gate = (parts.impacts, parts.bed.gate) if over else (None, None)
    between = _between(parts, impacts, gate)
    lives = lives_of(between)
    if lives is None:
        return None
    bed = find_bed(between, parts.shown.spectrum, STILL, *_busy(parts.struck, None))
    if gate is not None:
        more = np.interp(bed.frequency_hz, parts.bed.frequency_hz, parts.bed.burst_density)
        bed = replace(bed, gate=gate, burst_density=more)
    return replace(parts, impacts=impacts, lives=lives, bed=bed)


def _between(parts: Parts, impacts: Impacts | None, gate: Gate | None) -> Residue:
    """The residue, of which only what lies between knocks and bursts may be used, if there is enough of that."""
    heard = parts.residue.heard
    times, lasts_s = _busy(parts.struck, impacts)
    mask = heard.mask.copy()
    spans = [(time_s, lasts_s) for time_s in times]
    if gate is not None:
        spans += [(start_s - gate.ramp_s, gate.on_s + gate.ramp_s) for start_s in gate.starts_s]
    for start_s, length_s in spans:
        begin = max(0, round(start_s * heard.sample_rate_hz))
        mask[begin : begin + round(length_s * heard.sample_rate_hz)] = False
    if np.count_nonzero(mask) < LEAST_BETWEEN * np.count_nonzero(heard.mask):
        return parts.residue
    return replace(parts.residue, heard=replace(heard, mask=mask))


def _makes_lines(train: Train, lines: Sequence[Line]) -> bool:
    """Whether it is even, and lines at multiples of its rate stand in a row."""
    if train.jitter > MOST_UNEVEN:
        return False
    rate = train.rate_hz
    orders = sorted(
        {
            round(line.frequency_hz / rate)
            for line in lines
            if line.frequency_hz < MULTIPLES_TO * rate
            and abs(line.frequency_hz / rate - round(line.frequency_hz / rate)) < OFF_GRID
        }
    )
    longest = run = 0
    for place, order in enumerate(orders):
        run = run + 1 if place and order == orders[place - 1] + 1 else 1
        longest = max(longest, run)
    return longest >= LONGEST_RUN


def _without_traces(found: Sequence[Series], rhythms: Sequence[Train]) -> tuple[Series, ...]:
    """Series less lone tones that stand as far apart as a train of knocks makes lines, though not quite on its grid."""
    lone = [series for series in found if len(series.tones) == 1]

    def trace(series: Series) -> bool:
        return any(
            abs(abs(other.fundamental_hz - series.fundamental_hz) / train.rate_hz - 1) < NEIGHBOURS
            for other in lone
            for train in rhythms
        )

    traces = [series for series in lone if trace(series)]
    return tuple(series for series in found if series not in traces) if len(traces) > FEW_TRACES else tuple(found)


def _same(train: Train, other: Train) -> bool:
    return abs(train.period_s / other.period_s - 1) < SAME_RATE


def _struck(residue: Residue, found: Sequence[Train], whole: float) -> tuple[Struck, ...]:
    """Trains with their knocks, but for such as are too soft under the power of the whole recording."""
    least = whole * 10 ** (SOFTEST_TRAIN_DB / 10)
    struck = []
    for train in found:
        strike = mean_strike(residue, around(train.times_s, train.period_s), train.period_s)
        if strike is not None and strike.energy * train.rate_hz > least:
            struck.append(Struck(train, strike))
    return tuple(struck)


def _told(struck: Sequence[Struck], gate: Gate | None) -> list[Others]:
    """Knocks of trains, until they have died away by 20 dB, and bursts."""
    found = [Others(one.train.times_s, NEAR_S, max(NEAR_S, one.strike.lasts_s / 3)) for one in struck]
    if gate is not None:
        found.append(Others(gate.starts_s, gate.ramp_s + NEAR_S, gate.on_s))
    return found


def _busy(struck: Sequence[Struck], impacts: Impacts | None) -> tuple[NDArray[np.float64], float]:
    """When knocks begin, and how long the longest of them are heard."""
    times = [one.train.times_s for one in struck] + ([impacts.times_s] if impacts is not None else [])
    if not times:
        return np.zeros(0), 0.0
    lasts_s = max([one.strike.lasts_s for one in struck] + ([impacts.lasts_s] if impacts is not None else [])) / 2
    return np.concatenate(times) - BEFORE_S, lasts_s


def _without_beats(moves: Moves, rhythms: Sequence[Train]) -> Moves:
    """Moves without a swing within bursts that is how knocks follow one another there."""
    if moves.gate is None or moves.swing is None:
        return moves
    ratios = [moves.swing.rate_hz / train.rate_hz for train in rhythms]
    return replace(moves, swing=None) if any(abs(one - round(one)) < OFF_GRID for one in ratios) else moves


def _is_swelling(one: Struck, moves: Moves) -> bool:
    """Whether a train is how the bed swells: at the same rate, and without a beginning that stands out."""
    if one.train.rise > STRIKING or moves.swing is None or moves.gate is not None:
        return False
    return abs(moves.swing.rate_hz / one.train.rate_hz - 1) < SAME_RATE
