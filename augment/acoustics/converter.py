"""Analogue-to-digital converters: quantisation, dither and clipping."""

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.levels import gain


def convert(
    signal: Signal, bits: int, full_scale_dbov: float = 0.0, dither: np.random.Generator | None = None
) -> tuple[Signal, int]:
    """Quantise a signal as a converter does: round it to the converter's steps, and clip it at its full scale.

    The steps are those of a two's complement converter: 2^bits of them over the whole range, one of them at zero. The
    rounding error is uniform over a step q, and its power the integral of e^2 / q over it, q^2 / 12 (16 bits: -101.1
    dBov). Triangular dither, two steps wide, has the power of two such errors: with it the mean and the power of the
    error no longer depend on the signal, and its power is q^2 / 4 (-96.3 dBov).

    Args:
        signal: Shape (n,).
        bits: 2 to 32.
        full_scale_dbov: Level of a square wave at the converter's full scale; 0 is the full scale of the file.
        dither: Draws the dither (TPDF); None for no dither.

    Returns:
        The converted signal, shape (n,), and how many of its samples were clipped.

    Reference: Lipshitz, Wannamaker and Vanderkooy 1992, "Quantization and dither: a theoretical survey", J. Audio Eng.
    Soc. 40 (non-subtractive dither of triangular density).

    Example:
        >>> samples, clipped = convert(np.array([0.3, 0.9, -2.0]), 3)
        >>> samples.tolist(), clipped
        ([0.25, 0.75, -1.0], 2)
    """
    # From -1 to 1 in 2^bits steps.
    step = gain(full_scale_dbov) * 2.0 ** (1 - bits)
    value = signal / step
    if dither is not None:
        value = value + dither.triangular(-1.0, 0.0, 1.0, signal.size)
    half = 2 ** (bits - 1)
    rounded = np.rint(value)
    held = np.clip(rounded, -half, half - 1)
    return np.asarray(held * step), int(np.count_nonzero(held != rounded))
