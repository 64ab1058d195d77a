"""Convolution of signals with responses: at once, or in pieces where a signal is long or its length must not matter."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal

MOST_KEPT_BYTES = 2**22
SHORTEST_CHUNK, CHUNKS_AT_ONCE = 8192, 64
ROOM_S = 0.4
"""Silence behind a sound, longer than the filters of devices, which at the usual rates have 0.26 to 0.37 s."""
BLOCK, BLOCKS_AT_ONCE = 2**16, 8
LONGEST_TRANSFORM = 2**18
"""Samples up to which one transform is faster than many short ones, and fits in memory."""


def transform_size(least: int) -> int:
    """The next length of a fast Fourier transform: 4, 5 or 6 times a power of two, at most a third too long.

    Lengths are few so that what depends on the length alone is computed once: the spectrum of a response, and the
    twiddle factors of the transform, which scipy keeps for the last sixteen lengths.

    Example:
        >>> transform_size(33000), transform_size(32768), transform_size(1)
        (40960, 32768, 4)
    """
    unit = 1
    while 8 * unit < least:
        unit *= 2
    return next(steps * unit for steps in (4, 5, 6, 8) if steps * unit >= least)


def size_with_room(samples: int, sample_rate_hz: int, room: int = 0) -> int:
    """Length of the transforms of a sound, padded with silence into which filters can ring.

    A product of spectra is a circular convolution: n samples through k taps wrap around unless n + k - 1 fit in.

    Args:
        samples: Length of the sound.
        sample_rate_hz: Samples a second.
        room: Samples of silence needed. There are always at least 0.4 s, so that most filters share one length.

    Example:
        >>> size_with_room(33000, 16000), size_with_room(33000, 16000, 10000)
        (40960, 49152)
    """
    return transform_size(samples + max(room, round(ROOM_S * sample_rate_hz)))


@dataclass(frozen=True)
class Kernel:
    """A filter for sounds of many minutes, applied block by block.

    Attributes:
        spectrum: Spectrum of the filter for blocks of n samples, shape (n // 2 + 1,).
        before: How many past samples an output sample depends on.
        after: How many future samples.
        mirrored: Whether the sound is continued by its mirror image beyond its ends; otherwise by silence.
    """

    spectrum: NDArray[np.complex128] | NDArray[np.float64]
    before: int
    after: int = 0
    mirrored: bool = False

    def over(self, signal: Signal) -> Signal:
        """The filtered signal, shape (n,), by overlap-save: only a few blocks are in memory at a time."""
        # The first `before` and the last `after` samples of a circular convolution have wrapped around. They are thrown
        # away, and blocks overlap by as much.
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
    """An impulse response to filter signals with. Equal only to itself.

    Attributes:
        taps: Shape (k,).
        advance_samples: Delay to be removed, 0 or more.
    """

    taps: NDArray[np.float64]
    advance_samples: int = 0
    _spectra: dict[int, NDArray[np.complex128]] = field(default_factory=dict, repr=False)

    def kernel(self) -> Kernel:
        """The filter for sounds of many minutes; for a long response, blocks are four times as long as the response."""
        ahead = np.zeros(max(BLOCK, 4 * transform_size(self.taps.size)))
        ahead[: self.taps.size] = self.taps
        turned = np.roll(ahead, -self.advance_samples)
        return Kernel(scipy.fft.rfft(turned), self.taps.size, self.advance_samples)

    def spectrum(self, size: int) -> NDArray[np.complex128]:
        """Spectrum for transforms of ``size`` samples, shape (size // 2 + 1,); the last few sizes are kept."""
        found = self._spectra.get(size)
        if found is None:
            found = np.asarray(scipy.fft.rfft(self.taps, size))
            while self._spectra and sum(kept.nbytes for kept in self._spectra.values()) > MOST_KEPT_BYTES:
                self._spectra.pop(next(iter(self._spectra)))
            self._spectra[size] = found
        return found


def convolve(signal: Signal, taps: NDArray[np.float64], advance_samples: int = 0) -> Signal:
    """Filter a signal, remove a delay, and keep its length.

    Args:
        signal: Shape (n,).
        taps: Impulse response, shape (k,).
        advance_samples: Delay to remove, 0 or more: the output begins with this sample of the convolution.

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
    """Filter a signal so that its beginning, filtered alone, gives the beginning of the result, bit for bit.

    One transform of the whole would round differently for another length. Here the signal is cut at fixed places, and
    each chunk is convolved alone; convolution is linear, so the results add up (overlap-add). The promise holds up to
    the end of the last whole chunk: :func:`whole_chunks` gives a length that ends there.

    Args:
        signal: Shape (lead + n,).
        response: Its delay is not removed.
        lead: Samples before the place from which chunks are counted in both directions.

    Returns:
        Shape (lead + n,).

    Example:
        >>> convolve_in_chunks(np.array([1.0, 2.0, 3.0]), ImpulseResponse(np.array([0.0, 1.0]))).round(12).tolist()
        [0.0, 1.0, 2.0]
    """
    return mixed_in_chunks(signal, [(response, None)], lead, range(signal.size))


Gain = Callable[[int, int], Signal]
"""Amplitudes from one sample to another, shape (stop - start,)."""


def mixed_in_chunks(
    signal: Signal, ways: Sequence[tuple[ImpulseResponse, Gain | None]], lead: int, wanted: range
) -> Signal:
    """What comes out of several filters, each with a gain behind it, in one; see :func:`convolve_in_chunks`.

    Args:
        signal: Shape (lead + n,).
        ways: Responses of one length, and what their output is multiplied with, if with anything.
        lead: Samples before the place from which chunks are counted in both directions.
        wanted: Which samples of the result. Gains are counted from the first of them.

    Returns:
        Shape (len(wanted),).
    """
    chunk, size = _chunk(ways[0][0])
    ahead = -lead % chunk
    count = math.ceil((ahead + signal.size) / chunk)
    count += count % 2  # transforms are computed in pairs, and one alone may differ in its last digits
    out = np.zeros(len(wanted))
    for first in range(0, count, CHUNKS_AT_ONCE):
        padded = np.zeros((min(CHUNKS_AT_ONCE, count - first), chunk))
        _add(padded.ravel(), signal, ahead - first * chunk, None)
        parts = scipy.fft.rfft(padded, size, axis=1)
        place = first * chunk - ahead - wanted.start
        for response, gain in ways:
            heard = scipy.fft.irfft(parts * response.spectrum(size), size, axis=1, overwrite_x=True)
            _add(out, heard[:, :chunk].ravel(), place, gain)
            _add(out, heard[:, chunk:].ravel(), place + chunk, gain)
    return out


def _add(out: Signal, piece: Signal, place: int, gain: Gain | None) -> None:
    """Add a piece from some place on, as far as it lies within."""
    start, stop = max(0, place), min(out.size, place + piece.size)
    if start < stop:
        inside = piece[start - place : stop - place]
        out[start:stop] += inside if gain is None else inside * gain(start, stop)


def whole_chunks(samples: int, response: ImpulseResponse) -> int:
    """The next length, of at least ``samples``, at which a chunk of :func:`convolve_in_chunks` ends."""
    chunk = _chunk(response)[0]
    return math.ceil(samples / chunk) * chunk


def _chunk(response: ImpulseResponse) -> tuple[int, int]:
    """Samples of a chunk, and of its transform: twice as many, since a chunk is never shorter than the response."""
    chunk = max(SHORTEST_CHUNK, transform_size(response.taps.size))
    return chunk, 2 * chunk


def cut_to(whole: Signal, samples: int, response: ImpulseResponse) -> Signal:
    """Cut the convolution of a signal with a response to the signal's length, without the response's delay.

    Args:
        whole: The convolution, shape (samples + k - 1,) or longer, for k taps.
        samples: Wanted length; silence fills up what is missing at the end.
        response: What the signal was convolved with.

    Returns:
        Shape (samples,), an array of its own.
    """
    first = response.advance_samples
    part = whole[first : min(first + samples, samples + response.taps.size - 1)]
    out = np.zeros(samples)
    out[: part.size] = part
    return out
