"""Lines: tones that stand out of the spectrum, found at several lengths of window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.filters import kept_of_low
from augment.acoustics.levels import db
from augment.fitting.spectra import PowerSpectrum, Usable, power_spectrum

LONGEST_S, LONGEST_SHARE = 2.0, 0.3
"""The longest window, and the share of the recording that it may take."""
WINDOWS_S = ((0.5, 80.0), (0.125, 300.0), (0.04, 1000.0))
"""Shorter ones, and the lowest frequency at which each is used: a short one does not part low lines."""
LOWEST_BINS = 24.0
LEAST_KEPT = 0.05
MASKED = 0.15
"""A tone with less power than this share of the noise in its third octave is left: it changes nothing that is heard."""
HELD_MORE_DB = 1.5
"""A line of a shorter window takes the place of those of longer ones if it holds so much more power."""
HELD_OF_BROAD = 0.7
"""It need not hold all of what looks like a hump in a longer one: that is a tone that drifts."""
LIKE = 4.0
CHANCE = 1e-3
"""Probability that a spectrum without lines shows one."""
LEAST_ABOVE_FLOOR_DB = 3.0
SHARP_BINS = 4.0
"""The power of a steady tone is 1.5 times that of the highest bin of a Hann window; one that drifts fills more of
them."""
BROADEST_BINS = 40.0
"""What fills more is a resonance and no line."""
DEEP_VALLEY, RISE = 1 / 30, 2.0
"""Where a spectrum falls that much below a line and rises again, another line begins."""
VALLEY = 1 / 8
"""So does one of like power where it falls by that much; shallower valleys are those of a tone that drifts."""
FAINTEST_DB = -60.0
"""Lines that much below the loudest are left: no recogniser meets them."""


@dataclass(frozen=True)
class Line:
    """A tone.

    Attributes:
        frequency_hz: Its mean frequency.
        error_hz: Standard error of that, from its height over the floor and the resolution.
        power: Its mean square over all of the time.
        above_floor: Power at its peak, over the floor there.
        window_s: Length of the window that saw it.
        reach_hz: To both sides of it lies the power that was counted.
        broad: Whether it is wider than a tone that keeps its frequency through the window.
    """

    frequency_hz: float
    error_hz: float
    power: float
    above_floor: float
    window_s: float
    reach_hz: float
    broad: bool = False

    @property
    def level_db(self) -> float:
        return db(self.power)


def find_lines(heard: Usable) -> tuple[tuple[Line, ...], PowerSpectrum]:
    """Lines of a recording, by frequency, and the spectrum of the longest window.

    A tone that drifts is smeared by a long window, and one that is switched is spread over its sidebands: a shorter
    window then holds more of its power in one line. One that lies between several lines of a longer window takes the
    place of all of them, if it holds 1.5 dB more than they do together.

    Raises:
        ValueError: The recording is too short for any window.
    """
    longest_s = float(min(LONGEST_S, LONGEST_SHARE * heard.usable_s))
    wanted = [(longest_s, LOWEST_BINS / longest_s), *(pair for pair in WINDOWS_S if pair[0] < 0.7 * longest_s)]
    spectra = [(seen, low_hz) for window_s, low_hz in wanted if (seen := power_spectrum(heard, window_s)) is not None]
    if not spectra:
        raise ValueError("there is no usable stretch of 0.06 s")
    kept: list[Line] = []
    for seen, low_hz in spectra:
        kept = _joined(kept, peaks(seen, low_hz, heard.to_hz))
    loudest = max((line.power for line in kept), default=0.0)
    faintest = loudest * 10 ** (FAINTEST_DB / 10)
    heard_ones = [line for line in kept if line.power > max(faintest, MASKED * _noise_around(spectra[0][0], line))]
    heard_ones = _before_filter(heard_ones, heard.sample_rate_hz)
    return tuple(sorted(heard_ones, key=lambda line: line.frequency_hz)), spectra[0][0]


def _before_filter(lines: Sequence[Line], sample_rate_hz: int) -> list[Line]:
    """Lines as they were before infrasound was taken out, but for those of which it left less than a twentieth."""
    if not lines:
        return []
    kept = kept_of_low(np.array([line.frequency_hz for line in lines]), sample_rate_hz)
    return [
        replace(line, power=line.power / float(share))
        for line, share in zip(lines, kept, strict=True)
        if share > LEAST_KEPT
    ]


def _noise_around(seen: PowerSpectrum, line: Line) -> float:
    """Power of the floor in a third octave about a line."""
    low, high = (round(line.frequency_hz * ratio / seen.step_hz) for ratio in (10**-0.05, 10**0.05))
    return float(np.sum(seen.floor[max(0, low) : high + 1]))


def _joined(longer: Sequence[Line], shorter: Sequence[Line]) -> list[Line]:
    """Lines of longer windows, and those of a shorter one that hold more of the power around them.

    Two of like power that the shorter window parts are both kept, whichever of them took the place of longer ones.
    """
    kept, taken = list(longer), list[Line]()
    for line in shorter:
        inside = [other for other in kept if abs(other.frequency_hz - line.frequency_hz) < line.reach_hz]
        beside = [other for other in taken if abs(other.frequency_hz - line.frequency_hz) < line.reach_hz]
        if any(line.power < other.power / LIKE for other in beside):
            continue
        sharp = sum(other.power for other in inside if not other.broad)
        broad = sum(other.power for other in inside if other.broad)
        least_broad = 10 ** (HELD_MORE_DB / 10) if _are_two(inside) else HELD_OF_BROAD
        if line.power > 10 ** (HELD_MORE_DB / 10) * sharp + least_broad * broad:
            kept = [other for other in kept if other not in inside]
            taken.append(line)
    return kept + taken


def _are_two(lines: Sequence[Line]) -> bool:
    """Whether lines are two of like power, which both drift. The comb of a tone that is switched has three and more."""
    return len(lines) == 2 and LIKE > lines[0].power / lines[1].power > 1 / LIKE


def peaks(seen: PowerSpectrum, low_hz: float, high_hz: float) -> list[Line]:
    """Lines of one spectrum, the loudest first."""
    power, floor, step = seen.power, seen.floor, seen.step_hz
    low, high = max(2, int(low_hz / step)), min(power.size - 3, int(high_hz / step))
    if high <= low:
        return []
    # The mean of K powers exceeds its expectation by this factor once in so many bins.
    factor = scipy.stats.gamma.isf(CHANCE / power.size, seen.averages) / seen.averages
    least = max(factor, 10 ** (LEAST_ABOVE_FLOOR_DB / 10)) * 1.2
    ratio = power / floor
    places = low + np.flatnonzero(
        (ratio[low:high] > least)
        & (power[low:high] >= power[low - 1 : high - 1])
        & (power[low:high] > power[low + 1 : high + 1])
    )
    taken = np.zeros(power.size, dtype=np.bool_)
    found = []
    for place in places[np.argsort(power[places])[::-1]]:
        if taken[place]:
            continue
        line = _measured(seen, int(place), taken)
        if line is not None:
            found.append(line)
    return found


def _measured(seen: PowerSpectrum, place: int, taken: NDArray[np.bool_]) -> Line | None:
    """The line around a peak; its bins are marked as taken. None if it is a resonance."""
    power, floor, step = seen.power, seen.floor, seen.step_hz
    low, high = _foot(seen, place, -1, taken), _foot(seen, place, 1, taken)
    taken[low : high + 1] = True
    bins = np.arange(low, high + 1)
    above = np.maximum(power[bins] - floor[bins], 0.0)
    total = float(np.sum(above))
    filled = total / float(power[place])
    if filled > BROADEST_BINS:
        return None
    middle = float(np.sum(bins * above)) / total
    # The centroid of m bins of noise of relative strength e scatters by about e * m / sqrt(12 m) bins.
    noise = float(np.sum(floor[bins])) / np.sqrt(seen.averages) / total
    error = max(noise * bins.size / np.sqrt(12 * bins.size), 0.003) * step
    over, reach_hz = float(power[place] / floor[place]), (high - low + 1) / 2 * step
    return Line(middle * step, error, total, over, seen.window_s, reach_hz, filled > SHARP_BINS)


def _foot(seen: PowerSpectrum, place: int, step: int, taken: NDArray[np.bool_]) -> int:
    """The last bin of a peak to one side: where it meets the floor, another line, or has fallen and rises again."""
    power, floor = seen.power, seen.floor
    found = lowest = place
    while 1 < found + step < power.size - 1 and not taken[found + step]:
        following, depth = power[found + step], power[lowest] / power[place]
        if following < 1.3 * floor[found + step] or following < 1e-6 * power[place]:
            break
        risen = following / power[lowest]
        if (depth < DEEP_VALLEY and risen > RISE) or (depth < VALLEY and following > power[place] / LIKE):
            return lowest
        found += step
        if following < power[lowest]:
            lowest = found
    return found
