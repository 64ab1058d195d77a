"""What a recording brings with it: noise in its pauses, the bandwidth of its speech, and clipping.

Noise floor and bandwidth are estimates, since nobody marked what is speech. They rest on short-time spectra, computed
here with numpy and scipy: librosa has them too, but takes seconds to import.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db

FRAME_S = 0.032
FRAMES_AT_ONCE = 2048
LOWEST_HZ = 100.0
"""Rumble below this is hardly heard, and lies outside the band in which SNR is defined."""
QUIETEST_PERCENT = 3.0
QUIET_RANGE_DB = 4.0
DIGITAL_SILENCE = 1e-11
"""Largest mean square of a frame without any sound: -110 dBov, far below the -101 dBov of rounding to 16 bits."""
ROUNDING = 1e-10
"""Power of rounding to 16 bits: a twelfth of a squared step, (2^-15)^2 / 12 = 0.8e-10, rounded up."""
BAND_HZ = 200.0
BAND_SEEN_S = 60.0
NOTHING_LEFT_DB = 60.0
LOUDEST_PERCENT = 97.0
OVER_FLOOR_DB = 10.0
BELOW_STRONGEST_DB = 50.0
LEAST_SNR_DB = -10.0
FEWEST_FLAT = 3
NATURAL_STEPS = 5
"""Steps by which a natural crest, flat for three samples, falls at most to the next: see :func:`_flat`."""
LONG_FLAT_SHARE = 0.01


def _spectra(signal: Signal, sample_rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power of short frames by frequency, shape (frames, bins), and the bins' frequencies in Hz.

    Hann windows that overlap by half, each frame without its mean. The powers of a frame add up to its mean square.
    Digital silence before and after the recording is left out.
    """
    size = min(max(8, round(FRAME_S * sample_rate_hz)), signal.size)
    if size < 2:
        return np.zeros((0, 1)), np.zeros(1)
    every = np.lib.stride_tricks.sliding_window_view(signal, size)[:: max(1, size // 2)]
    window, power = np.hanning(size + 1)[:-1], np.empty((every.shape[0], size // 2 + 1))
    # Parseval: the sum of |X|^2 is N sum (w x)^2, on average N sum(w^2) times the mean square of x. Of a real signal's
    # spectrum half is stored, so all bins count twice but those at 0 and at half the sample rate.
    for first in range(0, every.shape[0], FRAMES_AT_ONCE):
        frames = every[first : first + FRAMES_AT_ONCE]
        frames = frames - np.mean(frames, axis=1, keepdims=True)
        spectra = scipy.fft.rfft(frames * window, axis=1)
        power[first : first + FRAMES_AT_ONCE] = np.abs(spectra) ** 2 / (size * np.sum(window * window))
    power[:, 1 : (size + 1) // 2] *= 2
    sounding = np.flatnonzero(np.sum(power, axis=1) > DIGITAL_SILENCE)
    held = slice(sounding[0], sounding[-1] + 1) if sounding.size else slice(0, 0)
    return power[held], scipy.fft.rfftfreq(size, 1 / sample_rate_hz)


def _pauses(power: NDArray[np.float64], frequency: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which frames are background: those within a few dB of the quietest.

    The estimate is the mean over them and not the percentile itself: of steady noise nearly all frames are within the
    range, so that choosing quiet ones hardly biases it.
    """
    level = np.sum(power[:, frequency >= LOWEST_HZ], axis=1)
    return np.asarray(level <= np.percentile(level, QUIETEST_PERCENT) * 10 ** (QUIET_RANGE_DB / 10))


@dataclass(frozen=True)
class Background:
    """Noise floor and bandwidth of a recording; both are estimates.

    Attributes:
        floor_dbov: See :func:`noise_floor_dbov`.
        bandwidth_hz: See :func:`bandwidth_hz`.
    """

    floor_dbov: float
    bandwidth_hz: float


def background(signal: Signal, sample_rate_hz: int) -> Background:
    """Noise floor and bandwidth of a recording, from one set of spectra.

    Args:
        signal: A recording of speech, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Example:
        >>> background(np.zeros(16000), 16000)
        Background(floor_dbov=-inf, bandwidth_hz=0.0)
    """
    power, frequency = _spectra(signal, sample_rate_hz)
    if not power.size:
        return Background(-math.inf, 0.0)
    pauses = power[_pauses(power, frequency)]
    return Background(_floor_dbov(pauses, frequency), _bandwidth_hz(power, pauses, frequency, sample_rate_hz))


def noise_floor_dbov(signal: Signal, sample_rate_hz: int) -> float:
    """Estimate the level of the background in the pauses of a recording.

    Args:
        signal: A recording of speech, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Returns:
        Level above 100 Hz in dBov; ``-inf`` for digital silence in the pauses. Digital silence before and after the
        recording does not count. In speech without a pause the softest sounds are taken for background: for words that
        are cut out tightly the estimate is an upper limit.

    Example:
        >>> noise = 0.01 * np.random.default_rng(1).standard_normal(32000)
        >>> round(noise_floor_dbov(noise, 16000), 1)
        -40.1
    """
    return background(signal, sample_rate_hz).floor_dbov


def bandwidth_hz(signal: Signal, sample_rate_hz: int) -> float:
    """Estimate the highest frequency at which there is speech in a recording.

    Args:
        signal: A recording of speech, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Returns:
        Upper edge of the highest band of 200 Hz whose loud frames (97th percentile) rise 10 dB above the pauses, lie
        within 50 dB of the strongest band, and above the noise of rounding to 16 bits; 0 where there is none.
        Words without a fricative read lower.

    Example:
        Syllables of noise up to 2.9 kHz:

        >>> spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(32000))
        >>> spectrum[5800:] = 0
        >>> syllables = np.sin(np.arange(32000) / 2000) ** 4
        >>> bandwidth_hz(0.1 * syllables * np.fft.irfft(spectrum), 16000)
        3000.0
    """
    return background(signal, sample_rate_hz).bandwidth_hz


def _floor_dbov(pauses: NDArray[np.float64], frequency: NDArray[np.float64]) -> float:
    mean = float(np.sum(pauses[:, frequency >= LOWEST_HZ])) / pauses.shape[0]
    return db(mean) if mean > DIGITAL_SILENCE else -math.inf


def _bandwidth_hz(
    power: NDArray[np.float64], pauses: NDArray[np.float64], frequency: NDArray[np.float64], sample_rate_hz: int
) -> float:
    edges = np.searchsorted(frequency, np.arange(0, sample_rate_hz / 2, BAND_HZ))
    edges = np.unique(np.minimum(edges, frequency.size - 1))  # a short recording has fewer bins than bands
    floor = np.mean(np.add.reduceat(pauses, edges, axis=1), axis=0)
    loud = np.percentile(np.add.reduceat(power, edges, axis=1), LOUDEST_PERCENT, axis=0)
    # Rounding noise is white: a band has its share of the whole, and is heard if 6 dB above that.
    rounding = 4 * ROUNDING * BAND_HZ / (sample_rate_hz / 2)
    least = np.maximum(floor * 10 ** (OVER_FLOOR_DB / 10), np.max(loud) * 10 ** (-BELOW_STRONGEST_DB / 10))
    heard = np.flatnonzero(loud > np.maximum(least, rounding))
    return _upper_hz(heard, edges, frequency, sample_rate_hz)


def band_edge_hz(signal: Signal, sample_rate_hz: int) -> float:
    """Frequency above which there is next to nothing of a noise.

    Args:
        signal: A recording, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Returns:
        Upper edge of the highest band of 200 Hz that is within 60 dB of the strongest and above the noise of rounding
        to 16 bits, in the mean of short-time spectra; half the sample rate for silence.

    Example:
        >>> spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(32000))
        >>> spectrum[6800:] = 0
        >>> band_edge_hz(0.1 * np.fft.irfft(spectrum), 16000)
        3600.0
    """
    power, frequency = _spectra(signal[: round(BAND_SEEN_S * sample_rate_hz)], sample_rate_hz)
    if not power.size:
        return sample_rate_hz / 2
    edges = np.searchsorted(frequency, np.arange(0, sample_rate_hz / 2, BAND_HZ))
    edges = np.unique(np.minimum(edges, frequency.size - 1))
    mean = np.add.reduceat(np.mean(power, axis=0), edges)
    rounding = 4 * ROUNDING * BAND_HZ / (sample_rate_hz / 2)
    heard = np.flatnonzero(mean > max(float(np.max(mean)) * 10 ** (-NOTHING_LEFT_DB / 10), rounding))
    return _upper_hz(heard, edges, frequency, sample_rate_hz)


def _upper_hz(
    heard: NDArray[np.intp], edges: NDArray[np.intp], frequency: NDArray[np.float64], sample_rate_hz: int
) -> float:
    """Upper edge of the highest audible band."""
    if not heard.size:
        return 0.0
    upper = frequency[edges[heard[-1] + 1]] if heard[-1] + 1 < edges.size else sample_rate_hz / 2
    return float(min(round(upper / BAND_HZ) * BAND_HZ, sample_rate_hz / 2))


def source_snr_db(level_dbov: float, floor_dbov: float) -> float:
    """Estimate the signal-to-noise ratio of a recording itself.

    The level is that of speech and noise together: powers add, so (S + N) / N - 1 = S / N.

    Args:
        level_dbov: Active speech level of the recording, its noise included.
        floor_dbov: Its noise floor.

    Returns:
        Speech over noise in dB; ``inf`` without noise, at least -10.

    Example:
        >>> round(source_snr_db(-26.0, -56.0), 1), round(source_snr_db(-26.0, -27.0), 1)
        (30.0, -5.9)
    """
    if floor_dbov == -math.inf:
        return math.inf
    return max(db(10 ** ((level_dbov - floor_dbov) / 10) - 1), LEAST_SNR_DB)


def clipped_share(signal: Signal) -> float:
    """Share of samples on flat tops, the trace of an overloaded microphone, amplifier or converter.

    Args:
        signal: As in the file, before any change of rate, shape (n,).

    Returns:
        Share of samples in runs of three or more at the largest or the smallest value of the signal, whatever that is.
        Clipping that was filtered or coded afterwards is not found.

    Example:
        >>> sine = np.sin(np.arange(16000) / 7)
        >>> clipped_share(0.9 * sine), round(clipped_share(np.clip(sine, -0.5, 0.5)), 2)
        (0.0, 0.67)
    """
    if signal.size < FEWEST_FLAT:
        return 0.0
    return sum(int(np.sum(runs[:, 1] - runs[:, 0])) for runs in flat_tops(signal)) / signal.size


def flat_tops(signal: Signal) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where a signal stands on flat tops: see :func:`clipped_share`.

    Args:
        signal: As in the file, before any change of rate, shape (n,).

    Returns:
        First sample and the sample behind the last of each run at the largest value, and of each at the smallest, both
        of shape (runs, 2).

    Example:
        >>> high, low = flat_tops(np.array([0.0, 0.5, 0.9, 0.9, 0.9, 0.9, 0.2, -0.1]))
        >>> high.tolist(), low.tolist()
        ([[2, 6]], [])
    """
    none = np.zeros((0, 2), dtype=np.intp)
    if signal.size < FEWEST_FLAT or not np.ptp(signal) > 0:
        return none, none
    tops = float(np.max(signal)), float(np.max(-signal))
    high, low = (_flat(side, top) if top > 0 else none for side, top in zip((signal, -signal), tops, strict=True))
    return high, low


def _flat(signal: Signal, top: float) -> NDArray[np.intp]:
    """Clipped runs of three or more samples at the top, shape (runs, 2).

    A natural crest may be flat for three samples too, once it is rounded. Let it fall as c t^2 from its apex, d <= 1/2
    samples from the middle of the three. They differ by c ((1 + d)^2 - d^2) = c (1 + 2d), at most one step; the next
    sample lies c (4 + 4d) below the middle one, at most four steps, and five after rounding. A run that falls more
    steeply at its ends is no crest.
    """
    change = np.flatnonzero(np.diff(np.concatenate([[False], signal == top, [False]]).astype(np.int8)))
    runs = change.reshape(-1, 2)
    runs = runs[runs[:, 1] - runs[:, 0] >= FEWEST_FLAT]
    samples = int(np.sum(runs[:, 1] - runs[:, 0]))
    if samples == 0 or samples > LONG_FLAT_SHARE * signal.size:
        return runs
    values = np.unique(signal[signal > top / 2])
    step = float(np.min(np.diff(values))) if values.size > 1 else 0.0
    before = signal[np.maximum(runs[:, 0] - 1, 0)]
    behind = signal[np.minimum(runs[:, 1], signal.size - 1)]
    return runs[top - np.minimum(before, behind) > NATURAL_STEPS * step]
