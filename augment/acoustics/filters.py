"""Linear filters whose delay is known and removed."""

import math
from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.convolution import LONGEST_TRANSFORM, ImpulseResponse, convolve_in_chunks, size_with_room
from augment.acoustics.recursion import recursive

DEEPEST_DB = 60.0
SPEECH_BAND_HZ = (400.0, 3000.0)
"""Where delay is measured: inside the passband of every telephone, 300-3400 Hz, and away from its edges."""
INFRASOUND_HZ, AUDIBLE_HZ = 20.0, 40.0
INFRASOUND_REJECTION_DB = 80.0
WHITENING = 0.7
"""Exponent of the magnitude by which a cross-spectrum is divided: 0 would be plain correlation, 1 the phase alone."""


def response_db(
    frequency_hz: NDArray[np.float64], level_db: NDArray[np.float64], at_hz: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate a tabulated response, in dB over the logarithm of frequency.

    Beyond either end, a response that is falling goes on at the slope of its last two points; any other stays level.
    The result never lies more than 60 dB below the highest point: devices do not reject more, and a filter that did
    would ring for longer than a speech sound lasts.

    Args:
        frequency_hz: Frequencies of the table, rising, above 0, shape (b,), b at least 2.
        level_db: Levels of the table, shape (b,).
        at_hz: Wanted frequencies, shape (m,).

    Example:
        >>> at = np.array([50.0, 200.0, 800.0])
        >>> response_db(np.array([100.0, 400.0]), np.array([0.0, 6.0]), at).round(9).tolist()
        [-3.0, 3.0, 6.0]
    """
    place, at = np.log(frequency_hz), np.log(np.maximum(at_hz, frequency_hz[0] / 1000))
    level = np.interp(at, place, level_db)
    rise = (level_db[1] - level_db[0]) / (place[1] - place[0])
    fall = (level_db[-1] - level_db[-2]) / (place[-1] - place[-2])
    level += max(0.0, float(rise)) * np.minimum(at - place[0], 0) + min(0.0, float(fall)) * np.maximum(
        at - place[-1], 0
    )
    return np.asarray(np.maximum(level, level_db.max() - DEEPEST_DB))


def minimum_phase_fir(
    frequency_hz: NDArray[np.float64], level_db: NDArray[np.float64], sample_rate_hz: int
) -> NDArray[np.float64]:
    """Minimum-phase filter with a tabulated magnitude.

    A magnitude alone leaves the phase open. Minimum phase is the choice for a device: the filter is causal, rings only
    after a sound as mechanical and electrical resonances do, and has the least delay of all filters of this magnitude.
    The phase is then the Hilbert transform of the log magnitude, found by folding the real cepstrum.

    Args:
        frequency_hz: Frequencies of the table, rising, above 0, shape (b,).
        level_db: Magnitude in dB, shape (b,); see :func:`response_db` for what lies beyond the table.
        sample_rate_hz: Samples a second.

    Returns:
        Taps, a power of two: at least a quarter of a second, less than half a second.

    Reference: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd ed., 13.5 (complex cepstrum of
    minimum-phase sequences).

    Example:
        >>> taps = minimum_phase_fir(np.array([100.0, 1000.0]), np.array([-6.0, -6.0]), 16000)
        >>> round(float(taps[0]), 3), bool(abs(taps[1:]).max() < 1e-9)
        (0.501, True)
    """
    length = 1 << math.ceil(math.log2(sample_rate_hz / 4))
    size = 8 * length  # long, or the cepstrum would alias in time
    magnitude_db = response_db(frequency_hz, level_db, scipy.fft.rfftfreq(size, 1 / sample_rate_hz))
    # The inverse transform of the log magnitude in nepers is the even part of the cepstrum. That of a minimum-phase
    # filter is zero for n < 0, so it is twice the even part for n > 0, and the even part itself at 0 and size / 2.
    cepstrum = scipy.fft.irfft(magnitude_db * (math.log(10) / 20), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    taps = scipy.fft.irfft(np.exp(scipy.fft.rfft(cepstrum)), size)[:length]
    fade = length // 8
    taps[-fade:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    return np.asarray(taps, dtype=np.float64)


def speech_delay_samples(taps: NDArray[np.float64], sample_rate_hz: int) -> float:
    """Delay of a filter for speech.

    That is the peak of its impulse response, limited to 400-3000 Hz with a partly whitened spectrum: the delay that a
    cross-correlation of speech before and after the filter would find.

    Args:
        taps: Impulse response, shape (k,).
        sample_rate_hz: Samples a second.

    Returns:
        Delay in samples, to a sixteenth of a sample.

    Example:
        >>> speech_delay_samples(np.array([0.0, 0.0, 1.0]), 16000)
        2.0
    """
    size = scipy.fft.next_fast_len(4 * taps.size + 1024, real=True)
    return correlation_delay_samples(scipy.fft.rfft(taps, size), size, sample_rate_hz, 16)


def correlation_delay_samples(cross: NDArray[np.complex128], size: int, sample_rate_hz: int, finer: int) -> float:
    """Place of the peak of a cross-correlation, limited to 400-3000 Hz with a partly whitened spectrum.

    Args:
        cross: Cross-spectrum of a signal with its delayed version, shape (size // 2 + 1,).
        size: Length of the transform, at least that of both signals together.
        sample_rate_hz: Samples a second.
        finer: Steps per sample; a longer inverse transform of the same spectrum interpolates the correlation.

    Returns:
        Delay in samples; negative for a lead.

    Reference: Knapp and Carter, "The generalized correlation method for estimation of time delay", 1976.

    Example:
        >>> correlation_delay_samples(np.exp(-2j * np.pi * 3 * np.arange(513) / 1024), 1024, 16000, 16)
        3.0
    """
    frequency = scipy.fft.rfftfreq(size, 1 / sample_rate_hz)
    magnitude = np.abs(cross)
    inside = (frequency >= SPEECH_BAND_HZ[0]) & (frequency <= SPEECH_BAND_HZ[1]) & (magnitude > 0)
    whitened = np.zeros_like(cross)
    whitened[inside] = cross[inside] * magnitude[inside] ** -WHITENING
    peak = int(np.argmax(scipy.fft.irfft(whitened, size * finer)))
    # The second half of a circular correlation holds the negative lags.
    place = peak if peak < size * finer // 2 else peak - size * finer
    return place / finer


def high_pass(cutoff_hz: float, order: int, sample_rate_hz: int) -> NDArray[np.float64]:
    """Butterworth high-pass, as the impulse response of its recursive filter, down to 140 dB below its beginning.

    Args:
        cutoff_hz: Frequency at which it is 3 dB down; above 0, below half the sample rate.
        order: 1 (6 dB an octave) or 2 (12 dB).
        sample_rate_hz: Samples a second.

    Returns:
        Taps, shape (k,); causal and of minimum phase.

    Reference: Butterworth 1930; bilinear transform with the cutoff prewarped.

    Example:
        >>> taps = high_pass(100.0, 1, 16000)
        >>> round(float(np.abs(taps @ np.exp(-2j * np.pi * 100 / 16000 * np.arange(taps.size)))) ** 2, 6)
        0.5
    """
    b, a = scipy.signal.butter(order, cutoff_hz, "highpass", fs=sample_rate_hz)
    slowest = float(np.max(np.abs(np.roots(a))))
    # The slowest pole decays as |p|^n, which is 1e-7 (-140 dB) at n = ln 1e-7 / ln |p|.
    length = math.ceil(math.log(1e-7) / math.log(slowest)) + 1 if slowest > 0 else 2
    impulse = np.zeros(length)
    impulse[0] = 1.0
    return recursive(b, a, impulse)


def without_infrasound(signal: Signal, sample_rate_hz: int) -> Signal:
    """Remove the mean of a recording and all that lies below 20 Hz, without delay.

    No ear hears infrasound, no telephone's microphone picks it up and no recogniser uses it; but a level meter reads
    it. A rumble at 6 Hz under speech fills the pauses, and whatever is set relative to the speech comes out wrong.

    The filter has linear phase and odd length, so that its delay, a whole number of samples, is removed: 80 dB down at
    20 Hz and below, 6 dB at 30 Hz, flat above 40 Hz. Voices begin at about 60 Hz, mains hum at 50 Hz. Beyond both ends
    the signal is continued by its point reflection, so that a slow swing that was cut off goes on as a slow swing.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.

    Returns:
        Shape (n,).

    Reference: Kaiser and Schafer (1980), IEEE Trans. ASSP 28:105 (length and shape of the window).

    Example:
        >>> t = np.arange(32000) / 16000
        >>> voice, rumble = np.sin(2 * np.pi * 120 * t), np.sin(2 * np.pi * 6 * t)
        >>> heard = without_infrasound(voice + rumble + 0.5, 16000)
        >>> bool(abs(heard - voice)[1000:-1000].max() < 0.001)
        True
    """
    response = _high_pass_of_sources(sample_rate_hz)
    half = response.taps.size // 2
    longer = _continued(signal - np.mean(signal), half)
    if longer.size > LONGEST_TRANSFORM:
        return convolve_in_chunks(longer, response)[2 * half :]
    # The signal has `half` samples more at both ends: the first 2 * half of the result, filtered from what lies before
    # the signal, are not wanted, and all that wraps around falls on them.
    size = size_with_room(signal.size, sample_rate_hz, 2 * half)
    whole = scipy.fft.irfft(scipy.fft.rfft(longer, size) * response.spectrum(size), size, overwrite_x=True)
    return np.asarray(whole[2 * half :][: signal.size], dtype=np.float64)


def kept_of_low(frequency_hz: NDArray[np.float64], sample_rate_hz: int) -> NDArray[np.float64]:
    """Share of the power at a frequency that :func:`without_infrasound` keeps.

    Args:
        frequency_hz: Frequencies, shape (n,).
        sample_rate_hz: Samples a second.

    Returns:
        Shape (n,), from 0 below 20 Hz to 1 above 40 Hz.

    Example:
        >>> kept_of_low(np.array([15.0, 30.0, 45.0]), 16000).round(2).tolist()
        [0.0, 0.25, 1.0]
    """
    low_hz, share = _kept_shares(sample_rate_hz)
    return np.asarray(np.interp(frequency_hz, low_hz, share))


@cache
def _kept_shares(sample_rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies up to twice that above which all is kept, a tenth of a hertz apart or less, and shares there."""
    taps = _high_pass_of_sources(sample_rate_hz).taps
    size = scipy.fft.next_fast_len(max(taps.size, 10 * sample_rate_hz), real=True)
    frequency = scipy.fft.rfftfreq(size, 1 / sample_rate_hz)
    low = frequency <= 2 * AUDIBLE_HZ
    return frequency[low], np.abs(scipy.fft.rfft(taps, size)[low]) ** 2


def _continued(signal: Signal, samples: int) -> Signal:
    """A signal continued by ``samples`` at both ends, by point reflection about its end points."""
    return np.pad(signal, samples, mode="reflect", reflect_type="odd")


@cache
def _high_pass_of_sources(sample_rate_hz: int) -> ImpulseResponse:
    width, middle = AUDIBLE_HZ - INFRASOUND_HZ, (AUDIBLE_HZ + INFRASOUND_HZ) / 2
    return ImpulseResponse(linear_high_pass(middle, width, INFRASOUND_REJECTION_DB, sample_rate_hz))


def linear_high_pass(
    middle_hz: float, width_hz: float, rejection_db: float, sample_rate_hz: int
) -> NDArray[np.float64]:
    """Linear-phase high-pass by Kaiser's window, with a gain of 1 at half the sample rate.

    Args:
        middle_hz: Middle of the transition band, where it is 6 dB down.
        width_hz: Width of the transition band.
        rejection_db: Attenuation below the transition band, above 50 dB.
        sample_rate_hz: Samples a second.

    Returns:
        An odd number of taps, symmetric.

    Reference: Kaiser and Schafer (1980), IEEE Trans. ASSP 28:105: length (A - 7.95) / (2.285 * width) + 1, with the
    width in radians, and shape 0.1102 (A - 8.7), of the window for a rejection of A dB.

    Example:
        >>> taps = linear_high_pass(30.0, 20.0, 80.0, 8000)
        >>> turn = 2 * np.pi * 30 / 8000 * (np.arange(taps.size) - taps.size // 2)
        >>> taps.size, round(float(np.sum(taps * np.cos(turn))), 3)
        (2009, 0.5)
    """
    edge, width = middle_hz / (sample_rate_hz / 2), width_hz / (sample_rate_hz / 2)
    size = math.ceil((rejection_db - 7.95) / 2.285 / (np.pi * width) + 1) | 1
    middle = 0.5 * (size - 1)
    place = np.arange(size) - middle
    shape = 0.1102 * (rejection_db - 8.7)
    window = scipy.special.i0(shape * np.sqrt(1 - (place / middle) ** 2)) / scipy.special.i0(shape)
    # An ideal high-pass is a unit pulse less an ideal low-pass, which is edge * sinc(edge * n) with the edge in units
    # of half the rate. At half the rate the gain is the sum of the taps with alternating signs.
    taps = (np.sinc(place) - edge * np.sinc(edge * place)) * window
    return np.asarray(taps / np.sum(taps * np.cos(np.pi * place)))
