"""A fit: from what may be used of a recording to the components of a noise profile."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from augment.fitting.bed import STILL, Bed, Moves, find_bed, find_moves
from augment.fitting.envelopes import Demodulator
from augment.fitting.faint import completed
from augment.fitting.gates import Gate
from augment.fitting.impacts import Impacts, Others, find_impacts
from augment.fitting.lines import Line, find_lines
from augment.fitting.lives import Lives, lives_of
from augment.fitting.residue import Residue, without_tones
from augment.fitting.rhythm import Train, short_time, trains
from augment.fitting.series import Series, find_series
from augment.fitting.spectra import PowerSpectrum, Usable
from augment.fitting.strikes import BEFORE_S, Strike, mean_strike
from augment.fitting.tones import find_tones
from augment.fitting.voices import Voice, heard_again, voices_of

LONGEST_RUN = 6
"""So many multiples of a rate in a row among the lines: a train of events makes them, by its even rhythm."""
MULTIPLES_TO = 80
OFF_GRID = 0.04
SAME_RATE = 0.06
NEIGHBOURS, FEW_TRACES = 0.15, 3
SOFTEST_TRAIN_DB = -50.0
"""A train so far under all is what is left of tones, more likely than a sound of its own."""
NEAR_S = 0.03
LEAST_BETWEEN = 0.25
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


@dataclass(frozen=True)
class Parts:
    """What a recording is made of.

    Attributes:
        voices: Tones, by what they do.
        struck: Trains of knocks.
        bed: Steady noise, or the mean of noise that lives.
        impacts: Knocks at random times; None if there are none.
        lives: How the noise lives; None if it is steady, swells evenly or comes in bursts.
        residue: The recording without its tones.
        spectrum: Its spectrum by the longest window.
    """

    voices: tuple[Voice, ...]
    struck: tuple[Struck, ...]
    bed: Bed
    impacts: Impacts | None
    lives: Lives | None
    residue: Residue
    spectrum: PowerSpectrum

    def power(self) -> float:
        """Mean square of the recording, by its spectrum."""
        return float(np.sum(self.spectrum.power))


def taken_apart(heard: Usable) -> Parts:
    """Tones, trains of knocks and the bed of a recording."""
    rhythms = trains(short_time(heard))
    lines, spectrum = find_lines(heard)
    even = [train.rate_hz for train in rhythms if _makes_lines(train, lines)]
    demodulator = Demodulator(heard)
    tones, _ = find_tones(demodulator, lines, spectrum, rhythms, even)
    series = completed(_without_traces(find_series(tones), rhythms), spectrum)
    voices = heard_again([voice for one in series for voice in voices_of(one, demodulator)])
    residue = without_tones(heard, [tone for voice in voices for tone in voice.tones.values()])
    seen = short_time(residue.heard)
    left = [train for train in trains(seen) if any(_same(train, other) for other in rhythms)]
    left += [train for train in rhythms if train.rate_hz in even and not any(_same(train, other) for other in left)]
    struck = _struck(residue, left, float(np.sum(spectrum.power)))
    moves = find_moves(residue)
    swelling = [one for one in struck if one.train.rate_hz not in even and _is_swelling(one, moves)]
    struck = tuple(one for one in struck if one not in swelling)
    impacts = find_impacts(residue, seen, _told(struck, moves.gate))
    bed = find_bed(residue, spectrum, moves, *_busy(struck, impacts))
    return Parts(voices, struck, bed, impacts, None, residue, spectrum)


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
    bed = find_bed(between, parts.spectrum, STILL, *_busy(parts.struck, None))
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
    """Whether lines at multiples of its rate stand in a row."""
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
        strike = mean_strike(residue, train.times_s, train.period_s)
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


def _is_swelling(one: Struck, moves: Moves) -> bool:
    """Whether a train is how the bed swells: at the same rate, and without a beginning that stands out."""
    if one.train.rise > STRIKING or moves.swing is None:
        return False
    return abs(moves.swing.rate_hz / one.train.rate_hz - 1) < SAME_RATE
