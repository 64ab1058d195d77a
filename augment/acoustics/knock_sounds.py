"""What a knock sounds like: sines that ring, noise that decays, or a bank of several such sounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.convolution import ImpulseResponse, convolve_in_chunks, whole_chunks
from augment.acoustics.spectrum import OCTAVE_EDGE

BATCH = 16
"""Knocks of noise that are made at once: always as many, so that none depends on how many are wanted."""


def pulse_kernel(sample_rate_hz: int, resonances: Sequence[tuple[float, float, float]]) -> NDArray[np.float64]:
    """One knock: a sum of decaying sines, of energy 1 if all of them lie below the Nyquist frequency.

    Args:
        sample_rate_hz: Samples a second.
        resonances: For each: frequency in Hz, level in dB, time in s to fall by 60 dB. Those above the Nyquist
            frequency are left out, and their energy with them.

    Returns:
        Shape (k,).

    Example:
        >>> knock = pulse_kernel(16000, [(1000, 0, 0.02), (3000, -6, 0.01)])
        >>> knock.size, bool(abs(np.sum(knock**2) - 1) < 0.05)
        (320, True)
    """
    time = np.arange(math.ceil(max(r[2] for r in resonances) * sample_rate_hz)) / sample_rate_hz
    kernel, energy = np.zeros(time.size), 0.0
    for frequency, level, decay_s in resonances:
        if frequency >= sample_rate_hz / 2:
            # Sine squared is 1/2 on average, so a exp(-bt) sin(wt) has the energy of a^2 / 2 exp(-2bt), a^2 / 4b. It
            # falls by 20 lg(e) b dB a second, that is by 60 dB in T = 3 ln(10) / b: the energy is a^2 T / (12 ln 10).
            energy += 10 ** (level / 10) * decay_s / (12 * math.log(10)) * sample_rate_hz
            continue
        envelope = 10 ** (-3 * time / decay_s)
        sine = np.sin(2 * np.pi * frequency * time) * envelope
        # A decaying sine has a positive mean, and a train of them a constant pressure, which no source can radiate:
        # it is taken out, in the shape of the envelope.
        part = 10 ** (level / 20) * (sine - envelope * np.sum(sine) / np.sum(envelope))
        energy += float(np.sum(part * part))
        kernel += part
    return np.asarray(kernel / math.sqrt(energy))


@dataclass(frozen=True)
class Knocked:
    """Knocks that one sound is to be made for.

    Attributes:
        places: Where each begins, in samples from the beginning; first those after it, then those before it.
        strengths: Amplitude of each.
        after: How many of them are after the beginning. Both parts are counted away from it.
        fresh: Draws what is new in every knock, after and before the beginning.
    """

    places: NDArray[np.int64]
    strengths: Signal
    after: int
    fresh: tuple[np.random.Generator, np.random.Generator]


class KnockSound(Protocol):
    """The sound of knocks, of energy 1 each, on average if they differ."""

    @property
    def samples(self) -> int:
        """Length, in which it falls by 60 dB."""

    def reach(self, samples: int) -> int:
        """Samples from the beginning within which knocks must be known to make so many samples of sound."""

    def train(self, knocked: Knocked, samples: int, lead: int) -> Signal:
        """The sum of all knocks, shape (lead + samples,)."""


class Ringing:
    """Every knock is the same kernel.

    Args:
        kernel: Shape (k,), of energy 1.
    """

    def __init__(self, kernel: NDArray[np.float64]) -> None:
        self._response = ImpulseResponse(kernel)

    @property
    def samples(self) -> int:
        return self._response.taps.size

    def reach(self, samples: int) -> int:
        return whole_chunks(samples, self._response)

    def train(self, knocked: Knocked, samples: int, lead: int) -> Signal:
        early, length = self.samples + lead, self.reach(samples)
        places = knocked.places + early  # from one kernel before the lead
        inside = (places >= 0) & (places < length + early)
        clicks = np.bincount(places[inside], knocked.strengths[inside], length + early).astype(np.float64)
        return convolve_in_chunks(clicks, self._response, early)[self.samples : early + samples]


@dataclass(frozen=True)
class FreshNoise:
    """Every knock is a new draw of noise in octave bands, each of which decays: no two are the same.

    Attributes:
        sample_rate_hz: Samples a second.
        bands: For each: centre in Hz, level in dB at the start of the decay, time in s to fall by 60 dB. A band that
            reaches beyond the Nyquist frequency keeps its part below it.
        rise_s: Time in which a knock rises, along a raised cosine, before it decays.

    Example:
        >>> noise = FreshNoise(16000, ((500.0, 0.0, 0.03), (1000.0, -3.0, 0.02)), 0.002)
        >>> knocks = noise.draw(np.random.default_rng(1), 400)
        >>> knocks.shape, bool(abs(np.mean(np.sum(knocks**2, axis=1)) - 1) < 0.05)
        ((400, 512), True)
    """

    sample_rate_hz: int
    bands: tuple[tuple[float, float, float], ...]
    rise_s: float = 0.0

    @property
    def samples(self) -> int:
        longest = max(decay_s for _, _, decay_s in self.bands)
        return math.ceil((longest + self.rise_s) * self.sample_rate_hz)

    def reach(self, samples: int) -> int:
        return samples

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """So many knocks, shape (count, k); more of them begin with fewer."""
        batches = [self._batch(rng) for _ in range(math.ceil(count / BATCH))]
        return np.concatenate([np.zeros((0, self.samples)), *batches])[:count]

    def _batch(self, rng: np.random.Generator) -> NDArray[np.float64]:
        rate = self.sample_rate_hz
        # Bins at most 8 Hz apart, so that the lowest octaves hold several.
        size = 1 << math.ceil(math.log2(max(self.samples, rate / 8)))
        spectrum, frequency = scipy.fft.rfft(rng.standard_normal((BATCH, size)), axis=1), np.arange(size // 2 + 1)
        hz, out, energy = frequency * (rate / size), np.zeros((BATCH, self.samples)), 0.0
        for centre, level, decay_s in self.bands:
            low, high = centre / OCTAVE_EDGE, centre * OCTAVE_EDGE
            inside = (hz >= low) & (hz < high)
            # White noise of power 1 has the power 2/size in each bin, and the band width / (rate / size) of them:
            # divided by the root of 2 width / rate, a whole band has the power 1.
            noise = scipy.fft.irfft(spectrum * inside, size, axis=1)[:, : self.samples]
            envelope = self._envelope(decay_s)
            amplitude = 10 ** (level / 20)
            out += noise * (envelope * (amplitude / math.sqrt(2 * (high - low) / rate)))
            energy += float(np.sum(envelope * envelope)) * amplitude**2
        return np.asarray(out / math.sqrt(energy))

    def _envelope(self, decay_s: float) -> Signal:
        time, rise = np.arange(self.samples) / self.sample_rate_hz, self.rise_s
        fall = 10 ** (-3 * np.maximum(time - rise, 0) / decay_s)
        return fall if rise == 0 else fall * (0.5 - 0.5 * np.cos(np.pi * np.minimum(time / rise, 1)))

    def train(self, knocked: Knocked, samples: int, lead: int) -> Signal:
        out = np.zeros(lead + samples)
        parts = (slice(None, knocked.after), slice(knocked.after, None))
        for part, rng in zip(parts, knocked.fresh, strict=True):
            places, strengths = knocked.places[part] + lead, knocked.strengths[part]
            heard = (places > -self.samples) & (places < out.size)
            last = int(np.flatnonzero(heard)[-1]) + 1 if heard.any() else 0
            for first in range(0, last, BATCH):
                made = self._batch(rng)
                for n in np.flatnonzero(heard[first : first + BATCH]):
                    low, knock = int(places[first + n]), made[n] * strengths[first + n]
                    begin, end = max(low, 0), min(low + knock.size, out.size)
                    out[begin:end] += knock[begin - low : end - low]
        return out


@dataclass(frozen=True)
class Bank:
    """Sounds of which every knock has one, drawn at random.

    Attributes:
        sounds: Each of energy 1.
        shares: How often each is drawn, relative to the others.
        levels_db: Energy of each relative to the others.

    Example:
        >>> bank = Bank((Ringing(pulse_kernel(16000, [(900, 0, 0.02)])),))
        >>> bank.samples
        320
    """

    sounds: tuple[KnockSound, ...]
    shares: tuple[float, ...] = (1.0,)
    levels_db: tuple[float, ...] = (0.0,)

    @property
    def samples(self) -> int:
        """Length of the longest."""
        return max(sound.samples for sound in self.sounds)

    def gains(self) -> Signal:
        """Amplitude of each sound, such that the mean energy of a knock is 1."""
        share, energy = np.array(self.shares), 10 ** (np.array(self.levels_db) / 10)
        return np.asarray(np.sqrt(energy * np.sum(share) / np.sum(share * energy)))

    def chosen(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Index of the sound that each knock has."""
        if len(self.sounds) == 1:
            return np.zeros(count, dtype=np.int64)
        bounds = np.cumsum(self.shares)
        return np.searchsorted(bounds / bounds[-1], rng.random(count), side="right").astype(np.int64)


def ringing(sample_rate_hz: int, resonances: Sequence[tuple[float, float, float]]) -> Bank:
    """A bank of a single sound: see :func:`pulse_kernel`."""
    return Bank((Ringing(pulse_kernel(sample_rate_hz, resonances)),))
