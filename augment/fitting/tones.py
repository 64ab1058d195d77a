"""Tones: lines with what their level does over time, without the sidebands that this makes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy

from augment.fitting.envelopes import Demodulator, Envelope
from augment.fitting.gates import Gate
from augment.fitting.lines import LIKE, Line
from augment.fitting.patterns import Judged, Swing, judged
from augment.fitting.rhythm import Train
from augment.fitting.spectra import PowerSpectrum

REACHES_HZ = (60.0, 40.0, 20.0, 10.0, 5.0, 3.0)
CLEAR = 8.0
"""A line must have that many times the power of the bed in its band."""
MIRRORED = 10 ** (3.0 / 10)
"""Sidebands of one kind on both sides differ by no more than that."""
IN_PHASE = 0.8
SIDEBANDS_HZ = 90.0
NARROW_S = 0.4
OFF_GRID = 0.04
"""A line is a multiple of a rate, or so far from another, if it is within this share of the rate of it."""
HIGHEST_MULTIPLE, HIGHEST_SIDEBAND = 80, 14
STRUCK_DEPTH, DYING_DEPTH = 0.4, 0.85
LEAST_REACH_HZ, DIES_TO, COHERENT = 40.0, 4.0, 0.6
STRONG = 50.0
"""A neighbour with less than the line's power over this may be in its band."""
NEAR_SHARE = 0.008
"""Lines that are no tones by themselves may be one that drifts if they lie so near, as a share, and are so like."""
FAINT = 1e-3
"""Beside a switched tone, what is so much softer is its own spectrum."""


@dataclass(frozen=True)
class Tone:
    """A line and what its level does.

    Attributes:
        line: The line; its power is the mean over all of the time.
        level: Its power while it is on.
        gate: How it is switched; None if it is not.
        swing: How it swells; None if it does not.
        reach_hz: How far to both sides of the line its envelope was seen: nothing faster is known of its level.
        sure: Whether it is a tone by itself; if not, it is one if it belongs to a series.
    """

    line: Line
    level: float
    gate: Gate | None
    swing: Swing | None
    reach_hz: float = 0.0
    sure: bool = True


def find_tones(
    demodulator: Demodulator,
    lines: Sequence[Line],
    spectrum: PowerSpectrum,
    trains: Sequence[Train] = (),
    even_hz: Sequence[float] = (),
) -> tuple[tuple[Tone, ...], tuple[Line, ...]]:
    """Tones, by frequency, and lines that are none: resonances that are struck, for instance.

    The loudest line is looked at first; lines that are its sidebands are not looked at again.

    Args:
        demodulator: Takes envelopes of the recording.
        lines: What stands out of its spectrum.
        spectrum: That of the longest window.
        trains: Trains of events: what is struck by them is no tone.
        even_hz: Those of them whose rhythm is so even that it makes lines: multiples of them, and lines so far from
            louder ones, are of their making.
    """
    left = sorted(
        (line for line in lines if not _is_multiple(line, even_hz)), key=lambda line: line.power, reverse=True
    )
    tones: list[Tone] = []
    others: list[Line] = []
    while left:
        line = left.pop(0)
        sidebands = [*_sidebands(line, left, demodulator), *(o for o in left if _beside(line, o, even_hz))]
        left = [other for other in left if other not in sidebands]
        neighbours = [*left, *(tone.line for tone in tones), *others]
        seen, bed = _seen(line, neighbours, spectrum, demodulator)
        found = judged(seen, bed, line.power, line.window_s >= NARROW_S and not line.broad)
        if _is_struck(line, found, bed, trains, even_hz, demodulator):
            others.append(line)
        elif found.tone or found.perhaps:
            left = [other for other in left if not _of_pattern(line, other, found)]
            tones.append(Tone(line, found.level, found.gate, found.swing, seen.reach_hz, found.tone))
        else:
            others.append(line)
    for one, halves in _whole_again(others):
        if any(half not in others for half in halves):  # part of another already
            continue
        seen, bed = _seen(
            one, [o for o in [*others, *(tone.line for tone in tones)] if o not in halves], spectrum, demodulator
        )
        found = judged(seen, bed, one.power, narrow=False)
        if found.tone and not _is_struck(one, found, bed, trains, even_hz, demodulator):
            others = [other for other in others if other not in halves]
            tones.append(Tone(one, found.level, found.gate, found.swing, seen.reach_hz))
    return tuple(sorted(tones, key=lambda tone: tone.line.frequency_hz)), tuple(others)


