"""What a knock sounds like, and how loud a train of them is: from the mean of many."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.knock_sounds import pulse_kernel
from augment.fitting.envelopes import Demodulator, Envelope
from augment.fitting.residue import Residue
from augment.fitting.spectra import Usable

LONGEST_S = 0.5
BEFORE_S = 0.012
"""A knock is taken from so long before its rise is seen."""
BED_S, BED_SHARE = 0.06, 0.25
"""The bed is what is there so long before a knock, and no longer than this share of the period."""
FEWEST_TURNS = 6
FINEST_S = 0.02
"""The spectrum of a knock has a value for each inverse of that, however short it is."""
LEAK_BINS = 4
UNSURE = 0.2
CLEAR_ERRORS, FEW_ERRORS = 6.0, 3.0
"""The mean energy of knocks must be so many of its standard errors above nothing in one band; in others, to count."""
WIDTH_OCTAVES = 1 / 10
SOFTEST_DB = -32.0
MOST_RESONANCES = 12
DECAYS_S = (0.003, 2.0)
LONGEST_DECAY = 0.68
"""Of a period, in which a knock falls by 60 dB: what rings on into the next makes tones."""
LN_10 = math.log(10)


@dataclass(frozen=True)
class Reach:
    """How far to both sides of a frequency is looked at, to see how fast something dies away there.

    Attributes:
        share: As a share of the frequency.
        most_hz: And no further than that.
    """

    share: float
    most_hz: float

    def hz(self, middle_hz: float) -> float:
        """The reach about a frequency."""
        return min(max(self.share * middle_hz, LEAST_REACH_HZ), self.most_hz)


LEAST_REACH_HZ, USUAL_REACH = 15.0, Reach(0.12, 400.0)


@dataclass(frozen=True, eq=False)
class Around:
    """Where knocks are looked at, and what is beside them.

    Attributes:
        starts_s: Where the stretch of each begins, a moment before it.
        lasts_s: How long it is.
        beds_s: Where the stretches begin that tell the bed.
        bed_s: How long these are.
        reach: How far about resonances is looked at.
        valleys_db: What is so far under the highest point of their spectrum does not count.
    """

    starts_s: NDArray[np.float64]
    lasts_s: float
    beds_s: NDArray[np.float64]
    bed_s: float
    reach: Reach = USUAL_REACH
    valleys_db: float = -25.0

    @property
    def lowest_hz(self) -> float:
        """Under that the short frames of the bed tell nothing."""
        return 1 / self.bed_s


def around(times_s: NDArray[np.float64], period_s: float) -> Around:
    """Around knocks that are seen to rise at given times: the bed is what is there just before each."""
    starts, bed_s = times_s - BEFORE_S, min(BED_S, BED_SHARE * period_s)
    return Around(starts, min(0.85 * period_s, LONGEST_S), starts - bed_s, bed_s)


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


@dataclass(frozen=True, eq=False)
class Strike:
    """The mean knock of a train.

    Attributes:
        energy: Mean energy of a knock over that of the bed, in squared amplitude times seconds.
        spread_db: Deviation of the level from knock to knock.
        ringing: Its resonances.
        density: Energy of a knock over that of the bed, per Hz of both signs, at multiples of `step_hz`; shape (f,). 0
            where it does not stand out.
        step_hz: From one frequency to the next.
    """

    energy: float
    spread_db: float
    ringing: tuple[Ringing, ...]
    density: NDArray[np.float64]
    step_hz: float

    @property
    def lasts_s(self) -> float:
        """Time in which the longest of them falls by 60 dB."""
        return max(one.decay_s for one in self.ringing)


def mean_strike(residue: Residue, at: Around, period_s: float) -> Strike | None:
    """The mean of knocks; None if nothing of them stands out.

    Args:
        residue: The recording without its tones.
        at: Where they are.
        period_s: Mean time from one to the next.
    """
    heard = residue.heard
    rate = heard.sample_rate_hz
    length = round(at.lasts_s * rate)
    starts = heard.usable_from(np.rint(at.starts_s * rate).astype(np.int64), length)
    if starts.size < FEWEST_TURNS:
        return None
    size = 2 * scipy.fft.next_fast_len(math.ceil(max(length, FINEST_S * rate) / 2), real=True)
    density = _energy_density(heard.frames(starts, length), size)
    frequency = scipy.fft.rfftfreq(size, 1 / rate)
    bed = _bed_density(heard, at, length, size)
    mean = np.maximum(np.mean(density, axis=0) - bed, 0.0)
    audible = (frequency > 20) & (frequency < heard.to_hz)
    audible &= _clear(frequency, density, bed, LEAK_BINS * at.lowest_hz)
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
    ringing = _ringing(residue, at, LONGEST_DECAY * period_s, frequency, mean, bed)
    if not ringing:
        return None
    return Strike(energy, spread_db, ringing, mean / rate**2, float(frequency[1]))


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


def _energy_density(frames: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    spectrum = scipy.fft.rfft(frames, size)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _bed_density(heard: Usable, at: Around, length: int, size: int) -> NDArray[np.float64]:
    """Energy density of the bed in a frame of that length, at frequencies of a transform of that size.

    Other knocks, at other times, are there as often before one of these as in it, and go with the bed.
    """
    short = max(32, round(at.bed_s * heard.sample_rate_hz))
    before = heard.usable_from(np.rint(at.beds_s * heard.sample_rate_hz).astype(np.int64), short)
    window = scipy.signal.windows.hann(short, sym=False)
    spectrum = scipy.fft.rfft(heard.frames(before, short) * window)
    per_sample = np.mean(spectrum.real**2 + spectrum.imag**2, axis=0) / float(np.sum(window**2))
    return np.asarray(np.interp(scipy.fft.rfftfreq(size), scipy.fft.rfftfreq(short), per_sample) * length)


def _ringing(
    residue: Residue,
    at: Around,
    longest_s: float,
    frequency: NDArray[np.float64],
    mean: NDArray[np.float64],
    bed: NDArray[np.float64],
) -> tuple[Ringing, ...]:
    """Resonances whose decaying sines have that energy density together: peaks, their decays, then energies."""
    peaks = _peaks(frequency, mean, residue)
    demodulator = Demodulator(residue.heard)
    found = [(peak, min(decay_s(demodulator, peak, at), longest_s)) for peak in peaks]
    if not found:
        return ()
    rate = residue.heard.sample_rate_hz
    shapes = np.stack([energy_shape(frequency, peak, lasts_s, rate) for peak, lasts_s in found], axis=1)
    inside = (frequency > at.lowest_hz) & (frequency < residue.heard.to_hz) & residue.kept_bins(frequency)
    if not inside.any():
        return ()
    # Relative errors count, within what is loud, and what is in the bed is known less well. Octaves count alike,
    # although high ones have more bins.
    unsure = mean[inside] + UNSURE * bed[inside] + 10 ** (at.valleys_db / 10) * float(np.max(mean[inside]))
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
    kept = residue.kept_bins(frequency)
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


def decay_s(demodulator: Demodulator, middle_hz: float, at: Around) -> float:
    """Time in which the power of knocks near a frequency falls by 60 dB, from the slope of its first 20 dB.

    Args:
        demodulator: Takes envelopes of the recording.
        middle_hz: Where the knocks are looked at.
        at: Where they are.
    """
    seen = demodulator.envelope(middle_hz, at.reach.hz(middle_hz))
    length = round(at.lasts_s * seen.rate_hz)
    starts = _within(seen, at.starts_s, length)
    if starts.size == 0 or length < 4:
        return DECAYS_S[0]
    mean = np.mean(seen.power[starts[:, None] + np.arange(length)], axis=0)
    before = _power_of_bed(seen, at)
    bed = float(np.mean(before)) if before.size else 0.0
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


def lasting_s(demodulator: Demodulator, middle_hz: float, reach_hz: float, at: Around, peak_within_s: float) -> float:
    """Time in which knocks would fall by 60 dB if they died away evenly, and were as much in one place as they are.

    Of p(t) = exp(-t / tau) the square of the integral over the integral of the square is 2 tau, and 60 dB are 13.8 tau.
    What is loud counts, as it does in the spectrum of modulations; a slope has as much of a soft tail.

    Args:
        demodulator: Takes envelopes of the recording.
        middle_hz: Where the knocks are looked at.
        reach_hz: How far to both sides of that.
        at: Where they are.
        peak_within_s: Each is looked at from its own peak, which comes so soon; that of the mean of all is blurred.
    """
    seen = demodulator.envelope(middle_hz, reach_hz)
    length, search = round(at.lasts_s * seen.rate_hz), max(2, round(peak_within_s * seen.rate_hz))
    starts = _within(seen, at.starts_s, search + length)
    if starts.size == 0 or length < 4:
        return DECAYS_S[0]
    peaks = starts + np.argmax(seen.power[starts[:, None] + np.arange(search)], axis=1)
    before = _power_of_bed(seen, at)
    bed = float(np.median(before)) if before.size else 0.0
    rise = max(1, round(seen.rise_s() * seen.rate_hz))
    middle = np.median(seen.power[np.maximum(peaks[:, None] - rise + np.arange(length), 0)], axis=0)
    over = np.maximum(middle - bed, 0.0)
    square = float(np.sum(over**2))
    if square == 0.0:
        return DECAYS_S[0]
    return float(np.clip(3 * LN_10 * float(np.sum(over)) ** 2 / square / seen.rate_hz, *DECAYS_S))


def _within(seen: Envelope, starts_s: NDArray[np.float64], length: int) -> NDArray[np.int64]:
    """Where stretches of so many samples of an envelope begin, of those that lie in it."""
    starts = np.rint(starts_s * seen.rate_hz).astype(np.int64)
    return np.asarray(starts[(starts >= 0) & (starts + length < seen.power.size)])


def _power_of_bed(seen: Envelope, at: Around) -> NDArray[np.float64]:
    """Powers of an envelope where the bed is told, shape (stretches, samples)."""
    length = max(2, round(at.bed_s * seen.rate_hz))
    return np.asarray(seen.power[_within(seen, at.beds_s, length)[:, None] + np.arange(length)])


def energy_shape(frequency: NDArray[np.float64], peak_hz: float, lasts_s: float, rate: int) -> NDArray[np.float64]:
    """Energy density of a knock of unit energy that rings at one frequency, as profiles make it."""
    size = 2 * (frequency.size - 1)
    kernel = pulse_kernel(rate, [(peak_hz, 0.0, lasts_s)])[:size]
    spectrum = scipy.fft.rfft(kernel, size)
    return np.asarray((spectrum.real**2 + spectrum.imag**2) * rate)
