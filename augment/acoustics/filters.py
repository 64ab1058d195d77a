"""Linear filters with a known, removed delay."""

import math
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal

DEEPEST_DB = 60.0
MOST_KEPT_BYTES = 2**22
SHORTEST_CHUNK = 8192
ROOM_S = 0.4
BLOCK, BLOCKS_AT_ONCE = 2**16, 8
LONGEST_TRANSFORM = 2**18
"""Samples up to which one transform is faster than many short ones, and has room."""
SPEECH_BAND_HZ = (400.0, 3000.0)
INFRASOUND_HZ, AUDIBLE_HZ = 20.0, 40.0
INFRASOUND_REJECTION_DB = 80.0


def response_db(
    frequency_hz: NDArray[np.float64], level_db: NDArray[np.float64], at_hz: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A tabulated response at other frequencies: straight in dB over the logarithm of frequency.

    Beyond both ends a response that falls goes on falling at the slope of its last two points; one that does not stays
    level. Nothing lies more than 60 dB below the highest point: devices do not reject more, and a filter that did would
    ring for longer than a speech sound lasts.

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

    The phase is the Hilbert transform of the logarithm of the magnitude, found by folding the real cepstrum.

    Args:
        frequency_hz: Frequencies of the table, rising, above 0, shape (b,).
        level_db: Magnitude in dB, shape (b,); see :func:`response_db` for what lies beyond the table.
        sample_rate_hz: Samples a second.

    Returns:
        Taps, about a quarter of a second long.

    Reference: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd ed., 13.5 (complex cepstrum of
    minimum-phase sequences).

    Example:
        >>> taps = minimum_phase_fir(np.array([100.0, 1000.0]), np.array([-6.0, -6.0]), 16000)
        >>> round(float(taps[0]), 3), bool(abs(taps[1:]).max() < 1e-9)
        (0.501, True)
    """
    length = 1 << math.ceil(math.log2(sample_rate_hz / 4))
    size = 8 * length  # long, so that the cepstrum does not fold over
    magnitude_db = response_db(frequency_hz, level_db, scipy.fft.rfftfreq(size, 1 / sample_rate_hz))
    cepstrum = scipy.fft.irfft(magnitude_db * (math.log(10) / 20), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    taps = scipy.fft.irfft(np.exp(scipy.fft.rfft(cepstrum)), size)[:length]
    fade = length // 8
    taps[-fade:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    return np.asarray(taps, dtype=np.float64)


def speech_delay_samples(taps: NDArray[np.float64], sample_rate_hz: int) -> float:
    """Delay of a filter as speech meets it.

    The place of the peak of the filter's impulse response, seen in 400-3000 Hz with a partly whitened spectrum: the
    delay that a cross-correlation of speech before and after the filter finds.

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
    """Place of the peak of a cross-correlation, seen in 400-3000 Hz with a partly whitened spectrum.

    Args:
        cross: Cross-spectrum of a signal with what follows it, shape (size // 2 + 1,).
        size: Length of the transform, at least that of both signals together.
        sample_rate_hz: Samples a second.
        finer: Steps to a sample.

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
    whitened[inside] = cross[inside] * magnitude[inside] ** -0.7
    peak = int(np.argmax(scipy.fft.irfft(whitened, size * finer)))
    place = peak if peak < size * finer // 2 else peak - size * finer
    return place / finer


def transform_size(least: int) -> int:
    """A length of Fourier transforms that are fast: 4, 5 or 6 times a power of two.

    Few lengths, so that what depends on the length alone is made once: a response in each bin, and the factors of the
    transform itself, of which scipy keeps those of the last sixteen lengths.

    Example:
        >>> transform_size(33000), transform_size(32768), transform_size(1)
        (40960, 32768, 4)
    """
    unit = 1
    while 8 * unit < least:
        unit *= 2
    return next(steps * unit for steps in (4, 5, 6, 8) if steps * unit >= least)


def size_with_room(samples: int, sample_rate_hz: int, room: int = 0) -> int:
    """Length of the transforms of a sound: with silence behind it for the ringing of whatever it meets.

    Args:
        samples: Of the sound.
        sample_rate_hz: Samples a second.
        room: Samples of silence that are needed; 0.4 s are there anyway, so that most needs have one length.

    Example:
        >>> size_with_room(33000, 16000), size_with_room(33000, 16000, 10000)
        (40960, 49152)
    """
    return transform_size(samples + max(room, round(ROOM_S * sample_rate_hz)))


@dataclass(frozen=True)
class Kernel:
    """A filter for sounds of many minutes, which meet it block by block.

    Attributes:
        spectrum: Of the filter, for transforms of :data:`BLOCK` samples, shape (BLOCK // 2 + 1,).
        before: Samples back in time that it reaches.
        after: Samples ahead.
        mirrored: Whether a sound goes on mirrored beyond its ends; else there is silence.
    """

    spectrum: NDArray[np.complex128] | NDArray[np.float64]
    before: int
    after: int = 0
    mirrored: bool = False

    def over(self, signal: Signal) -> Signal:
        """The signal after the filter, shape (n,): overlap-save, which needs room for a few blocks only."""
        hop = BLOCK - self.before - self.after
        out = np.empty(signal.size)
        for first in range(0, signal.size, BLOCKS_AT_ONCE * hop):
            starts = range(first, min(first + BLOCKS_AT_ONCE * hop, signal.size), hop)
            blocks = np.stack([self._block(signal, start - self.before) for start in starts])
            heard = scipy.fft.irfft(scipy.fft.rfft(blocks) * self.spectrum, BLOCK, overwrite_x=True)
            wanted = heard[:, self.before : self.before + hop].ravel()
            out[first : first + wanted.size] = wanted[: signal.size - first]
        return out

    def _block(self, signal: Signal, start: int) -> Signal:
        inside = signal[max(start, 0) : start + BLOCK]
        beyond = (max(0, -start), max(0, start + BLOCK - signal.size))
        if not any(beyond):
            return inside
        if not self.mirrored:
            return np.pad(inside, beyond)
        reach = (min(beyond[0], self.before), min(beyond[1], self.after))
        longer = np.pad(inside, reach, mode="symmetric")
        return np.pad(longer, (beyond[0] - reach[0], beyond[1] - reach[1]))


@dataclass(frozen=True, eq=False)
class ImpulseResponse:
    """An impulse response that signals pass. Two of them are equal only if they are one and the same.

    Attributes:
        taps: Shape (k,).
        advance_samples: Delay that is taken out, 0 or more.
    """

    taps: NDArray[np.float64]
    advance_samples: int = 0
    _spectra: dict[int, NDArray[np.complex128]] = field(default_factory=dict, repr=False)

    def kernel(self) -> Kernel:
        """The same for sounds of many minutes.

        Raises:
            ValueError: It is longer than half a block.
        """
        if self.taps.size > BLOCK // 2:
            raise ValueError(f"a response of {self.taps.size} samples is longer than half a block")
        ahead = np.zeros(BLOCK)
        ahead[: self.taps.size] = self.taps
        turned = np.roll(ahead, -self.advance_samples)
        return Kernel(scipy.fft.rfft(turned), self.taps.size, self.advance_samples)

    def spectrum(self, size: int) -> NDArray[np.complex128]:
        """Of so many samples, shape (size // 2 + 1,); the last few sizes are kept."""
        found = self._spectra.get(size)
        if found is None:
            found = np.asarray(scipy.fft.rfft(self.taps, size))
            while self._spectra and sum(kept.nbytes for kept in self._spectra.values()) > MOST_KEPT_BYTES:
                self._spectra.pop(next(iter(self._spectra)))
            self._spectra[size] = found
        return found


def convolve(signal: Signal, taps: NDArray[np.float64], advance_samples: int = 0) -> Signal:
    """Filter a signal, keep its length, and take out a delay.

    Args:
        signal: Shape (n,).
        taps: Impulse response, shape (k,).
        advance_samples: Delay to remove; the output starts this many samples later, 0 or more.

    Returns:
        Filtered signal, shape (n,).

    Example:
        >>> convolve(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0]), advance_samples=1).round(12).tolist()
        [1.0, 2.0, 3.0]
    """
    size = transform_size(signal.size + taps.size - 1)
    product = scipy.fft.rfft(signal, size) * scipy.fft.rfft(taps, size)
    return cut_to(scipy.fft.irfft(product, size, overwrite_x=True), signal.size, ImpulseResponse(taps, advance_samples))


def convolve_in_chunks(signal: Signal, response: ImpulseResponse, lead: int = 0) -> Signal:
    """Filter a signal that begins a longer one, so that what comes out begins what the longer one gives, bit for bit.

    One transform of all would give other last digits for another length. Here the signal is cut at fixed places, and
    each chunk meets the response alone (overlap-add). That holds up to the last place where a chunk ends: see
    :func:`whole_chunks` for a length that ends there.

    Args:
        signal: Shape (lead + n,).
        response: Not longer than the sounds that it is meant for; its delay is not taken out.
        lead: Samples before the place from which chunks are counted, both ways.

    Returns:
        Shape (lead + n,).

    Example:
        >>> convolve_in_chunks(np.array([1.0, 2.0, 3.0]), ImpulseResponse(np.array([0.0, 1.0]))).round(12).tolist()
        [0.0, 1.0, 2.0]
    """
    chunk, size = _chunk(response)
    ahead = -lead % chunk
    count = math.ceil((ahead + signal.size) / chunk)
    padded = np.zeros(count * chunk)
    padded[ahead : ahead + signal.size] = signal
    parts = scipy.fft.rfft(padded.reshape(count, chunk), size, axis=1) * response.spectrum(size)
    heard = scipy.fft.irfft(parts, size, axis=1, overwrite_x=True)
    out = np.zeros((count + 1) * chunk)
    out[:-chunk] = heard[:, :chunk].ravel()
    out[chunk:] += heard[:, chunk:].ravel()
    return out[ahead : ahead + signal.size]


def whole_chunks(samples: int, response: ImpulseResponse) -> int:
    """At least so many samples, up to where a chunk of :func:`convolve_in_chunks` ends."""
    chunk = _chunk(response)[0]
    return math.ceil(samples / chunk) * chunk


def _chunk(response: ImpulseResponse) -> tuple[int, int]:
    """Samples of a chunk, and of the transform in which it meets the response: twice as many."""
    chunk = max(SHORTEST_CHUNK, transform_size(response.taps.size))
    return chunk, 2 * chunk


def cut_to(whole: Signal, samples: int, response: ImpulseResponse) -> Signal:
    """What is wanted of the convolution of so many samples with a response: its delay is taken out, silence follows.

    Args:
        whole: Shape (samples + k - 1,) or longer, for k taps.
        samples: Wanted length.
        response: What it was convolved with.

    Returns:
        Shape (samples,), an array of its own.
    """
    first = response.advance_samples
    part = whole[first : min(first + samples, samples + response.taps.size - 1)]
    return np.pad(part, (0, samples - part.size))


def high_pass(cutoff_hz: float, order: int, sample_rate_hz: int) -> NDArray[np.float64]:
    """Butterworth high-pass, as the impulse response of its recursive filter until it has died away by 140 dB.

    Args:
        cutoff_hz: Where it is 3 dB down; above 0, below half the sample rate.
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
    length = math.ceil(math.log(1e-7) / math.log(slowest)) + 1 if slowest > 0 else 2
    impulse = np.zeros(length)
    impulse[0] = 1.0
    return np.asarray(scipy.signal.lfilter(b, a, impulse), dtype=np.float64)


def without_infrasound(signal: Signal, sample_rate_hz: int) -> Signal:
    """A recording without its mean and without what lies below 20 Hz, not delayed.

    Neither an ear nor the microphone of a telephone takes it for sound, and no recogniser looks at it; but a level
    meter does. A rumble of 6 Hz under speech fills the pauses, and all that is set by the level of the speech is wrong.

    A linear-phase filter of odd length, its delay taken out: 80 dB down at 20 Hz and below, 6 dB at 30 Hz, level from
    40 Hz on. A voice begins at about 60 Hz, mains hum at 50. The signal goes on beyond both ends mirrored in time and
    in value, so that a slow swing that is cut off goes on as a slow swing.

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
    centred = signal - np.mean(signal)
    response = _high_pass_of_sources(sample_rate_hz)
    half = response.taps.size // 2
    longer = _continued(centred, half)
    if longer.size > LONGEST_TRANSFORM:
        return np.asarray(scipy.signal.oaconvolve(longer, response.taps, mode="valid"), dtype=np.float64)
    size = size_with_room(signal.size, sample_rate_hz, 2 * half)  # what wraps around falls on samples not wanted
    whole = scipy.fft.irfft(scipy.fft.rfft(longer, size) * response.spectrum(size), size, overwrite_x=True)
    return np.asarray(whole[2 * half :][: signal.size], dtype=np.float64)


def _continued(signal: Signal, samples: int) -> Signal:
    """A signal with so many samples more at both ends, each turned around about its end point."""
    return np.pad(signal, samples, mode="reflect", reflect_type="odd")


@cache
def _high_pass_of_sources(sample_rate_hz: int) -> ImpulseResponse:
    width, middle = AUDIBLE_HZ - INFRASOUND_HZ, (AUDIBLE_HZ + INFRASOUND_HZ) / 2
    size, beta = scipy.signal.kaiserord(INFRASOUND_REJECTION_DB, width / (sample_rate_hz / 2))
    taps = scipy.signal.firwin(size | 1, middle, window=("kaiser", beta), pass_zero=False, fs=sample_rate_hz)
    return ImpulseResponse(np.asarray(taps, dtype=np.float64))
