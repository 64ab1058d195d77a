"""A voice's pitch in what rises above the typical sound of a recording.

In each bin of a short-time spectrum, what the recording typically holds there (its 60th percentile over time) is taken
away: steady noise, steady lines and whatever is on for more than half of the time. In what is left, a comb looks for
harmonics of one pitch: their mean excess in dB over that of the valleys between them. Steady noise reaches 4 dB by
chance in fewer than one frame in a hundred; the voiced frames of speech 5 dB above it reach 4 to 15 dB.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.resample import resample

RATE_HZ = 8000
SIZE = 512
"""Length of a window: 64 ms. A Hann window's main lobe is then 62 Hz wide: harmonics 70 Hz apart are told apart."""
TRANSFORM = 1024
HOP = 128
HOP_S = HOP / RATE_HZ
TYPICAL_PERCENT = 60.0
LEAST_FLOOR_DB = -30.0
"""Least floor of a bin re the mean power of all bins: between the lines of a hum there is nothing, and anything at all
would rise above it."""
MOST_EXCESS_DB = 25.0
LOWEST_HZ, HIGHEST_HZ = 70.0, 400.0
PITCH_STEP = 1.02
COMB_TO_HZ = 2000.0
MOST_HARMONICS = 12
PATH_STEPS = 4
"""Most by which a pitch moves from one frame to the next, in steps: 8 % in 16 ms, as fast as voices glide."""
MOVE_COST_DB = 0.3
JUMP_COST_DB = 12.0
DIGITAL_SILENCE = 1e-11
"""Largest mean square of a window without any sound."""


@dataclass(frozen=True)
class Pitched:
    """Pitch in a recording, frame by frame (16 ms).

    Attributes:
        excess_db: Level over the typical one in each bin of 7.8 Hz, 0 to 25 dB, shape (frames, 513).
        steps: Pitch as a number of steps of 2 % above 70 Hz, shape (frames,).
        contrast_db: How far its harmonics stand out of the valleys between them, shape (frames,).
        power: Power in 200-3000 Hz, shape (frames,).
    """

    excess_db: NDArray[np.float64]
    steps: NDArray[np.intp]
    contrast_db: NDArray[np.float64]
    power: NDArray[np.float64]


def bin_of(frequency_hz: float) -> int:
    """The bin that is nearest to a frequency."""
    return round(frequency_hz * TRANSFORM / RATE_HZ)


def pitched(signal: Signal, sample_rate_hz: int) -> Pitched:
    """Find the pitch of what rises above the typical sound.

    Args:
        signal: Shape (n,), full scale 1.0, without infrasound, at most ten minutes.
        sample_rate_hz: Samples a second.

    Returns:
        One frame for each 16 ms, the first centred on the first sample.

    Example:
        >>> found = pitched(0.1 * np.random.default_rng(1).standard_normal(16000), 8000)
        >>> found.steps.shape, bool(np.mean(found.contrast_db > 4) < 0.05)
        ((126,), True)
    """
    powers = _powers(resample(signal, sample_rate_hz, RATE_HZ))
    excess = _excess_db(powers)
    contrast = excess @ _comb()
    steps = _path(contrast)
    voice = np.sum(powers[:, bin_of(200) : bin_of(3000)], axis=1)
    return Pitched(excess, steps, contrast[np.arange(steps.size), steps], voice)


def _powers(signal: Signal) -> NDArray[np.float64]:
    """Power of each bin of each frame, scaled so that a frame's powers add up to half its mean square."""
    held = np.pad(signal, (SIZE // 2, SIZE // 2))
    window = np.hanning(SIZE + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(held, SIZE)[::HOP] * window
    return np.abs(scipy.fft.rfft(frames, TRANSFORM, axis=1)) ** 2 / (TRANSFORM * np.sum(window * window))


def _excess_db(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    sounding = powers[2 * np.sum(powers, axis=1) > DIGITAL_SILENCE]
    if not sounding.size:
        return np.zeros(powers.shape)
    # The power of a bin of noise has an exponential distribution, whose q-th quantile is -ln(1 - q) times its mean.
    typical = np.percentile(sounding, TYPICAL_PERCENT, axis=0) / -math.log(1 - TYPICAL_PERCENT / 100)
    floor = np.maximum(typical, float(np.mean(sounding)) * 10 ** (LEAST_FLOOR_DB / 10))
    ratio = np.maximum(powers / floor, 1.0)
    return np.asarray(np.minimum(10 * np.log10(ratio), MOST_EXCESS_DB))


@cache
def _comb() -> NDArray[np.float64]:
    """Weights of the bins for each pitch, shape (bins, pitches): harmonics weigh 1 in all, valleys -1."""
    pitches = LOWEST_HZ * PITCH_STEP ** np.arange(1 + int(math.log(HIGHEST_HZ / LOWEST_HZ) / math.log(PITCH_STEP)))
    comb = np.zeros((TRANSFORM // 2 + 1, pitches.size))
    for column, pitch in enumerate(pitches):
        weight = 1 / np.sqrt(np.arange(1, min(COMB_TO_HZ // pitch, MOST_HARMONICS) + 1))
        for index, share in enumerate(weight / np.sum(weight)):
            for place, sign in ((index + 1, 1.0), (index + 0.5, -0.5), (index + 1.5, -0.5)):
                at = place * pitch * TRANSFORM / RATE_HZ
                low = int(at)
                comb[low, column] += sign * share * (low + 1 - at)
                comb[low + 1, column] += sign * share * (at - low)
    comb.setflags(write=False)
    return comb


def _path(contrast: NDArray[np.float64]) -> NDArray[np.intp]:
    """The path through the pitches with the largest sum of contrasts, less what moves and jumps cost (Viterbi)."""
    frames, pitches = contrast.shape
    reach = np.arange(-PATH_STEPS, PATH_STEPS + 1)
    came = np.zeros((frames, pitches), dtype=np.intp)
    best = contrast[0].copy()
    padding = np.full(PATH_STEPS, -np.inf)
    places = np.arange(pitches)
    for frame in range(1, frames):
        near = np.lib.stride_tricks.sliding_window_view(np.concatenate([padding, best, padding]), reach.size)
        offers = near - MOVE_COST_DB * np.abs(reach)
        choice = np.argmax(offers, axis=1)
        offer, origin = offers[places, choice], places + reach[choice]
        top = int(np.argmax(best))
        jump = best[top] - JUMP_COST_DB > offer
        came[frame] = np.where(jump, top, origin)
        best = np.where(jump, best[top] - JUMP_COST_DB, offer) + contrast[frame]
    path = np.empty(frames, dtype=np.intp)
    path[-1] = int(np.argmax(best))
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = came[frame, path[frame]]
    return path
