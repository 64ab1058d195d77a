"""Recorded noise made to last longer than its recording."""

import numpy as np

from augment.acoustics import Signal

CROSSFADE_S = 0.05


def excerpt(recording: Signal, sample_rate_hz: int, start: int, length: int, rng: np.random.Generator) -> Signal:
    """Cut a stretch out of a recording; where the recording ends, continue from a random earlier place.

    A loop joined end to start ticks, and gives the noise a period that it does not have. Here each piece starts at
    another place in the first half, and joints are equal-power cross-fades: the two sides are uncorrelated, so that
    their powers add, and gains of sine and cosine keep the sum, sin^2 + cos^2 = 1. A shorter stretch is the beginning
    of a longer one, bit for bit.

    Args:
        recording: Noise, shape (m,).
        sample_rate_hz: Samples a second.
        start: First sample, 0 to m - 1; moved back to two cross-fades before the end if it is later.
        length: Wanted samples.
        rng: Draws the places to continue from; not used while the recording lasts.

    Returns:
        Shape (length,); read-only by convention, since it may be a view of the recording.

    Raises:
        ValueError: The recording is shorter than a cross-fade needs.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> excerpt(np.arange(8.0), 16000, 2, 4, rng).tolist()
        [2.0, 3.0, 4.0, 5.0]
    """
    fade = _fade(recording, sample_rate_hz)
    if fade < 1:
        raise ValueError(f"a noise recording of {recording.size} samples cannot be continued")
    start = min(start, recording.size - 2 * fade)
    if start + length <= recording.size - fade:
        return recording[start : start + length]
    # Read backwards, sin(pi/2 x) at the middles of samples is cos(pi/2 x): the fade-out that belongs to it.
    rising = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade)
    out = np.zeros(length + recording.size)
    place = 0
    while place < length:
        piece = recording[start:].copy()
        piece[-fade:] *= rising[::-1]
        if place:
            piece[:fade] *= rising
        out[place : place + piece.size] += piece
        place += piece.size - fade
        start = int(rng.integers(0, recording.size // 2))
    return out[:length]


def lasts(recording: Signal, sample_rate_hz: int, start: int) -> int:
    """Samples from a place in a recording to the cross-fade by which it is continued.

    Example:
        >>> lasts(np.zeros(16000), 16000, 1000)
        14200
    """
    return max(0, recording.size - _fade(recording, sample_rate_hz) - start)


def _fade(recording: Signal, sample_rate_hz: int) -> int:
    return min(round(CROSSFADE_S * sample_rate_hz), recording.size // 4)
