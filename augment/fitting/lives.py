"""How the level of a noise lives in each band: its distribution, how fast it moves, what bands share."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.fitting.residue import Residue
from augment.fitting.spectra import Usable

OCTAVES_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
DEGREES = 16.0
"""A band is seen in frames so long that the power of Gaussian noise in them has that many degrees of freedom at
least."""
FRAMES_S = (0.02, 0.16)
PROBABILITIES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.995, 0.999)
FEWEST_BEYOND = 4
"""A quantile is told if so many frames at least lie beyond it. Rare blows may hold most of the power of a band."""
MODULATIONS_HZ = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
FEWEST_FRAMES = 24
MOST_SWING_DB = 60.0
NEPER_DB = 10 / math.log(10)


@dataclass(frozen=True)
class Life:
    """The life of one band.

    Attributes:
        from_hz: Lower edge.
        to_hz: Upper edge.
        quantiles_db: Level by probability, about the median.
        modulation_db: Power of the swings of the normal score by octave of modulation frequency.
        scatter_db: Standard deviation of the level, without that of Gaussian noise.
    """

    from_hz: float
    to_hz: float
    quantiles_db: dict[float, float]
    modulation_db: dict[float, float]
    scatter_db: float


@dataclass(frozen=True)
class Lives:
    """The lives of all bands, and the correlation of their normal scores."""

    bands: tuple[Life, ...]
    together: float


def lives_of(residue: Residue) -> Lives | None:
    """The lives of the bands of a recording without its tones; None if it is too short."""
    heard = residue.heard
    found, scores, reliable = [], [], []
    for centre in OCTAVES_HZ:
        low, high = centre / math.sqrt(2), min(centre * math.sqrt(2), heard.to_hz)
        if high < 1.15 * low:
            break
        level, good, step_s, noise = _levels(residue, low, high)
        if np.count_nonzero(good) < FEWEST_FRAMES:
            return None
        life, score, share = _life(level, good, step_s, noise, low, high)
        found.append(life)
        scores.append((score, good, step_s))
        reliable.append(share)
    return Lives(tuple(found), _together(scores, reliable)) if found else None


def _levels(
    residue: Residue, low_hz: float, high_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_], float, float]:
    """Level of a band in dB over time, which of it counts, its step in s, and the variance that noise alone has."""
    heard: Usable = residue.heard
    rate = heard.sample_rate_hz
    width_hz = (high_hz - low_hz) * max(0.05, residue.share_kept(low_hz, high_hz))
    # Power over a Hann frame of t seconds in a band of B Hz has about 2 B t / 1.5 degrees of freedom.
    frame_s = float(np.clip(DEGREES * 1.5 / (2 * width_hz), *FRAMES_S))
    length = scipy.fft.next_fast_len(round(frame_s * rate), real=True)
    hop = max(1, length // 2)
    window = scipy.signal.windows.hann(length, sym=False)
    bins = scipy.fft.rfftfreq(length, 1 / rate)
    inside = (bins >= low_hz) & (bins < high_hz)
    if not inside.any():
        inside[int(np.argmin(np.abs(bins - (low_hz + high_hz) / 2)))] = True
    starts = np.arange(0, heard.samples.size - length + 1, hop)
    powers = np.empty(starts.size)
    done = 0
    for block in np.array_split(starts, max(1, math.ceil(starts.size * length / 2**21))):
        spectrum = scipy.fft.rfft(heard.frames(block, length) * window)[:, inside]
        powers[done : done + block.size] = np.sum(spectrum.real**2 + spectrum.imag**2, axis=1)
        done += block.size
    usable = np.zeros(starts.size, dtype=np.bool_)
    usable[np.searchsorted(starts, heard.starts(length, hop))] = True
    degrees = max(2.0, 2 * width_hz * length / rate / 1.5)
    # ln of a chi-square variable of k degrees of freedom has the variance trigamma(k / 2).
    noise = NEPER_DB**2 * float(scipy.special.polygamma(1, degrees / 2))
    return 10 * np.log10(np.maximum(powers, 1e-30)), usable, hop / rate, noise


def _life(
    level: NDArray[np.float64],
    good: NDArray[np.bool_],
    step_s: float,
    noise: float,
    low_hz: float,
    high_hz: float,
) -> tuple[Life, NDArray[np.float64], float]:
    """The life of a band, its normal score over time, and the share of its variance that is its own."""
    used = level[good]
    middle = float(np.median(used))
    variance = float(np.var(used))
    share = max(0.0, 1 - noise / max(variance, 1e-12))
    shrink = math.sqrt(share)
    quantiles = {
        p: float(np.clip((np.quantile(used, p) - middle) * shrink, -MOST_SWING_DB, MOST_SWING_DB))
        for p in PROBABILITIES
        if p < 0.99 or (1 - p) * used.size >= FEWEST_BEYOND
    }
    ranks = scipy.stats.rankdata(used)
    score = np.zeros(level.size)
    score[good] = scipy.special.ndtri((ranks - 0.5) / ranks.size)
    spectrum = _modulation(score, step_s, 1 - share)
    return Life(low_hz, high_hz, quantiles, spectrum, math.sqrt(variance * share)), score, share


def _modulation(score: NDArray[np.float64], step_s: float, noise_share: float) -> dict[float, float]:
    """Power of a normal score by octaves of modulation frequency, less the white noise of the estimate."""
    size = min(score.size, round(16 / step_s))
    frequency, density = scipy.signal.welch(score, 1 / step_s, nperseg=size, detrend="constant")
    nyquist = float(frequency[-1])
    white = noise_share / nyquist
    found, last = {}, 0.0
    for centre in MODULATIONS_HZ:
        low, high = centre / math.sqrt(2), centre * math.sqrt(2)
        inside = (frequency >= (low if centre > MODULATIONS_HZ[0] else 0.03)) & (frequency < high)
        if inside.any():
            mean = max(float(np.mean(density[inside])) - white, 0.02 * float(np.mean(density[inside])))
            last = 10 * math.log10(max(mean * (high - low), 1e-9))
        else:
            last -= 3.0
        found[centre] = last
    top = max(found.values())
    return {centre: max(value - top, -40.0) for centre, value in found.items()}


def _together(scores: list[tuple[NDArray[np.float64], NDArray[np.bool_], float]], reliable: list[float]) -> float:
    """Mean correlation of the normal scores of bands, as far as they are not noise of the estimate."""
    longest = max(step_s for _, _, step_s in scores)
    resampled = [_thinned(score, good, longest / step_s) for score, good, step_s in scores]
    size = min(part.size for part in resampled)
    found = []
    for a in range(len(resampled)):
        for b in range(a):
            if reliable[a] > 0.15 and reliable[b] > 0.15:
                raw = float(np.corrcoef(resampled[a][:size], resampled[b][:size])[0, 1])
                found.append(raw / math.sqrt(reliable[a] * reliable[b]))
    return float(np.clip(np.mean(found), 0, 1)) if found else 0.0


def _thinned(score: NDArray[np.float64], good: NDArray[np.bool_], ratio: float) -> NDArray[np.float64]:
    places = np.arange(0, score.size - 1, ratio)
    return np.asarray(np.interp(places, np.flatnonzero(good), score[good]))
