"""What a recorder, a converter or a codec did to a recording: clipping, silence, a noise suppressor, a cut-off band."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db, power
from augment.acoustics.source import flat_tops
from augment.acoustics.spectrum import mean_density
from augment.fitting.spans import Mask, filled, padded, runs

CLIPPED_PADDING_S = 0.02
FEWEST_STEPS = 32
"""A signal with fewer steps between its extremes rests on one of them for long without being clipped."""
STILL_S = 0.02
EDGE_S = 0.001
BESIDE_S = 0.2
ABRUPT_DB = -12.0
"""Level of the last millisecond before silence re the fifth of a second before: above it the sound was cut off."""
END_S = 0.25
FRAME_S = 0.01
FALL_S = 0.05
FALL_DB = 15.0
LOW_PERCENT = 5.0
CLOSED_SPREAD_DB = 2.5
FLAT_DB = 7.0
COPY_DB = 4.0
OCTAVE_EDGES_HZ = (200, 400, 800, 1600, 3200, 6400, 12800)
FEWEST_GATES = 4
BAND_HZ = 200.0
LOWEST_CUT_HZ = 3000.0
CLIFF_DB = 15.0
EDGE_DB = 6.0
SHELF_BANDS = 3
NOTHING_DBOV = -110.0
MOST_VALUES = 200_000


def clipped(signal: Signal, sample_rate_hz: int) -> Mask:
    """Where a recording is clipped, and 20 ms around it.

    Args:
        signal: As in the file, shape (n,).
        sample_rate_hz: Samples a second.

    Example:
        >>> tone = np.sin(np.arange(1600) / 7)
        >>> bool(clipped(tone, 8000).any()), bool(clipped(np.clip(tone, -0.6, 0.6), 8000).all())
        (False, True)
    """
    step = step_of(signal)
    if step is not None and np.ptp(signal) < FEWEST_STEPS * step:
        return np.zeros(signal.size, dtype=np.bool_)
    around = round(CLIPPED_PADDING_S * sample_rate_hz)
    flat = np.zeros(signal.size, dtype=np.bool_)
    for tops, extreme in zip(flat_tops(signal), (np.max(signal), np.min(signal)), strict=True):
        if len(tops):  # then a single sample at the extreme is a clipped crest as well
            flat |= signal == extreme
    return padded(flat, around)


def step_of(signal: Signal) -> float | None:
    """Step of the converter: the smallest difference between two values, if all values are multiples of it.

    Args:
        signal: As in the file, shape (n,). At most 200 000 of its samples are looked at.

    Returns:
        The step, full scale 1.0; None for values on no grid of 20 bits or less.

    Example:
        >>> step_of(np.round(np.random.default_rng(1).standard_normal(9000) * 20) / 128)
        0.0078125
    """
    values = np.unique(signal[:: max(1, signal.size // MOST_VALUES)])
    if values.size < 2:
        return None
    step = float(np.min(np.diff(values)))
    grid = (values - values[0]) / step
    return step if step >= 2.0**-20 and bool(np.all(np.abs(grid - np.rint(grid)) < 0.01)) else None


@dataclass(frozen=True)
class Stillness:
    """Digital silence in a recording.

    Attributes:
        left_out: Where the sound is missing: silence before and after the recording, and dropouts within it.
        between: Where the sound fades into silence and out of it again, as a noise gate or a synthesis leaves it.
    """

    left_out: Mask
    between: Mask


def stillness(signal: Signal, sample_rate_hz: int) -> Stillness:
    """Find digital silence: 20 ms or more of one value.

    Args:
        signal: As in the file, shape (n,).
        sample_rate_hz: Samples a second.

    Example:
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(8000)
        >>> noise[3000:4000] = 0
        >>> found = stillness(noise, 8000)
        >>> int(found.left_out.sum()), int(found.between.sum())
        (1000, 0)
    """
    still = runs(np.concatenate([[False], np.diff(signal) == 0]))
    still[:, 0] -= 1  # a difference of zero says that two samples are the same
    still = still[still[:, 1] - still[:, 0] >= STILL_S * sample_rate_hz]
    ends = (still[:, 0] <= 0) | (still[:, 1] >= signal.size)
    cut = np.array([_cut_off(signal, begin, end, sample_rate_hz) for begin, end in still], dtype=np.bool_)
    between = ~ends & ~cut
    if not between.any():  # otherwise the silence at the ends may be such a pause as well
        cut |= ends & (still[:, 1] - still[:, 0] >= END_S * sample_rate_hz)
    return Stillness(filled(still[cut & ~between], signal.size), filled(still[between], signal.size))


def _cut_off(signal: Signal, begin: int, end: int, sample_rate_hz: int) -> bool:
    """Whether the sound stops abruptly and starts abruptly again; a blow after a silence only starts."""
    edge, beside = max(2, round(EDGE_S * sample_rate_hz)), round(BESIDE_S * sample_rate_hz)
    if begin <= 0 or end >= signal.size:
        return False
    sides = (signal[max(0, begin - beside) : begin], signal[end : end + beside][::-1])
    levels = [db(power(side[-edge:])) - db(power(side)) for side in sides if power(side) > 0]
    return len(levels) == 2 and min(levels) > ABRUPT_DB


@dataclass(frozen=True)
class Gate:
    """What a noise suppressor, or a noise gate, does to a recording.

    Attributes:
        closed: Where next to nothing passes, shape (n,).
        times: How often it closes.
        depth_db: How far the level falls, on average.
        sure: Whether the floor is the sound at a fraction of its level, which no machine leaves that stops. White noise
            may also be the recorder's own, in a quiet room.
    """

    closed: Mask
    times: int
    depth_db: float
    sure: bool


def gate(signal: Signal, sample_rate_hz: int) -> Gate | None:
    """Find a noise suppressor: the level falls by 15 dB or more within 50 ms, again and again, to a white floor.

    A machine that stops leaves the room's own noise, which is not white, and an echo that takes longer. A suppressor
    leaves its own residue, or the white noise of comfort. That floor is the same each time. Digital silence is no sign:
    see :func:`stillness`.

    Args:
        signal: Shape (n,), without infrasound.
        sample_rate_hz: Samples a second.

    Returns:
        None if there is none.

    Example:
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(32000)
        >>> gate(noise, 16000) is None
        True
        >>> noise[np.arange(32000) % 4000 < 1600] *= 0.01
        >>> gate(noise, 16000).times
        7
    """
    size = round(FRAME_S * sample_rate_hz)
    frames = signal[: signal.size // size * size].reshape(-1, size)
    level = 10 * np.log10(np.maximum(np.mean(frames * frames, axis=1), 10 ** (NOTHING_DBOV / 10)))
    sounding = level > NOTHING_DBOV
    if np.count_nonzero(sounding) < 1 / FRAME_S:
        return None
    low, high = np.percentile(level[sounding], [LOW_PERCENT, 90])
    found = runs(sounding & (level < (low + high) / 2))
    found, falls = _sudden(level, found)
    if len(found) < FEWEST_GATES:
        return None
    inner = filled(found + np.array([1, -1]), level.size)
    floors = [10 * np.log10(np.mean(frames[begin + 1 : end - 1] ** 2)) for begin, end in found]
    opened = level > high - FALL_DB / 2
    floor, sound = _octaves_db(frames[inner], sample_rate_hz), _octaves_db(frames[opened], sample_rate_hz)
    sure = bool(np.ptp(sound - floor) < COPY_DB)
    if np.std(floors) > CLOSED_SPREAD_DB or not (sure or np.ptp(floor) < FLAT_DB):
        return None
    return Gate(filled(found * size, signal.size), len(found), float(np.mean(falls)), sure)


def _sudden(level: NDArray[np.float64], pauses: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Pauses of 50 ms or more before which the level falls by 15 dB within 50 ms, and by how much it falls."""
    half = round(FALL_S / FRAME_S) // 2
    pauses = pauses[(pauses[:, 1] - pauses[:, 0] >= 2 * half + 1) & (pauses[:, 0] >= 3 * half)]
    before = [np.median(level[begin - 3 * half : begin - half]) for begin, _ in pauses]
    behind = [np.median(level[begin + half : begin + 3 * half]) for begin, _ in pauses]
    falls = np.array(before) - np.array(behind)
    return pauses[falls >= FALL_DB], falls[falls >= FALL_DB]


