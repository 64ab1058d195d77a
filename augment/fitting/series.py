"""Series: tones whose frequencies are multiples of one fundamental."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augment.fitting.tones import Tone

HIGHEST_NUMBER = 60
FUNDAMENTALS_HZ = (9.0, 12_000.0)
LEAST_GAIN = 3.0
"""A series must save so many nepers of description, against tones of their own."""
LEAST_TOLERANCE = 0.0006
"""Of a frequency: harmonics of one machine are multiples of one another, but their centroids are not seen to more."""
TOLERANCE_ERRORS = 3.0
BETWEEN = 0.0025
"""So far may a lone tone be off a multiple of a part of a fundamental, as a share."""
SEEN_BINS = 0.12
"""Share of a bin by which the centroid of a line that drifts may be off."""


@dataclass(frozen=True)
class Series:
    """Harmonics of one fundamental.

    Attributes:
        fundamental_hz: The fundamental, by weighted least squares over all harmonics.
        error_hz: Standard error of that.
        tones: Tone by number of the harmonic.
    """

    fundamental_hz: float
    error_hz: float
    tones: dict[int, Tone]

    @property
    def power(self) -> float:
        return sum(tone.line.power for tone in self.tones.values())


def find_series(tones: Sequence[Tone]) -> tuple[Series, ...]:
    """Tones, sorted into series; a tone on its own is a series of one.

    The best series is taken out first. A series is worth what it saves in a description of the frequencies (minimum
    description length): a tone that is a multiple of the fundamental within its tolerance t is told by a number instead
    of by a frequency, which saves ln(f0 / 2t) nepers; which of the numbers up to the highest are there, costs ln of the
    binomial coefficient; the fundamental itself costs what a tone costs. Half of a fundamental fits the same tones, but
    saves ln 2 less for each and has twice as many numbers: the trap of subharmonics closes by itself.
    """
    left, found = list(tones), list[Series]()
    while left:
        best = _best(left)
        if best is None:
            found += [Series(tone.line.frequency_hz, tone.line.error_hz, {1: tone}) for tone in left if tone.sure]
            break
        found.append(best)
        taken = {id(tone) for tone in best.tones.values()}
        left = [tone for tone in left if id(tone) not in taken]
    return _with_fundamentals(sorted(found, key=lambda series: series.power, reverse=True))


def _with_fundamentals(found: list[Series]) -> tuple[Series, ...]:
    """Series whose real fundamental is a half or a third of what they seem to have: what stands between joins them.

    The strong even harmonics of an engine save most as a series of their own, before its odd ones have their say.
    """
    left, done = sorted(found, key=lambda series: len(series.tones), reverse=True), list[Series]()
    while left:
        series = left.pop(0)
        for share in (2, 3, 2) if len(series.tones) > 1 else ():  # harmonics of 4, 8, 12 ... are halved twice
            between, owners = _between(series, share, left)
            if 1 in between or len(between) > 1:
                tones = {share * number: tone for number, tone in series.tones.items()} | between
                series, left = _of_tones(series.fundamental_hz / share, tones), [o for o in left if o not in owners]
        done.append(series)
    return tuple(sorted(done, key=lambda series: series.power, reverse=True))


def _between(series: Series, share: int, others: Sequence[Series]) -> tuple[dict[int, Tone], list[Series]]:
    """Tones at multiples of a part of a fundamental, by number, and the series that they are so far."""
    fundamental_hz, highest = series.fundamental_hz / share, min(HIGHEST_NUMBER, share * max(series.tones))
    found, owners = dict[int, Tone](), list[Series]()
    taken = {share * number for number in series.tones}
    for one in others:
        numbered = {round(tone.line.frequency_hz / fundamental_hz): tone for tone in one.tones.values()}
        fits = len(numbered) == len(one.tones) and all(
            1 <= number <= highest
            and abs(tone.line.frequency_hz - number * fundamental_hz)
            < max(_tolerance_hz(tone), BETWEEN * tone.line.frequency_hz)
            for number, tone in numbered.items()
        )
        if fits and any(number % share for number in numbered) and not taken & set(numbered):
            found |= numbered
            owners.append(one)
            taken |= set(numbered)
    return found, owners


def _of_tones(fundamental_hz: float, tones: dict[int, Tone]) -> Series:
    """A series of tones whose numbers are known."""
    numbers = np.array(list(tones))
    frequency = np.array([tone.line.frequency_hz for tone in tones.values()])
    tolerance = np.array([_tolerance_hz(tone) for tone in tones.values()])
    weight = (numbers / tolerance) ** 2
    found = float(np.sum(weight * frequency / numbers) / np.sum(weight))
    error = 1 / math.sqrt(float(np.sum((numbers / (tolerance / TOLERANCE_ERRORS)) ** 2)))
    kept = found if abs(found / fundamental_hz - 1) < BETWEEN else fundamental_hz
    return Series(kept, error, dict(sorted(tones.items())))


def _tolerance_hz(tone: Tone) -> float:
    line = tone.line
    return max(LEAST_TOLERANCE * line.frequency_hz, TOLERANCE_ERRORS * line.error_hz, SEEN_BINS / line.window_s)


def _best(tones: Sequence[Tone]) -> Series | None:
    """The series that saves most, if any saves enough."""
    frequency = np.array([tone.line.frequency_hz for tone in tones])
    tolerance = np.array([_tolerance_hz(tone) for tone in tones])
    candidates = {value / number for value in frequency for number in range(1, 13)}
    candidates |= {abs(a - b) for place, a in enumerate(frequency) for b in frequency[:place]}
    best: tuple[float, float] = (LEAST_GAIN, 0.0)
    for candidate in candidates:
        if FUNDAMENTALS_HZ[0] <= candidate <= FUNDAMENTALS_HZ[1]:
            best = max(best, _gain(_refined(candidate, frequency, tolerance), frequency, tolerance))
    if best[1] == 0.0:
        return None
    return _series(best[1], tones, frequency, tolerance)


def _members(fundamental: float, frequency: np.ndarray, tolerance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.rint(frequency / fundamental)
    off = np.abs(frequency - numbers * fundamental)
    return numbers, (numbers >= 1) & (numbers <= HIGHEST_NUMBER) & (off < tolerance)


def _refined(candidate: float, frequency: np.ndarray, tolerance: np.ndarray) -> float:
    """The fundamental of the tones that fit a candidate, step by step from the lowest numbers up."""
    value = candidate
    for _ in range(3):
        numbers, fits = _members(value, frequency, tolerance)
        if not fits.any():
            return value
        weight = (numbers / tolerance)[fits] ** 2
        value = float(np.sum(weight * frequency[fits] / numbers[fits]) / np.sum(weight))
    return value


def _gain(fundamental: float, frequency: np.ndarray, tolerance: np.ndarray) -> tuple[float, float]:
    """Nepers that a series saves, and its fundamental."""
    numbers, fits = _members(fundamental, frequency, tolerance)
    count = int(np.count_nonzero(fits))
    if count < 2 or np.unique(numbers[fits]).size < count:
        return (-math.inf, fundamental)
    highest = int(numbers[fits].max())
    saved = float(np.sum(np.log(np.maximum(fundamental / (2 * tolerance[fits]), 1.0))))
    which = math.lgamma(highest + 1) - math.lgamma(count + 1) - math.lgamma(highest - count + 1)
    own = math.log(fundamental / (2 * float(np.min(tolerance[fits] / numbers[fits]))))
    return (saved - which - own, fundamental)


def _series(fundamental: float, tones: Sequence[Tone], frequency: np.ndarray, tolerance: np.ndarray) -> Series:
    numbers, fits = _members(fundamental, frequency, tolerance)
    return _of_tones(fundamental, {int(numbers[place]): tones[int(place)] for place in np.flatnonzero(fits)})
