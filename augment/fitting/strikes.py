"""What a knock sounds like, and how loud a train of them is: from the mean of many."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.knock_sounds import pulse_kernel
from augment.fitting.envelopes import Demodulator
from augment.fitting.residue import Residue

LONGEST_S = 0.5
BEFORE_S = 0.012
"""A knock is taken from so long before its rise is seen."""
BED_S, BED_SHARE = 0.06, 0.25
"""The bed is what is there so long before a knock, and no longer than this share of the period."""
FEWEST_TURNS = 6
LEAK_BINS = 4
UNSURE = 0.2
CLEAR_ERRORS, FEW_ERRORS = 6.0, 3.0
"""The mean energy of knocks must be so many of its standard errors above nothing in one band; in others, to count."""
WIDTH_OCTAVES = 1 / 10
SOFTEST_DB = -32.0
MOST_RESONANCES = 12
DECAYS_S = (0.003, 2.0)
RESONANCE_REACH, REACHES_HZ = 0.12, (15.0, 400.0)
"""A resonance is looked at so far to both sides, as a share of its frequency."""
LN_10 = math.log(10)


@dataclass(frozen=True)
class Ringing:
    """One resonance of a knock.

    Attributes:
        frequency_hz: Its frequency.
        amplitude: Amplitude of its sine at the beginning, relative to the others.
        decay_s: Time to fall by 60 dB.
    """

    frequency_hz: float
    amplitude: float
    decay_s: float


@dataclass(frozen=True)
class Strike:
    """The mean knock of a train.

    Attributes:
        energy: Mean energy of a knock over that of the bed, in squared amplitude times seconds.
        spread_db: Deviation of the level from knock to knock.
        ringing: Its resonances.
    """

    energy: float
    spread_db: float
    ringing: tuple[Ringing, ...]

    @property
    def lasts_s(self) -> float:
        """Time in which the longest of them falls by 60 dB."""
        return max(one.decay_s for one in self.ringing)


def mean_strike(residue: Residue, times_s: NDArray[np.float64], period_s: float) -> Strike | None:
    """The mean of the knocks that begin at given times; None if nothing of them stands out.

    Args:
        residue: The recording without its tones.
        times_s: When rises were seen.
        period_s: Mean time between knocks.
    """
    heard = residue.heard
    rate = heard.sample_rate_hz
    length = round(min(0.85 * period_s, LONGEST_S) * rate)
    starts = np.rint((times_s - BEFORE_S) * rate).astype(np.int64)
    starts = starts[(starts >= 0) & (starts + length <= heard.samples.size)]
    starts = np.array([start for start in starts if heard.mask[start : start + length].all()], dtype=np.int64)
    if starts.size < FEWEST_TURNS:
        return None
    density = _energy_density(heard.frames(starts, length))
    frequency = scipy.fft.rfftfreq(2 * (density.shape[1] - 1), 1 / rate)
    bed = _bed_density(residue, starts, length, period_s)
    mean = np.maximum(np.mean(density, axis=0) - bed, 0.0)
    audible = (
        (frequency > 20) & (frequency < heard.to_hz) & _clear(frequency, density, bed, LEAK_BINS / bed_s(period_s))
    )
    if not audible.any():
        return None
    mean[~audible] = 0.0
    # Parseval: the sum over bins of both signs of |X|^2 / size is the sum of squares.
    energies = np.sum(density[:, audible] - bed[audible], axis=1) * 2 * float(frequency[1]) / rate**2
    energy = float(np.mean(energies))
    if energy <= 0:
        return None
    usual = np.maximum(energies, 0.05 * energy)
    spread_db = 1.4826 * float(np.median(np.abs(10 * np.log10(usual) - np.median(10 * np.log10(usual)))))
    ringing = _ringing(residue, times_s, period_s, frequency, mean, bed)
    if not ringing:
        return None
    return Strike(energy, spread_db, ringing)


def bed_s(period_s: float) -> float:
    """Length of the stretch before a knock that tells the bed."""
    return min(BED_S, BED_SHARE * period_s)


def _clear(
    frequency: NDArray[np.float64], density: NDArray[np.float64], bed: NDArray[np.float64], lowest_hz: float
) -> NDArray[np.bool_]:
    """Which frequencies lie in third octaves in which knocks stand out; none if they do so nowhere clearly.

    The energy of a band over that of the bed, from knock to knock: its mean must be several of its standard errors
    above nothing.
    """
    numbers = np.floor(10 * np.log10(np.maximum(frequency, 1.0) / 20)).astype(int)
    found = np.zeros(frequency.size, dtype=np.bool_)
    clearest = 0.0
    for number in np.unique(numbers[frequency >= 20]):
        inside = numbers == number
        over = np.sum(density[:, inside] - bed[inside], axis=1)
        errors = float(np.mean(over)) / max(float(np.std(over)) / math.sqrt(over.size), 1e-30)
        clearest = max(clearest, errors)
        # Low bands of a steep bed leak into one another in frames as short as those that tell it.
        parted = frequency[inside][-1] > lowest_hz or np.sum(density[:, inside]) > 2 * over.size * np.sum(bed[inside])
        found[inside] = errors > FEW_ERRORS and parted
    return found if clearest > CLEAR_ERRORS else np.zeros(frequency.size, dtype=np.bool_)


def _energy_density(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    size = scipy.fft.next_fast_len(frames.shape[1], real=True)
    size += size % 2
    spectrum = scipy.fft.rfft(frames, size)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _bed_density(residue: Residue, starts: NDArray[np.int64], length: int, period_s: float) -> NDArray[np.float64]:
    """Energy density of the bed in a frame of that length: what is there just before each knock.

    Other knocks, at other times, are there as often before one of these as in it, and go with the bed.
    """
    heard, rate = residue.heard, residue.heard.sample_rate_hz
    short = max(32, round(bed_s(period_s) * rate))
    before = starts - short
    before = before[before >= 0]
    before = np.array([place for place in before if heard.mask[place : place + short].all()], dtype=np.int64)
    window = scipy.signal.windows.hann(short, sym=False)
    spectrum = scipy.fft.rfft(heard.frames(before, short) * window)
    per_sample = np.mean(spectrum.real**2 + spectrum.imag**2, axis=0) / float(np.sum(window**2))
    size = scipy.fft.next_fast_len(length, real=True)
    size += size % 2
    return np.asarray(np.interp(scipy.fft.rfftfreq(size), scipy.fft.rfftfreq(short), per_sample) * length)


def _ringing(
    residue: Residue,
    times_s: NDArray[np.float64],
    period_s: float,
    frequency: NDArray[np.float64],
    mean: NDArray[np.float64],
    bed: NDArray[np.float64],
) -> tuple[Ringing, ...]:
    """Resonances whose decaying sines have that energy density together: peaks, their decays, then energies."""
    peaks = _peaks(frequency, mean, residue)
    demodulator = Demodulator(residue.heard)
    longest = 0.68 * period_s
    found = [
        (peak, min(decay_s(demodulator, peak, RESONANCE_REACH * peak, times_s, period_s), longest)) for peak in peaks
    ]
    if not found:
        return ()
    rate = residue.heard.sample_rate_hz
    shapes = np.stack([energy_shape(frequency, peak, lasts_s, rate) for peak, lasts_s in found], axis=1)
    lowest_hz = 1 / bed_s(period_s)  # under that the short frames of the bed tell nothing
    inside = (frequency > lowest_hz) & (frequency < residue.heard.to_hz) & residue.kept(frequency)
    if not inside.any():
        return ()
    # Relative errors count, within what is loud: a floor 25 dB under the highest keeps the rest from mattering, and
    # what is in the bed is known less well. Octaves count alike, although high ones have more bins.
    unsure = mean[inside] + UNSURE * bed[inside] + 10**-2.5 * float(np.max(mean[inside]))
    weight = 1 / unsure / np.sqrt(frequency[inside])
    energy, _ = scipy.optimize.nnls(shapes[inside] * weight[:, None], mean[inside] * weight)
    return tuple(
        # A decaying sine of amplitude a has the energy a^2 T / (12 ln 10): see `pulse_kernel`.
        Ringing(peak, math.sqrt(value * 12 * LN_10 / lasts_s), lasts_s)
        for (peak, lasts_s), value in zip(found, energy, strict=True)
        if value > 10 ** (SOFTEST_DB / 10) * float(np.max(energy))
    )


def _peaks(frequency: NDArray[np.float64], mean: NDArray[np.float64], residue: Residue) -> list[float]:
    """Highest points of a density that is smoothed over a tenth of an octave, the loudest first."""
    low = max(25.0, 2 * frequency[1])
    grid = low * 2 ** np.arange(0, math.log2(residue.heard.to_hz * 0.98 / low), WIDTH_OCTAVES / 3)
    kept = residue.kept(frequency)
    sums = np.concatenate([[0.0], np.cumsum(np.where(kept, mean, 0.0))])
    counts = np.concatenate([[0], np.cumsum(kept)])
    left = np.searchsorted(frequency, grid * 2 ** (-WIDTH_OCTAVES / 2))
    right = np.maximum(np.searchsorted(frequency, grid * 2 ** (WIDTH_OCTAVES / 2)), left + 2)
    right = np.minimum(right, frequency.size)
    smooth = (sums[right] - sums[left]) / np.maximum(counts[right] - counts[left], 1)
    db = 10 * np.log10(np.maximum(smooth, 1e-30))
    places, _ = scipy.signal.find_peaks(db, prominence=1.0)
    order = np.argsort(db[places])[::-1][:MOST_RESONANCES]
    return [
        _centroid(frequency, mean, float(grid[place])) for place in places[order] if db[place] > db.max() + SOFTEST_DB
    ]


def _centroid(frequency: NDArray[np.float64], mean: NDArray[np.float64], peak_hz: float) -> float:
    near = np.abs(np.log2(np.maximum(frequency, 1.0) / peak_hz)) < WIDTH_OCTAVES / 2
    if not near.any() or np.sum(mean[near]) <= 0:
        return peak_hz
    return float(np.sum(frequency[near] * mean[near] ** 2) / np.sum(mean[near] ** 2))


def decay_s(
    demodulator: Demodulator,
    middle_hz: float,
    reach_hz: float,
    times_s: NDArray[np.float64],
    period_s: float,
    middle: Callable[..., NDArray[np.float64]] = np.mean,
) -> float:
    """Time in which the power of knocks near a frequency falls by 60 dB, from the slope of its first 20 dB.

    Args:
        demodulator: Takes envelopes of the recording.
        middle_hz: Where the knocks are looked at.
        reach_hz: How far to both sides of that.
        times_s: When their rises were seen.
        period_s: How long each has.
        middle: Mean of them, or their median, in which others at other times do not show.
    """
    seen = demodulator.envelope(middle_hz, float(np.clip(reach_hz, *REACHES_HZ)))
    length = round(0.9 * min(period_s, LONGEST_S) * seen.rate_hz)
    starts = np.rint((times_s - BEFORE_S) * seen.rate_hz).astype(np.int64)
    starts = starts[(starts >= 0) & (starts + length < seen.power.size)]
    if starts.size == 0 or length < 4:
        return DECAYS_S[0]
    mean = middle(seen.power[starts[:, None] + np.arange(length)], axis=0)
    back = max(2, round(bed_s(period_s) * seen.rate_hz))
    ahead = starts[starts >= back]
    bed = float(middle(seen.power[ahead[:, None] - 1 - np.arange(back)])) if ahead.size else 0.0
    over = np.maximum(mean - bed, 1e-30)
    top = int(np.argmax(over))
    level = 10 * np.log10(over[top:] / over[top])
    below = np.flatnonzero((level < -22) | (over[top:] < 0.5 * bed))
    end = int(below[0]) if below.size else level.size
    part = level[:end]
    used = np.flatnonzero(part < -2)
    if used.size < 3:  # over within the time that the filter itself takes
        return max(DECAYS_S[0], 3 * end / seen.rate_hz)
    slope, _ = np.polyfit(used / seen.rate_hz, part[used], 1)
    return float(np.clip(-60 / min(slope, -1e-3), *DECAYS_S))


def energy_shape(frequency: NDArray[np.float64], peak_hz: float, lasts_s: float, rate: int) -> NDArray[np.float64]:
    """Energy density of a knock of unit energy that rings at one frequency, as profiles make it."""
    size = 2 * (frequency.size - 1)
    kernel = pulse_kernel(rate, [(peak_hz, 0.0, lasts_s)])[:size]
    spectrum = scipy.fft.rfft(kernel, size)
    return np.asarray((spectrum.real**2 + spectrum.imag**2) * rate)