def _octaves_db(frames: NDArray[np.float64], sample_rate_hz: int) -> NDArray[np.float64]:
    """Mean power density of short frames in octaves above 200 Hz, in dB."""
    power = np.abs(np.fft.rfft(frames * np.hanning(frames.shape[1]), axis=1)) ** 2
    density, frequency = np.mean(power, axis=0), np.fft.rfftfreq(frames.shape[1], 1 / sample_rate_hz)
    edges = [edge for edge in OCTAVE_EDGES_HZ if edge < 0.4 * sample_rate_hz]
    bands = [np.mean(density[(frequency >= a) & (frequency < b)]) for a, b in itertools.pairwise(edges)]
    return np.asarray(10 * np.log10(np.maximum(bands, 1e-30)))


def known_to_hz(signal: Signal, sample_rate_hz: int) -> float:
    """Frequency up to which a recording says anything: where a codec, a telephone or another rate cut it off.

    A cut-off is a cliff: a shelf of three bands of 200 Hz, next to it at least 15 dB less, and nothing above that comes
    near the shelf again. A spectrum that falls steadily has none, however low it gets. Bands are told by their median
    densities: where a series of lines ends, nothing is cut off. Nor is anything below what a telephone lets through.

    Args:
        signal: Shape (n,), at least 0.1 s.
        sample_rate_hz: Samples a second.

    Returns:
        Frequency in Hz; half the sample rate if nothing is cut off.

    Example:
        >>> spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(48000))
        >>> spectrum[11000:] = 0
        >>> known_to_hz(0.1 * np.fft.irfft(spectrum), 48000), known_to_hz(0.1 * np.fft.irfft(spectrum[:8001]), 16000)
        (11000.0, 8000.0)
    """
    frequency, density = mean_density(signal, sample_rate_hz)
    edges = np.searchsorted(frequency, np.arange(0, sample_rate_hz / 2 - BAND_HZ / 2, BAND_HZ))
    middle = np.array([np.median(band) for band in np.split(density, edges[1:])])
    level = 10 * np.log10(np.maximum(middle * BAND_HZ, 10 ** (NOTHING_DBOV / 10)))
    for band in range(round(LOWEST_CUT_HZ / BAND_HZ), level.size - 2):
        shelf = float(np.min(level[band - SHELF_BANDS + 1 : band + 1]))
        # One band is left for the edge itself.
        if shelf - float(np.max(level[band + 2 :])) >= CLIFF_DB and shelf > NOTHING_DBOV + CLIFF_DB:
            whole = level[band + 1] > shelf - EDGE_DB
            return float(frequency[edges[band + (2 if whole else 1)]])
    return sample_rate_hz / 2


def rounding_dbov(step: float) -> float:
    """Level of the noise of rounding to steps: it is spread evenly over a step, and its power is step^2 / 12.

    Example:
        >>> round(rounding_dbov(2**-7))
        -53
    """
    return 10 * math.log10(step * step / 12)
