"""Recorded noise that must last longer than its recording."""

import numpy as np

from augment.acoustics import Signal

CROSSFADE_S = 0.05


def excerpt(recording: Signal, sample_rate_hz: int, start: int, length: int, rng: np.random.Generator) -> Signal:
    """Cut a stretch out of a recording; where the recording ends, go on at a random earlier place.

    A loop that is joined end to start ticks and gives the noise a period that it does not have. Here the joint is an
    equal-power cross-fade (the two sides are uncorrelated, so power and not amplitude must add up), and each piece
    starts at another place in the first half.

    Args:
        recording: Noise, shape (m,).
        sample_rate_hz: Samples a second.
        start: First sample, 0 to m - 1.
        length: Wanted samples.
        rng: Draws the places where it goes on; not used while the recording lasts.

    Returns:
        Shape (length,).

    Raises:
        ValueError: The recording is shorter than a cross-fade needs.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> excerpt(np.arange(8.0), 16000, 2, 4, rng).tolist()
        [2.0, 3.0, 4.0, 5.0]
    """
    if start + length <= recording.size:
        return recording[start : start + length].copy()
    fade = min(round(CROSSFADE_S * sample_rate_hz), recording.size // 4)
    if fade < 1:
        raise ValueError(f"a noise recording of {recording.size} samples cannot be continued")
    rising = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade)
    out = np.zeros(length)
    if start > recording.size - 2 * fade:  # too near the end for a cross-fade: this piece starts a little earlier
        start = recording.size - 2 * fade
    place = 0
    while True:
        piece = recording[start : start + length - place].copy()
        if place:
            head = min(fade, piece.size)
            piece[:head] *= rising[:head]
        end = place + piece.size
        if end >= length:
            out[place:length] += piece[: length - place]
            return out
        piece[-fade:] *= rising[::-1]
        out[place:end] += piece
        place = end - fade
        start = int(rng.integers(0, recording.size // 2))
