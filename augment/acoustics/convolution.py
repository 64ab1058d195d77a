"""Signals through responses: whole, or in pieces where they are long or must not depend on their length."""

import math
from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal

MOST_KEPT_BYTES = 2**22
SHORTEST_CHUNK, CHUNKS_AT_ONCE = 8192, 64
ROOM_S = 0.4
BLOCK, BLOCKS_AT_ONCE = 2**16, 8
LONGEST_TRANSFORM = 2**18
"""Samples up to which one transform is faster than many short ones, and has room."""


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
        spectrum: Of the filter, for blocks of n samples, shape (n // 2 + 1,).
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
        hop = self._block_size - self.before - self.after
        out = np.empty(signal.size)
        for first in range(0, signal.size, BLOCKS_AT_ONCE * hop):
            starts = range(first, min(first + BLOCKS_AT_ONCE * hop, signal.size), hop)
            blocks = np.stack([self._block(signal, start - self.before) for start in starts])
            heard = scipy.fft.irfft(scipy.fft.rfft(blocks) * self.spectrum, self._block_size, overwrite_x=True)
            wanted = heard[:, self.before : self.before + hop].ravel()
            out[first : first + wanted.size] = wanted[: signal.size - first]
        return out

    @property
    def _block_size(self) -> int:
        return 2 * (self.spectrum.size - 1)

    def _block(self, signal: Signal, start: int) -> Signal:
        end = start + self._block_size
        inside = signal[max(start, 0) : end]
        beyond = (max(0, -start), max(0, end - signal.size))
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
        """The same for sounds of many minutes; blocks are four times as long as a response that is long itself."""
        ahead = np.zeros(max(BLOCK, 4 * transform_size(self.taps.size)))
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
    # Transforms are made in pairs, since those of a pair and of one alone may differ in their last digits.
    padded = np.zeros((count + count % 2, chunk))
    padded.ravel()[ahead : ahead + signal.size] = signal
    out = np.zeros((padded.shape[0] + 1) * chunk)
    for first in range(0, padded.shape[0], CHUNKS_AT_ONCE):
        parts = scipy.fft.rfft(padded[first : first + CHUNKS_AT_ONCE], size, axis=1) * response.spectrum(size)
        heard = scipy.fft.irfft(parts, size, axis=1, overwrite_x=True)
        place, length = first * chunk, heard.shape[0] * chunk
        out[place : place + length] += heard[:, :chunk].ravel()
        out[place + chunk : place + chunk + length] += heard[:, chunk:].ravel()
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
