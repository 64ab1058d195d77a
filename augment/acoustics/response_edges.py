"""The two ends of an impulse response: where its direct sound stands, and where its decay is cut off."""

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.room import PREROLL_S, Decay

FADE_OUT_S = 0.010


def trimmed(
    response: NDArray[np.float64], direct: int, sample_rate_hz: int, found: Decay
) -> tuple[NDArray[np.float64], int]:
    """Trim a measured response: remove the delay before its direct sound and the noise after its decay.

    The millisecond before the direct sound holds its rising edge: it is kept, and its first half is faded in. Where
    noise was cut off, the last 10 ms of the decay are faded out.

    Args:
        response: Shape (k,).
        direct: Its direct index.
        sample_rate_hz: Samples a second.
        found: The :func:`decay` from the direct sound on.

    Returns:
        Taps of shape (m,), and the index of the direct sound in them: at most 1 ms.

    Example:
        >>> response = np.concatenate([np.zeros(99), [1.0], np.full(50, 0.5)])
        >>> taps, advance = trimmed(response, 99, 16000, Decay(51, 0.0, 0.0))
        >>> taps.size, advance, float(taps[advance])
        (67, 16, 1.0)
    """
    advance = min(direct, round(PREROLL_S * sample_rate_hz))
    start = direct - advance
    taps = response[start : direct + found.end].copy()
    rise = advance // 2
    if start > 0 and rise > 0:
        taps[:rise] *= 0.5 - 0.5 * np.cos(np.pi * (np.arange(rise) + 0.5) / rise)
    fall = min(round(FADE_OUT_S * sample_rate_hz), found.end // 2)
    if found.noise_power > 0 and fall > 0:
        taps[-fall:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 0.5) / fall)
    return taps, advance


def shifted_to_start(response: NDArray[np.float64], delay_samples: float) -> NDArray[np.float64]:
    """Remove a known, fractional delay from a response; what came before it is cut off.

    The shift is band-limited: a pulse between two samples is on sample 0 afterwards, and rings no longer.

    Args:
        response: Shape (k,).
        delay_samples: At least 0.

    Returns:
        Shape (k - floor(delay),).

    Example:
        >>> shifted_to_start(np.array([0.0, 0.0, 1.0, 0.5]), 2.0).round(12).tolist()
        [1.0, 0.5]
    """
    size = scipy.fft.next_fast_len(response.size + 512, real=True)
    # exp(2 pi i f d) advances by d samples; what is moved beyond sample 0 wraps around into silence that is cut off.
    turn = np.exp(2j * np.pi * scipy.fft.rfftfreq(size) * delay_samples)
    shifted = scipy.fft.irfft(scipy.fft.rfft(response, size) * turn, size)
    return np.asarray(shifted[: response.size - int(delay_samples)], dtype=np.float64)


def on_grid(response: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Round a response to multiples of a step, and remove the zeros at its end; at least one sample stays.

    Example:
        >>> on_grid(np.array([1.0, 0.26, 0.1, 0.0]), 0.25).tolist()
        [1.0, 0.25]
    """
    rounded = np.round(response / step) * step
    nonzero = np.flatnonzero(rounded)
    return np.asarray(rounded[: int(nonzero[-1]) + 1 if nonzero.size else 1] + 0.0)