def _whole_again(lines: Sequence[Line]) -> Iterator[tuple[Line, tuple[Line, Line]]]:
    """Pairs of lines side by side, of like power, as one: a tone that drifts stood here for a while, and then there."""
    ordered = sorted(lines, key=lambda line: line.frequency_hz)
    for below, above in pairwise(ordered):
        apart_hz = above.frequency_hz - below.frequency_hz
        if apart_hz < NEAR_SHARE * above.frequency_hz and 1 / LIKE < above.power / below.power < LIKE:
            power = below.power + above.power
            middle_hz = (below.frequency_hz * below.power + above.frequency_hz * above.power) / power
            reach_hz = apart_hz / 2 + max(below.reach_hz, above.reach_hz)
            clear = max(below.above_floor, above.above_floor)
            yield Line(middle_hz, apart_hz / 4, power, clear, below.window_s, reach_hz, True), (below, above)


def _seen(
    line: Line, others: Sequence[Line], spectrum: PowerSpectrum, demodulator: Demodulator
) -> tuple[Envelope, float]:
    """The envelope of a line in the widest band that is clear of its neighbours and of the bed, and the bed's power."""
    strong = [abs(o.frequency_hz - line.frequency_hz) for o in others if o.power > line.power / STRONG]
    room_hz = min([0.45 * line.frequency_hz, *(0.55 * distance for distance in strong)])
    place = min(spectrum.floor.size - 1, round(line.frequency_hz / spectrum.step_hz))
    density = float(spectrum.floor[place]) / spectrum.step_hz
    for reach_hz in REACHES_HZ:
        bed = density * 1.375 * reach_hz  # both sides of a raised-cosine edge from half of the reach, squared
        if reach_hz <= room_hz and line.power > CLEAR * bed:
            return demodulator.envelope(line.frequency_hz, reach_hz), bed
    reach_hz = max(2.0, min(room_hz, REACHES_HZ[-1]))
    return demodulator.envelope(line.frequency_hz, reach_hz), density * 1.375 * reach_hz


def _sidebands(line: Line, others: Sequence[Line], demodulator: Demodulator) -> list[Line]:
    """Weaker lines in pairs of equal distance and level, which swing in phase with the line: its level does that."""
    found: list[Line] = []
    near = [
        other
        for other in others
        if abs(other.frequency_hz - line.frequency_hz) < min(SIDEBANDS_HZ, 0.6 * line.frequency_hz)
        and other.power < line.power
    ]
    for upper in [other for other in near if other.frequency_hz > line.frequency_hz]:
        distance = upper.frequency_hz - line.frequency_hz
        tolerance = max(0.4 / min(upper.window_s, line.window_s), 0.03 * distance)
        lower = min(
            (other for other in near if abs(line.frequency_hz - distance - other.frequency_hz) < tolerance),
            key=lambda other: abs(line.frequency_hz - distance - other.frequency_hz),
            default=None,
        )
        if lower is None or not 1 / MIRRORED < upper.power / lower.power < MIRRORED:
            continue
        if _in_phase(line, distance, demodulator) > IN_PHASE:
            found += [upper, lower]
    return found


def _is_struck(
    line: Line,
    found: Judged,
    bed: float,
    trains: Sequence[Train],
    even_hz: Sequence[float],
    demodulator: Demodulator,
) -> bool:
    """Whether a line is struck by a train: it dies away from event to event, and little of it is coherent."""
    if found.swing is not None and found.swing.depth > (STRUCK_DEPTH if line.broad else DYING_DEPTH):
        ratios = [found.swing.rate_hz / train.rate_hz for train in trains]
        if any(abs(ratio - round(ratio)) < OFF_GRID for ratio in ratios):
            return True
    if found.gate is not None:
        return False
    # A sharp line beside knocks at an uneven rate is a tone, however loud they are.
    sharp = line.window_s >= NARROW_S and not line.broad
    return any(_dies_away(line, bed, train, demodulator) for train in trains if not sharp or train.rate_hz in even_hz)


