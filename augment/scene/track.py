"""A sound on its way through the chain, and what has been measured of it."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.convolution import LONGEST_TRANSFORM, ImpulseResponse, cut_to, size_with_room
from augment.acoustics.levels import SpeechLevel, SpeechMeter, db, mean_product, power
from augment.acoustics.loudness import block_powers
from augment.acoustics.pcm import peak
from augment.acoustics.spectrum import MirroredSpectrum, Weighting, seen_through

T = TypeVar("T")
LEAST_TAIL = 1e-15
"""A smaller share of the energy is rounding."""
LONGEST_KEPT = 2**20
"""Samples of the longest sounds of which arrays are kept: all that the conditions of one need then fits on a shelf."""
FULL_BAND = Weighting()
A_WEIGHTED = Weighting(a_weighted=True)


class Holds(Protocol):
    """Anything that knows how much memory it takes."""

    @property
    def nbytes(self) -> int: ...


Kept = TypeVar("Kept", bound=Holds)


class Shelf:
    """A cache of sounds that conditions share; when it is full, the least recently used go first."""

    def __init__(self, largest_bytes: int = 192 * 2**20) -> None:
        self._largest = largest_bytes
        self._held = 0
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The value of a key; computed if it is not in the cache.

        Example:
            >>> shelf = Shelf()
            >>> shelf.once("a", lambda: 1), shelf.once("a", lambda: 2)
            (1, 1)
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            found: T = self._kept[key]
            return found
        value = compute()
        self._kept[key] = value
        self.grow(getattr(value, "nbytes", 0))
        return value

    def clear(self) -> None:
        """Forget everything: sounds and their shelf refer to one another, and would stay in memory."""
        self._kept.clear()
        self._held = 0

    def grow(self, by_bytes: int) -> None:
        """Account for more memory held by something in the cache, and make room."""
        self._held += by_bytes
        while self._held > self._largest and len(self._kept) > 1:
            self._held -= getattr(self._kept.popitem(last=False)[1], "nbytes", 0)


class Sounding:
    """Noise as long as the longest utterance of a block: each utterance hears its beginning.

    Args:
        samples: Shape (lead + n,).
        active: Where it is on, of the same shape; None for a steady noise.
        sample_rate_hz: Samples a second.
        lead: Samples before the beginning, there for a room to respond to.
    """

    def __init__(self, samples: Signal, active: NDArray[np.bool_] | None, sample_rate_hz: int, lead: int = 0) -> None:
        self._samples, self._active, self._rate, self._lead = samples, active, sample_rate_hz, lead
        self.nbytes = samples.nbytes

    def beginning(self, samples: int, shelf: Shelf) -> "Track":
        """The noise for an utterance of ``samples``, kept on the utterance's shelf."""

        def make() -> Track:
            heard = slice(self._lead, self._lead + samples)
            active = None if self._active is None or self._active[heard].all() else self._active[heard]
            track = Track(self._samples[heard], self._rate, shelf, active)
            track.nbytes = 0  # its samples are those of the block
            return track

        return shelf.once((self, samples), make)


