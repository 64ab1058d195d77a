"""Which channel of a recording is looked at, and which stretch of a long one."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.channels import SILENT_DB, Channels
from augment.fitting.spans import runs

LONGEST_S = 60
SEEN_S = 60
"""Seconds, spread over the recording, by which its channels are compared."""
SAME_SHARE = 0.01
"""Shares of clipped tenths of a second that differ by less are the same."""
FRAME = 2048
FRAMES_PER_S = 4
BAND_EDGES_HZ = (40, 90, 180, 355, 710, 1400, 2800, 5600, 11200, 22400)
MOST_UNLIKE_DB = 15.0
CANDIDATES = 3
NOTHING = 1e-12


@dataclass(frozen=True)
class ChosenChannel:
    """One channel of several.

    Attributes:
        number: Which, from 0.
        reason: Why, in words; empty for the only one.
    """

    number: int
    reason: str


def channel_of(samples: Channels, sample_rate_hz: int) -> ChosenChannel:
    """Choose a channel: one that sounds, with the least clipping, and of those that are alike in this the loudest.

    The mean of several is never taken: two microphones some way apart make a comb filter of it.

    Args:
        samples: Shape (n, c), full scale 1.0.
        sample_rate_hz: Samples a second.

    Example:
        >>> noise = np.random.default_rng(1).standard_normal(8000)
        >>> channel_of(np.stack([0 * noise, 0.1 * noise], axis=1), 8000)
        ChosenChannel(number=1, reason='channel 1 is used: channel 0 is silent')
    """
    count = samples.shape[1]
    if count == 1:
        return ChosenChannel(0, "")
    levels, flat = zip(*(_level_and_clipping(samples[:, c], sample_rate_hz) for c in range(count)), strict=True)
    alive = [c for c in range(count) if levels[c] > max(levels) - SILENT_DB]
    least = min(flat[c] for c in alive)
    clean = [c for c in alive if flat[c] < least + SAME_SHARE]
    best = max(clean, key=lambda c: (round(levels[c], 1), -c))
    if len(alive) == 1:
        others = [str(c) for c in range(count) if c != best]
        silent = f"channel {others[0]} is silent" if len(others) == 1 else f"channels {', '.join(others)} are silent"
        return ChosenChannel(best, f"channel {best} is used: {silent}" if max(levels) > -np.inf else "")
    why = "it is the loudest" if len(clean) == len(alive) else "it is clipped least"
    return ChosenChannel(best, f"channel {best} of {count} is used, since {why}; their mean would be a comb filter")


def _level_and_clipping(signal: Signal, sample_rate_hz: int) -> tuple[float, float]:
    """Level in dBov without the mean, and share of tenths of a second that touch an extreme value again and again."""
    step = max(1, round(signal.size / sample_rate_hz / SEEN_S)) * sample_rate_hz
    parts = [signal[begin : begin + sample_rate_hz] for begin in range(0, signal.size, step)]
    seen = np.concatenate(parts)
    level = float(np.var(seen))
    size = max(1, sample_rate_hz // 10)
    frames = seen[: max(1, seen.size // size) * size].reshape(-1, min(size, seen.size))
    touching = sum(np.count_nonzero(frames == extreme, axis=1) >= 3 for extreme in (np.max(seen), np.min(seen)))
    share = float(np.mean(np.asarray(touching) > 0)) if level > 0 else 0.0
    return (10 * float(np.log10(level)) if level > 0 else -np.inf), share


def stretches_of(signal: Signal, sample_rate_hz: int) -> list[int]:
    """Where the minute might begin that stands for a long recording, the best first.

    Each second has a level in octaves, from four windows; what the whole typically holds are their medians. A minute is
    the better the less its seconds differ from that. Speech, knocks and what happens once make seconds that differ.

    Args:
        signal: One channel, shape (n,).
        sample_rate_hz: Samples a second.

    Returns:
        Up to three first seconds, of minutes that overlap by half at most; [0] for a minute or less.

    Example:
        >>> noise = 0.01 * np.random.default_rng(1).standard_normal(90 * 4000)
        >>> noise[: 25 * 4000] *= 20
        >>> stretches_of(noise, 4000)[0] >= 25
        True
    """
    seconds = signal.size // sample_rate_hz
    if signal.size <= LONGEST_S * sample_rate_hz:
        return [0]
    levels = np.stack(
        [_octaves_db(signal[s * sample_rate_hz :][:sample_rate_hz], sample_rate_hz) for s in range(seconds)]
    )
    unlike = np.mean(np.minimum(np.abs(levels - np.median(levels, axis=0)), MOST_UNLIKE_DB), axis=1)
    unlike[_still(signal, sample_rate_hz, seconds)] = MOST_UNLIKE_DB
    sums = np.concatenate([[0.0], np.cumsum(unlike)])
    score = (sums[LONGEST_S:] - sums[:-LONGEST_S]) / LONGEST_S
    chosen: list[int] = []
    for begin in np.argsort(score.round(2), kind="stable"):
        if all(abs(int(begin) - other) >= LONGEST_S // 2 for other in chosen):
            chosen.append(int(begin))
        if len(chosen) == CANDIDATES:
            break
    return chosen


def _octaves_db(second: Signal, sample_rate_hz: int) -> NDArray[np.float64]:
    size = min(FRAME, second.size // FRAMES_PER_S)
    starts = np.arange(FRAMES_PER_S) * (second.size // FRAMES_PER_S)
    frames = np.stack([second[start : start + size] for start in starts]) * np.hanning(size)
    power = np.mean(np.abs(np.fft.rfft(frames, axis=1)) ** 2, axis=0)
    places = np.searchsorted(np.fft.rfftfreq(size, 1 / sample_rate_hz), BAND_EDGES_HZ)
    bands = [np.sum(power[low:high]) for low, high in itertools.pairwise(places) if high > low]
    return np.asarray(10 * np.log10(np.maximum(bands, NOTHING)))


def _still(signal: Signal, sample_rate_hz: int, seconds: int) -> NDArray[np.bool_]:
    """Seconds with digital silence of a tenth of a second."""
    found = []
    for second in range(seconds):
        same = np.diff(signal[second * sample_rate_hz :][:sample_rate_hz]) == 0
        places = runs(same) if np.count_nonzero(same) > sample_rate_hz // 10 else np.zeros((0, 2))
        found.append(bool(np.any(places[:, 1] - places[:, 0] > sample_rate_hz // 10)))
    return np.array(found)