def _dies_away(line: Line, bed: float, train: Train, demodulator: Demodulator) -> bool:
    """Whether the power around a line is high after each event, low before the next, and more than the line's own."""
    reach_hz = min(max(4 * train.rate_hz, LEAST_REACH_HZ), 0.45 * line.frequency_hz)
    if reach_hz < 2 * train.rate_hz:
        return False
    seen = demodulator.envelope(line.frequency_hz, reach_hz)
    early, late = (_mean_power(seen, train, *shares) for shares in ((0.0, 0.3), (0.6, 0.9)))
    around = (early + late) / 2
    return early > DIES_TO * late and line.power < COHERENT * (around - bed)


def _mean_power(seen: Envelope, train: Train, first: float, last: float) -> float:
    """Mean power from one share of the period after each event to another."""
    offsets = np.arange(round(first * train.period_s * seen.rate_hz), round(last * train.period_s * seen.rate_hz) + 1)
    places = np.rint(train.times_s * seen.rate_hz).astype(np.int64)[:, None] + offsets
    inside = places[(places[:, 0] >= 0) & (places[:, -1] < seen.power.size)]
    return float(np.mean(seen.power[inside])) if inside.size else 0.0


def _is_multiple(line: Line, rates_hz: Sequence[float]) -> bool:
    return any(
        line.frequency_hz < HIGHEST_MULTIPLE * rate and abs(line.frequency_hz / rate % 1 - 0.5) > 0.5 - OFF_GRID
        for rate in rates_hz
    )


def _beside(line: Line, other: Line, rates_hz: Sequence[float]) -> bool:
    """Whether a much weaker line is so far from another as trains of events make sidebands."""
    distance = abs(other.frequency_hz - line.frequency_hz)
    softer = line.power / other.power
    return softer > 4 and any(
        0.5 * rate < distance < (HIGHEST_SIDEBAND if softer < 100 else 3 * HIGHEST_SIDEBAND) * rate
        and abs(distance / rate % 1 - 0.5) > 0.5 - OFF_GRID
        for rate in rates_hz
    )


def _in_phase(line: Line, distance_hz: float, demodulator: Demodulator) -> float:
    """Share of what lies at a distance from a line that is in phase with it.

    Against the line's own phase, what modulates its level is real; a neighbour that has nothing to do with it is as
    much imaginary as real.
    """
    seen = demodulator.envelope(line.frequency_hz, 2.2 * distance_hz)
    spectrum = scipy.fft.fft(seen.amplitude)
    frequency = np.abs(scipy.fft.fftfreq(seen.amplitude.size, 1 / seen.rate_hz))
    slow = scipy.fft.ifft(np.where(frequency < 0.5 * distance_hz, spectrum, 0))
    turned = seen.amplitude * np.conj(slow / np.maximum(np.abs(slow), 1e-30))
    band = np.abs(frequency - distance_hz) < 0.3 * distance_hz
    swings = scipy.fft.ifft(np.where(band, scipy.fft.fft(turned), 0))[seen.usable]
    real, imaginary = float(np.sum(swings.real**2)), float(np.sum(swings.imag**2))
    return real / (real + imaginary) if real + imaginary > 0 else 0.0


def _of_pattern(line: Line, other: Line, found: Judged) -> bool:
    """Whether a weaker line is a sideband of a tone whose level does that."""
    distance = abs(other.frequency_hz - line.frequency_hz)
    if other.power > line.power / 2:
        return False
    if found.gate is not None:
        skirt_hz = max(SIDEBANDS_HZ, 6 / max(found.gate.on_s, 0.01))
        if distance < skirt_hz and other.power < FAINT * found.gate.level:
            return True
        period_s = 1 / found.gate.rate_hz if found.gate.rate_hz else math.inf
        if period_s > 0.5:  # its sidebands lie too close to be lines: what there is, is the burst's own spectrum
            return distance < min(skirt_hz, 0.3 * line.frequency_hz) and other.power < line.power / 8
        order = distance * period_s
        highest = HIGHEST_SIDEBAND if other.power > line.power / 100 else 3 * HIGHEST_SIDEBAND
        return 0.5 < order < highest and abs(order - round(order)) < 0.06 * max(1.0, order**0.5)
    if found.swing is not None:
        order = distance / found.swing.rate_hz
        return 0.5 < order < 3.5 and abs(order - round(order)) < 0.06
    return False