class Track:
    """A sound with all that has been measured of it: nothing is measured twice. Equal only to itself.

    Gain is kept outside. Whatever scales with it is measured on the sound as it is; what does not, such as the reading
    of a meter with thresholds, is asked for together with the gain.

    Args:
        samples: Shape (n,); not to be written to any more.
        sample_rate_hz: Samples a second.
        shelf: Where sounds made of this one are kept.
        active: Where an intermittent noise is on, shape (n,); None for a steady one.
    """

    def __init__(
        self,
        samples: Signal,
        sample_rate_hz: int,
        shelf: Shelf,
        active: NDArray[np.bool_] | None = None,
    ) -> None:
        self.samples, self.sample_rate_hz, self.active = samples, sample_rate_hz, active
        self.shelf = shelf
        self.nbytes = samples.nbytes
        self._found: dict[Hashable, Any] = {}
        self._beside: WeakKeyDictionary[Track, NDArray[np.float64]] = WeakKeyDictionary()
        # Of every other noise that comes after it in a scene: see mean_products().
        self._products: WeakKeyDictionary[Track, dict[Weighting, float]] = WeakKeyDictionary()

    @property
    def _long(self) -> bool:
        return self.samples.size > LONGEST_TRANSFORM

    def found(self, what: Hashable, find: Callable[[], T]) -> T:
        """A small fact about the sound, computed once."""
        if what not in self._found:
            self._found[what] = find()
        value: T = self._found[what]
        return value

    def _kept(self, what: Hashable, make: Callable[[], Kept]) -> Kept:
        """An array, or what holds one, computed once; for a sound of many minutes each time, to save memory."""
        if self.samples.size > LONGEST_KEPT:
            return make()
        if what not in self._found:
            made = self._found[what] = make()
            self.nbytes += made.nbytes
            self.shelf.grow(made.nbytes)
        value: Kept = self._found[what]
        return value

    # Levels

    def power(self, weighting: Weighting = FULL_BAND) -> float:
        """Mean square over the active part, under a weighting."""

        def measure() -> float:
            seen = self._seen(weighting)
            return power(seen if self.active is None else seen[self.active])

        return self.found(("power", weighting), measure)

    def _while_on(self, weighting: Weighting) -> Signal:
        """The sound under a weighting, silent while it is off, and so much louder that its power is that while on."""
        seen = self._seen(weighting)
        if self.active is None:
            return seen
        share = float(self.active.mean())
        return np.where(self.active, seen, 0.0) / math.sqrt(share) if share else np.zeros(seen.size)

    def speech_level(self, weighting: Weighting = FULL_BAND, gain: float = 1.0) -> SpeechLevel:
        """Reading of the speech level meter for the sound times a gain, under a weighting."""
        return self.found(("speech", weighting, gain), lambda: self._meter(weighting).read(gain))

    def gain_to(self, level_dbov: float, near: float = 1.0) -> float:
        """Factor that brings the speech to an active level; ``near`` as for :meth:`SpeechMeter.gain_to`.

        Raises:
            ValueError: The meter finds no speech.
        """

        def find() -> float:
            meter = self._meter(FULL_BAND)
            factor = meter.gain_to(level_dbov, near)
            self.found(("speech", FULL_BAND, factor), lambda: meter.read(factor))  # it is asked for next
            return factor

        return self.found(("gain to", level_dbov, near), find)

    def peak(self) -> float:
        return self.found("peak", lambda: peak(self.samples))

    def finite(self) -> bool:
        return self.found("finite", lambda: bool(np.isfinite(self.samples).all()))

    def loudness_powers(self, other: "Track") -> NDArray[np.float64]:
        """Mean product with another sound under K-weighting, by block: see :func:`block_powers`."""
        if other not in self._beside:
            own, self._beside[other], others = block_powers(self.samples, other.samples, self.sample_rate_hz)
            self._beside.setdefault(self, own)
            other._beside.setdefault(other, others)
        return self._beside[other]

    def _meter(self, weighting: Weighting) -> SpeechMeter:
        def make() -> SpeechMeter:
            return SpeechMeter(self._seen(weighting), self.sample_rate_hz, overwrite=not weighting.flat)

        return self._kept(("meter", weighting), make)

    def _seen(self, weighting: Weighting) -> Signal:
        if weighting.flat or not self.samples.size:
            return self.samples
        if self._long:
            return seen_through(self.samples, self.sample_rate_hz, weighting)
        mirrored = self._kept("mirrored", lambda: MirroredSpectrum(self.samples, self.sample_rate_hz))
        return mirrored.seen(weighting)

    # Sounds made of this one

    def room_for(self, response: ImpulseResponse) -> int:
        """Length of the transforms for a response, with room for its ringing."""
        # An eighth of a second more than that: bytes hang on the length, and it was chosen when more had to fit in.
        return size_with_room(self.samples.size, self.sample_rate_hz, response.taps.size + self.sample_rate_hz // 8)

    def spectrum(self, size: int) -> NDArray[np.complex128]:
        """Spectrum of the sound, padded with silence to ``size``, shape (size // 2 + 1,)."""
        return self._kept(size, lambda: np.asarray(scipy.fft.rfft(self.samples, size)))

    def through(self, response: ImpulseResponse) -> "Track":
        """The sound convolved with a response, cut to its own length."""

        def make() -> Track:
            if self._long:
                return self._heard(response.kernel().over(self.samples))
            return self._heard(cut_to(self._whole(response), self.samples.size, response))

        return self.shelf.once((self, response), make)

    def _heard(self, samples: Signal) -> "Track":
        return Track(samples, self.sample_rate_hz, self.shelf, self.active)

    def tail_behind_db(self, response: ImpulseResponse) -> float | None:
        """How much of the sound, convolved with a response, falls beyond its own end and is cut off.

        Returns:
            Energy beyond the end re the whole energy, in dB; None if there is none.
        """

        def measure() -> float | None:
            # All n + k - 1 samples of the convolution, from the direct sound on: what follows the first n is lost.
            first = response.advance_samples
            if self._long:
                whole = ImpulseResponse(response.taps).kernel().over(np.pad(self.samples, (0, response.taps.size)))
            else:
                whole = self._whole(response)
                # What remains of it is asked for next.
                self.shelf.once((self, response), lambda: self._heard(cut_to(whole, self.samples.size, response)))
            energy = whole[first : self.samples.size + response.taps.size - 1] ** 2
            total, lost = float(np.sum(energy)), float(np.sum(energy[self.samples.size :]))
            return db(lost / total) if total > 0 and lost > total * LEAST_TAIL else None

        return self.found(("tail", response), measure)

    def _whole(self, response: ImpulseResponse) -> Signal:
        size = self.room_for(response)
        return np.asarray(scipy.fft.irfft(self.spectrum(size) * response.spectrum(size), size, overwrite_x=True))

    def processed(self, name: Hashable, process: Callable[[Signal], Signal], gain: float) -> "Track":
        """The sound times a gain, after a non-linear step; equal names, equal results."""
        return self.shelf.once(
            (self, gain, name), lambda: Track(process(self.samples * gain), self.sample_rate_hz, self.shelf)
        )


def mean_products(noises: Sequence[Track], weighting: Weighting) -> list[float]:
    """Mean product of every two noises under a weighting, in the order of ``itertools.combinations``.

    Each is taken as its power is: over the time in which it is on. For signals a and b that are on for the shares s and
    t of the time, that is the mean of a b over the time in which both are on, times the share of that, over sqrt(s t).
    So it is never more than the root of the product of both powers (Cauchy and Schwarz), and the power of a sum lies
    between the squares of the difference and of the sum of amplitudes, as it must.
    """
    heard: dict[Track, Signal] = {}
    found = []
    for one, other in combinations(noises, 2):
        known = one._products.setdefault(other, {})
        if weighting not in known:
            for track in (one, other):
                if track not in heard:
                    heard[track] = track._while_on(weighting)
            known[weighting] = mean_product(heard[one], heard[other])
        found.append(known[weighting])
    return found
