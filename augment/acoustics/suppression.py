"""Spectral noise suppression, as in telephones and conference systems."""

import math
from collections.abc import Iterator

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal

FRAME_S = 0.032
MEMORY = 0.94
"""Weight of the previous frame in the decision-directed estimate: at a frame every 16 ms, a memory of 0.26 s."""
SMOOTHING = 0.5
"""Weight of the previous frame in the smoothed power spectrum of which the minimum is taken."""
STRETCH = 8
"""Frames of which one minimum is kept; the noise is the least of sixteen: 16 x 8 frames of 16 ms are 2 s."""
STRETCHES = 16
MINIMUM_SHARE = 0.183
"""Mean of that minimum re the power of steady noise, measured on Gaussian noise: the least of many is far too low."""
SILENT_POWER = 1e-20
MOST = 1e4
"""Largest posterior SNR, 40 dB: above it the gain is within 0.02 dB of 1."""


def frames(signal: Signal, frame: int) -> Iterator[NDArray[np.complex128]]:
    """Spectra of half-overlapping frames of a signal, under the square root of a Hann window.

    Args:
        signal: Shape (n,).
        frame: Samples in a frame, even.

    Yields:
        Shape (frame / 2 + 1,). The first frame begins half a frame before the signal, and the last one ends
        at least as much after it.

    Example:
        >>> sum(1 for _ in frames(np.zeros(8), 4))
        5
    """
    half = frame // 2
    window = np.sqrt(scipy.signal.get_window("hann", frame))
    count = math.ceil(signal.size / half) + 1
    padded = np.zeros((count + 1) * half)
    padded[half : half + signal.size] = signal
    for start in range(0, count * half, half):
        yield np.asarray(scipy.fft.rfft(window * padded[start : start + frame]), dtype=np.complex128)


def noise_power(signal: Signal, frame: int) -> NDArray[np.float64]:
    """Power spectrum of the noise in a signal, from the minima of the signal's over 2 s.

    Speech leaves every frequency free now and then; what is always there is noise. At the beginning the first 2 s are
    used, as if the device had been listening before.

    Args:
        signal: Shape (n,).
        frame: Samples in a frame, even.

    Returns:
        Shape (number of stretches of 8 frames, frame / 2 + 1).

    Reference: in the spirit of Martin 2001, "Noise power spectral density estimation based on optimal smoothing and
    minimum statistics", IEEE Trans. Speech Audio Process. 9; with a fixed smoothing and a fixed correction of the bias.

    Example:
        >>> noise_power(np.zeros(64), 4).shape
        (5, 3)
    """
    minima: list[NDArray[np.float64]] = []
    smooth: NDArray[np.float64] | None = None
    for number, spectrum in enumerate(frames(signal, frame)):
        power = np.abs(spectrum) ** 2
        # Half of the first frame lies before the signal, and smoothing needs time to settle: of the first stretch only
        # its last frame counts.
        smooth = power if smooth is None or number == 1 else SMOOTHING * smooth + (1 - SMOOTHING) * power
        if number < STRETCH:
            minima[:] = [smooth]
        elif number % STRETCH == 0:
            minima.append(smooth)
        else:
            minima[-1] = np.minimum(minima[-1], smooth)
    least = scipy.ndimage.minimum_filter1d(np.array(minima), STRETCHES, axis=0, origin=(STRETCHES - 1) // 2)
    return np.asarray(least / MINIMUM_SHARE)


def suppression_gain(
    power: NDArray[np.float64], noise: NDArray[np.float64], before: NDArray[np.float64], floor: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gain of one frame: log-spectral amplitude estimator with decision-directed prior SNR.

    With the prior SNR x (speech over noise, as expected) and the posterior SNR y (what was measured over noise), and
    v = x y / (1 + x), the gain is Wiener's, x / (1 + x), times exp(E1(v) / 2), where E1 is the exponential integral.

    Args:
        power: Power spectrum of the frame, shape (b,).
        noise: Power spectrum of the noise, above 0, shape (b,).
        before: Speech power over noise power, as estimated in the previous frame, shape (b,).
        floor: Lowest gain.

    Returns:
        Gain, and speech power over noise power as estimated in this frame; both of shape (b,).

    Reference: Ephraim and Malah 1984, IEEE Trans. Acoust. Speech Signal Process. 32, eq. 51 (decision-directed); 1985,
    vol. 33, eq. 20 (log-spectral amplitude).

    Example:
        >>> g, _ = suppression_gain(np.array([1e4, 1.0]), np.ones(2), np.array([1e4, 0.0]), 0.1)
        >>> g.round(2).tolist()
        [1.0, 0.1]
    """
    posterior = np.minimum(power / noise, MOST)
    prior = np.maximum(MEMORY * before + (1 - MEMORY) * np.maximum(posterior - 1, 0.0), floor**2)
    wiener = prior / (1 + prior)
    gain = wiener * np.exp(0.5 * scipy.special.exp1(np.maximum(wiener * posterior, 1e-6)))
    gain = np.clip(gain, floor, 1.0)
    return gain, gain**2 * posterior


def suppress_noise(signal: Signal, sample_rate_hz: int, max_attenuation_db: float) -> Signal:
    """Attenuate steady noise, frequency by frequency, and keep what comes and goes.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.
        max_attenuation_db: Largest attenuation of noise.

    Returns:
        Shape (n,), not delayed. With 0 dB the signal comes back unchanged.

    Reference: :func:`noise_power` and :func:`suppression_gain`.

    Example:
        >>> tone = np.sin(np.arange(4000) / 5)
        >>> bool(np.abs(suppress_noise(tone, 16000, 0.0) - tone).max() < 1e-12)
        True
    """
    frame = 2 * round(FRAME_S * sample_rate_hz / 2)
    half, floor = frame // 2, 10 ** (-max_attenuation_db / 20)
    # The root of a Hann window before and again after makes a Hann window, and two of them half a frame apart add up to
    # one: sin^2 + cos^2 = 1. With a gain of 1 the signal is reconstructed exactly.
    window = np.sqrt(scipy.signal.get_window("hann", frame))
    noise = np.maximum(noise_power(signal, frame), SILENT_POWER)
    speech = np.zeros(half + 1)
    out = np.zeros((math.ceil(signal.size / half) + 2) * half)
    for number, spectrum in enumerate(frames(signal, frame)):
        gain, speech = suppression_gain(np.abs(spectrum) ** 2, noise[number // STRETCH], speech, floor)
        out[number * half : number * half + frame] += window * scipy.fft.irfft(gain * spectrum, frame)
    return out[half : half + signal.size]
