"""Impacts at random times: which there are, how they differ in level and sound, and whether they come in clusters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.portrait import band_centres_hz
from augment.fitting.envelopes import Demodulator
from augment.fitting.residue import Residue
from augment.fitting.rhythm import ShortTime, novelty
from augment.fitting.spectra import Usable
from augment.fitting.strikes import BEFORE_S, USUAL_REACH, Reach, around, energy_shape, lasting_s

CLEAR = 5.0
"""An impact rises by so many deviations of what the bed does by chance."""
HEARD_DB = 60.0
"""Impacts on others that have not died away rise far over the median, which in a quiet room is that of the silence."""
APART_S = 0.03
FEWEST = 8
MOST_RATE_HZ = 20.0
SOUNDS = 4
LONGEST_S = 0.4
"""No impact is looked at for longer."""
LOWEST_HZ, LOW_HZ, LEAST_LOW_SHARE = 45.0, 90.0, 0.6
"""Where frames are hardly longer than a turn, what is not nearly all theirs is rumble rather than impacts."""
SOFTEST_DB, QUIET_DB = -35.0, -40.0
"""Impacts that much under the mean, and octaves that much under the loudest, are left out."""
OCTAVE_REACH = Reach(0.35, 400.0)
"""An octave is looked at so far to both sides of its middle."""
SKIRT_SHARE = 0.5
"""A band of which the skirts of louder ones leave less than that has no mode of its own."""
MOST_DECAY = 2.0
"""What falls by 20 dB and more until the next impact comes; slower decays are not seen."""
OCTAVE_TURNS, RESONANCE_TURNS = 6.0, 4.0
"""What dies away within fewer turns of its frequency is heard far beyond its band: a resonance is 2.2 / T60 wide."""
EVEN_DB = 3.0
"""Where densities of third octaves within an octave deviate by less, it is noise; where by more, it rings."""
EVENTS_A_SOUND = 10
"""A sound of the bank is the mean of so many impacts at least."""
LEAST_SHARE, FEWEST_BANDS = 0.12, 3
"""Impacts are heard in third octaves of which they have that share of the power; so many of these there must be."""
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
WINDOWS_S = (0.5, 1.0, 2.0)
CLUSTERED = 1.6
"""Variance over mean of counts: 1 for a Poisson process."""


@dataclass(frozen=True)
class Mode:
    """What an impact does in one band: the frequency there, the energy, and the time in which it falls by 60 dB."""

    frequency_hz: float
    energy: float
    decay_s: float


@dataclass(frozen=True)
class Sound:
    """One of the sounds that impacts have.

    Attributes:
        share: How many of them have it, of all.
        noisy: Whether it is noise in octaves, or else rings at one frequency in each third of an octave.
        modes: What it does in each of these; energies are means over its impacts, in squared amplitude times seconds.
    """

    share: float
    noisy: bool
    modes: tuple[Mode, ...]

    @property
    def energy(self) -> float:
        """Mean energy of its impacts."""
        return sum(mode.energy for mode in self.modes)


@dataclass(frozen=True, eq=False)
class Impacts:
    """Knocks at random times.

    Attributes:
        times_s: When they begin.
        rate_hz: How many there are a second.
        power: Their mean power over all of the time.
        sounds: What they sound like.
        quantiles_db: Level by probability, about the median.
        cluster_size: Mean number of impacts in a cluster; 1 if they do not come in clusters.
        cluster_s: Over how long a cluster is spread.
    """

    times_s: NDArray[np.float64]
    rate_hz: float
    power: float
    sounds: tuple[Sound, ...]
    quantiles_db: dict[float, float]
    cluster_size: float
    cluster_s: float

    @property
    def lasts_s(self) -> float:
        """Time in which the longest of them falls by 60 dB."""
        return max(mode.decay_s for sound in self.sounds for mode in sound.modes)


@dataclass(frozen=True)
class Others:
    """Events that are told already: beginnings of knocks of a train, or of bursts.

    Attributes:
        times_s: When they begin.
        before_s: How long before that a rise is theirs.
        after_s: And how long after it.
    """

    times_s: NDArray[np.float64]
    before_s: float
    after_s: float


def find_impacts(residue: Residue, seen: ShortTime, others: Sequence[Others]) -> Impacts | None:
    """Impacts beside the trains and bursts of a recording; None if there are too few or they are too soft to tell."""
    times = _times(seen, others)
    usable_s = float(np.count_nonzero(seen.usable)) * seen.hop_s
    if times.size < FEWEST:
        return None
    known = np.sort(np.concatenate([times, *(one.times_s for one in others)]))
    ends = np.append(known, math.inf)[np.searchsorted(known, times, side="right")]
    listener = _Listener(residue.heard, times, ends, float(np.clip(0.7 * usable_s / times.size, 0.05, LONGEST_S)))
    energies = listener.energies()
    total = np.sum(energies, axis=1)
    loud = total > 10 ** (SOFTEST_DB / 10) * max(float(np.mean(total)), 1e-30)
    rate_hz = float(np.count_nonzero(loud)) / usable_s
    if np.count_nonzero(loud) < FEWEST or rate_hz > MOST_RATE_HZ:
        return None
    shares = listener.shares(np.sum(energies[loud], axis=0) / usable_s)
    if np.sort(shares)[-min(FEWEST_BANDS, shares.size)] < LEAST_SHARE:
        return None
    energies[:, shares < listener.least_shares()] = 0.0
    total = np.sum(energies, axis=1)
    loud &= total > 0
    if np.count_nonzero(loud) < FEWEST:
        return None
    rate_hz = float(np.count_nonzero(loud)) / usable_s
    power = float(np.sum(total[loud])) / usable_s
    kinds = np.full(times.size, -1)
    kinds[loud] = _kinds(energies[loud])
    sounds, levels = [], np.zeros(times.size)
    for kind in np.unique(kinds[loud]):
        some = kinds == kind
        sounds.append(listener.sound(float(np.mean(some[loud])), some, np.mean(energies[some], axis=0)))
        levels[some] = 10 * np.log10(total[some] / np.mean(total[some]))
    times, levels = times[loud], levels[loud]
    middle = float(np.median(levels))
    quantiles = {p: float(np.quantile(levels, p)) - middle for p in PROBABILITIES}
    clusters = _clusters(times, seen.power.shape[1] * seen.hop_s)
    return Impacts(times, rate_hz, power, tuple(sounds), quantiles, *clusters)


def _times(seen: ShortTime, others: Sequence[Others]) -> NDArray[np.float64]:
    """When something rises that is not told already."""
    rises = novelty(seen, HEARD_DB)
    middle, low = np.quantile(rises[seen.usable], [0.5, 0.16])
    least = middle + CLEAR * max(middle - low, 1e-6)
    places, _ = scipy.signal.find_peaks(rises, height=least, distance=max(1, round(APART_S / seen.hop_s)))
    times = places * seen.hop_s
    for one in others:
        last = np.searchsorted(one.times_s, times + one.before_s, side="right") - 1
        near = (last >= 0) & (times - one.times_s[np.maximum(last, 0)] < one.after_s)
        times = times[~near]
    return np.asarray(times)


def _kinds(energies: NDArray[np.float64]) -> NDArray[np.int64]:
    """Impacts sorted by the shapes of their spectra: the number of each one's kind."""
    count = int(np.clip(energies.shape[0] // EVENTS_A_SOUND, 1, SOUNDS))
    if count == 1:
        return np.zeros(energies.shape[0], dtype=np.int64)
    total = np.sum(energies, axis=1, keepdims=True)
    shape = 10 * np.log10(np.maximum(energies, 1e-4 * total))
    shape -= np.mean(shape, axis=1, keepdims=True)
    # Seeded: the same recording gives the same profile.
    _, kinds = scipy.cluster.vq.kmeans2(shape, count, minit="++", rng=np.random.default_rng(0))
    return np.asarray(kinds, dtype=np.int64)


class _Listener:
    """Hears what impacts sound like.

    Args:
        heard: The recording, without its tones.
        times: When impacts are seen.
        ends: When what comes next begins.
        lasts_s: How long each is looked at, if nothing comes before that.
    """

    def __init__(self, heard: Usable, times: NDArray[np.float64], ends: NDArray[np.float64], lasts_s: float) -> None:
        rate = heard.sample_rate_hz
        length = scipy.fft.next_fast_len(round(lasts_s * rate), real=True)
        starts = np.clip(np.rint((times - BEFORE_S) * rate).astype(np.int64), 0, heard.samples.size - length)
        following = np.minimum((ends - times) * rate, length)
        own = np.arange(length) < following[:, None]
        self._power = _energy_density(heard.frames(starts, length) * own, rate)
        self._frequency = scipy.fft.rfftfreq(length, 1 / rate)
        others = heard.starts(length, length)
        # Powers of Gaussian noise are exponential: a fifth of them lies below -ln 0.8 = 0.223 of their mean.
        density = _energy_density(heard.frames(others, length), rate)
        self._whole = np.mean(density, axis=0) * (rate / length)
        bed = np.quantile(density, 0.2, axis=0) / -math.log(0.8)
        self._bed = bed * np.mean(own, axis=1, keepdims=True)
        self._times, self._lasts_s, self._demodulator = times, lasts_s, Demodulator(heard)
        centres = np.array([one for one in band_centres_hz(round(2 * heard.to_hz)) if one > LOWEST_HZ])
        numbers = np.rint(10 * np.log10(np.maximum(self._frequency, 1.0) / 1000)).astype(int)
        places = [numbers == round(10 * math.log10(centre / 1000)) for centre in centres]
        self._bands = [(float(one), place) for one, place in zip(centres, places, strict=True) if place.any()]

    def energies(self) -> NDArray[np.float64]:
        """Energies over the bed in third octaves, shape (impacts, bands)."""
        over = self._power - self._bed
        return np.stack([np.sum(over[:, place], axis=1) for _, place in self._bands], axis=1)

    def shares(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of all that is there in third octaves, the shares of impacts with so much power."""
        whole = np.array([float(np.sum(self._whole[place])) for _, place in self._bands])
        return np.asarray(power / np.maximum(whole, 1e-30))

    def least_shares(self) -> NDArray[np.float64]:
        """Shares that impacts must have in third octaves to be told there."""
        low = np.array([centre for centre, _ in self._bands]) < LOW_HZ
        return np.where(low, LEAST_LOW_SHARE, LEAST_SHARE)

    def sound(self, share: float, some: NDArray[np.bool_], energies: NDArray[np.float64]) -> Sound:
        """The sound of some impacts whose mean energies in third octaves are these."""
        octaves = np.rint(np.log2(np.array([centre for centre, _ in self._bands]) / 1000)).astype(int)
        least = float(np.max(energies)) * 10 ** (QUIET_DB / 10)
        level = 10 * np.log10(np.maximum(energies, least))
        each = np.unique(octaves)
        apart = [float(np.std(level[octaves == octave])) for octave in each]
        sums = [float(np.sum(energies[octaves == octave])) for octave in each]
        noisy = float(np.average(apart, weights=np.maximum(sums, 0.0))) < EVEN_DB
        if noisy:
            found = [
                Mode(1000 * 2.0**octave, energy, self._decay_s(1000 * 2.0**octave, noisy, some))
                for octave, energy in zip(each, sums, strict=True)
                if energy > least
            ]
        else:
            found = self._ringing(some, energies, least)
        return Sound(share, noisy, tuple(found))

    def _ringing(self, some: NDArray[np.bool_], energies: NDArray[np.float64], least: float) -> list[Mode]:
        """Modes, from the loudest band down, in bands that the skirts of louder ones do not fill."""
        rate, peaks = round(2 * float(self._frequency[-1])), self._peaks(some)
        filled, found = np.zeros(energies.size), list[Mode]()
        for number in np.argsort(energies)[::-1]:
            energy = float(energies[number] - filled[number])
            if energy < max(least, SKIRT_SHARE * float(energies[number])):
                continue
            mode = Mode(peaks[number], energy, self._decay_s(peaks[number], False, some))
            shape = energy_shape(self._frequency, mode.frequency_hz, mode.decay_s, rate)
            filled += energy / float(np.sum(shape)) * np.array([np.sum(shape[place]) for _, place in self._bands])
            found.append(mode)
        return sorted(found, key=lambda mode: mode.frequency_hz)

    def _decay_s(self, middle_hz: float, noisy: bool, some: NDArray[np.bool_]) -> float:
        reach_hz = (OCTAVE_REACH if noisy else USUAL_REACH).hz(middle_hz)
        inside_hz = min(middle_hz, float(self._frequency[-1]) - reach_hz)
        at = around(self._times[some], self._lasts_s)
        found = lasting_s(self._demodulator, inside_hz, reach_hz, at, BEFORE_S + APART_S)
        least = (OCTAVE_TURNS if noisy else RESONANCE_TURNS) / middle_hz
        return max(min(found, MOST_DECAY * self._lasts_s), least)

    def _peaks(self, some: NDArray[np.bool_]) -> list[float]:
        """Frequency of the highest point of the mean spectrum of impacts in each band."""
        power = self._power[some]
        mean = np.mean(power / np.maximum(np.sum(power, axis=1, keepdims=True), 1e-30), axis=0)
        return [float(self._frequency[place][np.argmax(mean[place])]) for _, place in self._bands]


def _energy_density(frames: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Energy of frames in each bin, in squared amplitude times seconds; shapes (n, length) and (n, bins)."""
    spectrum = scipy.fft.rfft(frames, axis=1)
    # Parseval: the sum over bins of both signs of |X|^2 / length is the sum of squares.
    return np.asarray((spectrum.real**2 + spectrum.imag**2) * (2 / (frames.shape[1] * rate)))


def _clusters(times: NDArray[np.float64], length_s: float) -> tuple[float, float]:
    """Mean size of clusters, and over how long they are spread.

    For a Neyman-Scott process whose clusters have a Poisson number of knocks of mean m, counts in windows much longer
    than a cluster have the variance (1 + m) times their mean; in shorter ones less.
    """
    fano = []
    for window_s in WINDOWS_S:
        counts = np.bincount((times / window_s).astype(int), minlength=int(length_s / window_s))[
            : int(length_s / window_s)
        ]
        fano.append(float(np.var(counts)) / max(float(np.mean(counts)), 1e-9) if counts.size > 4 else 1.0)
    if max(fano) < CLUSTERED:
        return 1.0, 0.0
    size = max(fano)
    half = next(window_s for window_s, value in zip(WINDOWS_S, fano, strict=True) if value - 1 >= 0.5 * (size - 1))
    return size, half
