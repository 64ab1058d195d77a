"""Knocks on the recorder: somebody touches the phone, or puts it down."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.fitting.spans import Mask, filled, joined, runs

FRAME_S = 0.01
USUAL_PERCENT = 95.0
OVER_ALL_DB = 15.0
END_DB = 6.0
MOST_PER_S = 0.1
FEW, MOST = 3, 5
"""So many may be blows on the recorder in a short recording, and in any."""
GAP_S = 0.2
LONGEST_S = 0.6
PADDING_S = 0.05
LOW_HZ = 250.0
LOW_SHARE = 0.5
NEAR_FULL_SCALE = 0.5
TONAL_SHARE = 0.5
EVEN = 0.1
"""Spread of the times between knocks, re their mean, below which they are a machine's."""


@dataclass(frozen=True)
class Knocking:
    """Blows that are far above everything else.

    Attributes:
        left_out: Where they are surely blows on the recorder, shape (n,).
        doubtful: Where they may be blows of the machine, shape (n,).
    """

    left_out: Mask
    doubtful: Mask


def knocking(signal: Signal, sample_rate_hz: int, clipped: Mask) -> Knocking:
    """Find blows on the recorder: few, short, 15 dB over everything else, and thumping or overloading.

    A machine's own blows come again and again, or as one of many of different strength. Whatever is in doubt stays.

    Args:
        signal: Shape (n,), without infrasound.
        sample_rate_hz: Samples a second.
        clipped: Where it is clipped, shape (n,).

    Example:
        >>> noise = 0.001 * np.random.default_rng(1).standard_normal(32000)
        >>> noise[9000:9800] += 0.6 * np.exp(-np.arange(800) / 200) * np.sin(np.arange(800) / 20)
        >>> found = knocking(noise, 16000, np.zeros(32000, dtype=bool))
        >>> 1200 < found.left_out.sum() < 4000, found.doubtful.any()
        (np.True_, np.False_)
    """
    size = round(FRAME_S * sample_rate_hz)
    frames = signal[: signal.size // size * size].reshape(-1, size)
    nothing = np.zeros(signal.size, dtype=np.bool_)
    events = _standing_out(np.mean(frames * frames, axis=1))
    length_s = signal.size / sample_rate_hz
    if not len(events) or len(events) > min(MOST, max(FEW, round(MOST_PER_S * length_s))) or _even(events):
        return Knocking(nothing, nothing)
    spans = events * size
    own = np.array([_on_recorder(signal[a:b], sample_rate_hz, bool(clipped[a:b].any())) for a, b in spans])
    around = np.array([-1, 2]) * round(PADDING_S * sample_rate_hz)  # it rings on
    return Knocking(filled(spans[own] + around, signal.size), filled(spans[~own], signal.size))


def _standing_out(powers: NDArray[np.float64]) -> NDArray[np.intp]:
    """Short events whose peaks lie 15 dB over everything else, in frames, shape (events, 2)."""
    none = np.zeros((0, 2), dtype=np.intp)
    level = 10 * np.log10(np.maximum(powers, 1e-12))
    usual = float(np.percentile(level, USUAL_PERCENT))
    events = runs(joined(level > usual + END_DB, round(GAP_S / FRAME_S)))
    peaks = np.array([np.max(level[begin:end]) for begin, end in events])
    loud = events[peaks >= usual + OVER_ALL_DB] if len(events) else none
    if not len(loud) or np.max(loud[:, 1] - loud[:, 0]) > LONGEST_S / FRAME_S:
        return none
    rest = np.ma.masked_array(level, filled(loud, level.size)).max()
    weakest = min(np.max(level[begin:end]) for begin, end in loud)
    return loud if weakest >= rest + OVER_ALL_DB else none


def _even(events: NDArray[np.intp]) -> bool:
    between = np.diff(np.mean(events, axis=1))
    return between.size >= 2 and float(np.std(between)) < EVEN * float(np.mean(between))


def _on_recorder(blow: Signal, sample_rate_hz: int, clipped: bool) -> bool:
    """Whether a blow thumps or overloads as one on the recorder does, and is no beep."""
    power = np.abs(np.fft.rfft(blow * np.hanning(blow.size))) ** 2
    frequency = np.fft.rfftfreq(blow.size, 1 / sample_rate_hz)
    peak = int(np.argmax(power))
    whole = max(float(np.sum(power)), 1e-30)
    tonal = float(np.sum(power[max(0, peak - 2) : peak + 3])) / whole
    if frequency[peak] > LOW_HZ and tonal > TONAL_SHARE:
        return False
    thump = float(np.sum(power[frequency < LOW_HZ])) / whole
    return clipped or thump > LOW_SHARE or float(np.max(np.abs(blow))) > NEAR_FULL_SCALE
