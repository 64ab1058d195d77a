"""Faint harmonics: those of a series that do not stand out by themselves, looked for where they must be."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from augment.fitting.lines import FAINTEST_DB, Line
from augment.fitting.series import Series
from augment.fitting.spectra import PowerSpectrum
from augment.fitting.tones import Tone

CLEAR_ERRORS, CLEAR_ERRORS_OF_LONE = 4.5, 6.5
LOWEST_HZ = 40.0
FURTHER = 2
"""Beyond the highest harmonic that was found, so many more are looked for."""
MOST_NUMBER = 40
LEAST_BINS = 2.5
NEAR_TONE = 1.5


def completed(found: Sequence[Series], spectrum: PowerSpectrum) -> tuple[Series, ...]:
    """Series with the harmonics that are there, though too faint to be found as lines.

    Where a line may be anywhere, the highest of ten thousand bins must be no chance. Where a harmonic must be, only its
    few bins are looked at, and much less is enough: some standard errors of the power over the floor there. A harmonic
    drifts as far as the others do, by its number: it is looked for as wide as theirs say.

    Args:
        found: Series.
        spectrum: That of the longest window.
    """
    everything = [tone for series in found for tone in series.tones.values()]
    return tuple(_completed(series, everything, spectrum) for series in found)


def _completed(series: Series, everything: Sequence[Tone], spectrum: PowerSpectrum) -> Series:
    widths = [tone.line.reach_hz / number for number, tone in series.tones.items() if tone.line.window_s > 1.0]
    spread_hz = float(np.median(widths)) if widths else 0.0
    tones = dict(series.tones)
    errors = CLEAR_ERRORS if len(tones) > 1 else CLEAR_ERRORS_OF_LONE
    for number in range(1, min(MOST_NUMBER, max(series.tones) + FURTHER) + 1):
        if number in tones:
            continue
        line = _line(number * series.fundamental_hz, number * spread_hz, everything, spectrum, errors)
        if line is not None:
            tones[number] = Tone(line, line.power, None, None, sure=False)
    return replace(series, tones=dict(sorted(tones.items())))


def _line(
    frequency_hz: float, spread_hz: float, everything: Sequence[Tone], spectrum: PowerSpectrum, errors: float
) -> Line | None:
    """What stands over the floor about a frequency; None if that may be chance, or another tone's."""
    step = spectrum.step_hz
    half = max(LEAST_BINS * step, min(spread_hz, 0.01 * frequency_hz))
    low, high = round((frequency_hz - half) / step), round((frequency_hz + half) / step)
    if frequency_hz < LOWEST_HZ or low < 2 or high >= spectrum.power.size - 2:
        return None
    if any(abs(t.line.frequency_hz - frequency_hz) < NEAR_TONE * (half + t.line.reach_hz) for t in everything):
        return None
    power, floor = spectrum.power[low : high + 1], spectrum.floor[low : high + 1]
    over = float(np.sum(power - floor))
    # The mean of K powers of noise scatters by 1 / sqrt(K) of itself; bins of a Hann window are like their neighbours.
    error = float(np.sqrt(np.sum(floor**2) * 2 / spectrum.averages))
    faintest = max(tone.line.power for tone in everything) * 10 ** (FAINTEST_DB / 10)
    if over < max(errors * error, faintest):
        return None
    above = float(np.max(power / floor))
    return Line(frequency_hz, half / math.sqrt(12), over, above, spectrum.window_s, half)
