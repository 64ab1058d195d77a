"""From float to 16-bit integers, by one rule for every file format."""

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.compiled import Loop

FULL_SCALE = 32768
LARGEST = 32767 / FULL_SCALE
HEADROOM_PEAK = 0.99


def headroom_gain(signal: Signal) -> float:
    """Factor, 1 or less, that keeps a mixture from clipping: a peak above full scale is brought to 0.99.

    Example:
        >>> headroom_gain(np.array([0.5, -0.9])), headroom_gain(np.array([1.98]))
        (1.0, 0.5)
    """
    found = peak(signal)
    return 1.0 if found <= LARGEST else HEADROOM_PEAK / found


def peak(signal: Signal) -> float:
    """Largest magnitude of a signal of shape (n,); 0 for an empty one.

    Example:
        >>> peak(np.array([0.5, -0.9]))
        0.9
    """
    return max(float(np.max(signal, initial=0.0)), -float(np.min(signal, initial=0.0)))


def quantise(signal: Signal, gain: float = 1.0) -> tuple[NDArray[np.int16], int]:
    """Round to 16-bit integers.

    The rule: multiply by 32768, round to the nearest integer and halves to the even one, no dither. Encoders are given
    these integers, since libsndfile rounds floats differently for WAV and for FLAC.

    Args:
        signal: Shape (n,), full scale 1.0, finite.
        gain: Factor that it is multiplied with first.

    Returns:
        Integers of shape (n,), and how many samples were clipped to the 16-bit range.

    Raises:
        ValueError: A sample is not finite; encoders would turn it into full-scale noise.

    Example:
        >>> values, clipped = quantise(np.array([0.0, 0.5, -1.0, 1.0]))
        >>> values.tolist(), clipped
        ([0, 16384, -32768, 32767], 1)
    """
    out, counts = np.empty(signal.size, np.int16), np.empty(2, np.int64)
    _QUANTISED(signal.size, np.ascontiguousarray(signal, dtype=np.float64), float(gain), out, counts)
    clipped, strange = counts.tolist()
    if strange:
        raise ValueError("a sample is not a finite number")
    return out, clipped


def _quantised(size: int, signal: Signal, gain: float, out: NDArray[np.int16], counts: NDArray[np.int64]) -> None:
    """Round; count the samples that were clipped, and those that are not finite."""
    clipped = strange = 0
    for n in range(size):
        step = np.rint(signal[n] * gain * FULL_SCALE)
        held = -1.0 * FULL_SCALE if step < -1.0 * FULL_SCALE else step
        held = FULL_SCALE - 1.0 if held > FULL_SCALE - 1.0 else held
        clipped += held != step
        strange += step - step != 0.0  # neither an infinite number nor NaN less itself is 0
        out[n] = held
    counts[0], counts[1] = clipped, strange


_QUANTISED = Loop(_quantised)


def duration_s(samples: int, sample_rate_hz: int) -> float:
    """A length in s, in whole microseconds, from which every reader recovers the number of samples.

    Readers multiply by the rate, and some round down and some to the nearest: 79,225 samples at 16 kHz last
    4.9515625 s, and 4.951562 would cost the last one in a reader that rounds down.

    Args:
        samples: Length.
        sample_rate_hz: Samples a second, 48 kHz or less: a microsecond is then less than a twentieth of a sample.

    Example:
        >>> duration_s(79225, 16000), int(4.951562 * 16000), int(duration_s(79225, 16000) * 16000)
        (4.951563, 79224, 79225)
    """
    microseconds = round(samples * 1_000_000 / sample_rate_hz)
    while int(microseconds / 1e6 * sample_rate_hz) < samples:
        microseconds += 1
    return microseconds / 1e6
