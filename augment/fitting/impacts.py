"""Impacts at random times: which there are, how they differ in level and sound, and whether they come in clusters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.fitting.residue import Residue
from augment.fitting.rhythm import ShortTime, Train, novelty
from augment.fitting.strikes import Strike, mean_strike

CLEAR = 5.0
"""An impact rises by so many deviations of what the bed does by chance."""
APART_S = 0.03
FEWEST = 8
MOST_RATE_HZ = 20.0
SOUNDS = 5
EVENTS_A_SOUND = 10
"""A sound of the bank is the mean of so many impacts at least."""
LEAST_SHARE = 0.12
"""Impacts with less of the power than that, beside the bed, are left in the bed."""
NEAR_TRAIN_S = 0.03
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
WINDOWS_S = (0.5, 1.0, 2.0)
CLUSTERED = 1.6
"""Variance over mean of counts: 1 for a Poisson process."""


@dataclass(frozen=True)
class Sound:
    """One of the sounds that impacts have.

    Attributes:
        share: How many of them have it, of all.
        strike: What it is like; its energy is that of its mean impact.
    """

    share: float
    strike: Strike


@dataclass(frozen=True)
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


def find_impacts(residue: Residue, seen: ShortTime, trains: Sequence[Train]) -> Impacts | None:
    """Impacts beside the trains of a recording; None if there are too few or they are too soft to tell."""
    times = _times(seen, trains)
    usable_s = float(np.count_nonzero(seen.usable)) * seen.hop_s
    if times.size < FEWEST or times.size / usable_s > MOST_RATE_HZ:
        return None
    rate_hz = times.size / usable_s
    features, energies = _described(seen, times)
    good = energies > 0
    if np.count_nonzero(good) < FEWEST:
        return None
    times, features, energies = times[good], features[good], energies[good]
    power = float(np.sum(energies)) / usable_s
    samples = residue.heard.samples[residue.heard.mask]
    if power < LEAST_SHARE * float(np.mean(samples**2)):
        return None
    sounds = _sounds(residue, times, features, 0.7 / rate_hz)
    if not sounds:
        return None
    level = 10 * np.log10(energies)
    middle = float(np.median(level))
    quantiles = {p: float(np.quantile(level, p)) - middle for p in PROBABILITIES}
    return Impacts(times, rate_hz, power, sounds, quantiles, *_clusters(times, seen.power.shape[1] * seen.hop_s))


def _times(seen: ShortTime, trains: Sequence[Train]) -> NDArray[np.float64]:
    """When something rises that belongs to no train."""
    rises = novelty(seen)
    middle, low = np.quantile(rises[seen.usable], [0.5, 0.16])
    least = middle + CLEAR * max(middle - low, 1e-6)
    places, _ = scipy.signal.find_peaks(rises, height=least, distance=max(1, round(APART_S / seen.hop_s)))
    times = places * seen.hop_s
    for train in trains:
        near = np.searchsorted(train.times_s, times)
        before = np.abs(times - train.times_s[np.clip(near - 1, 0, train.times_s.size - 1)])
        after = np.abs(times - train.times_s[np.clip(near, 0, train.times_s.size - 1)])
        times = times[np.minimum(before, after) > NEAR_TRAIN_S]
    return np.asarray(times)


def _described(seen: ShortTime, times: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shape of the spectrum of impacts in dB, shape (n, bands), and energies over the bed up to the next impact."""
    bed = np.quantile(seen.power[:, seen.usable], 0.2, axis=1) / -math.log(0.8)
    places = np.rint(times / seen.hop_s).astype(int)
    ends = np.minimum(np.append(places[1:], seen.power.shape[1]), places + round(0.4 / seen.hop_s))
    energies = np.empty((places.size, seen.power.shape[0]))
    for number, (place, end) in enumerate(zip(places, ends, strict=True)):
        part = seen.power[:, max(0, place - 3) : max(end - 3, place + 2)]
        energies[number] = np.sum(part - bed[:, None], axis=1) * seen.hop_s
    total = np.sum(energies, axis=1)
    shape = 10 * np.log10(np.maximum(energies, 1e-4 * np.maximum(total, 1e-30)[:, None]))
    return shape - np.mean(shape, axis=1, keepdims=True), total


def _sounds(
    residue: Residue, times: NDArray[np.float64], features: NDArray[np.float64], apart_s: float
) -> tuple[Sound, ...]:
    """Impacts sorted by the shape of their spectra, and the mean of each kind."""
    count = int(np.clip(times.size // EVENTS_A_SOUND, 1, SOUNDS))
    kinds = np.zeros(times.size, dtype=int)
    if count > 1:
        # Seeded: the same recording gives the same profile.
        _, kinds = scipy.cluster.vq.kmeans2(features, count, minit="++", rng=np.random.default_rng(0))
    found = []
    for kind in range(count):
        of_kind = times[kinds == kind]
        strike = mean_strike(residue, of_kind, min(0.5, max(0.05, apart_s)))
        if strike is not None:
            found.append((of_kind.size, strike))
    whole = sum(size for size, _ in found)
    return tuple(Sound(size / whole, strike) for size, strike in found)


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
