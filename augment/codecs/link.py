"""The link around a codec: packets may be lost, and the delay is removed, so that length and timing stay."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import scipy

from augment.acoustics import Signal
from augment.acoustics.filters import correlation_delay_samples
from augment.acoustics.packet_loss import Concealment, conceal
from augment.acoustics.pcm import FULL_SCALE, headroom_gain, quantise
from augment.acoustics.resample import resample, resampled_length
from augment.codecs import Lost, Pcm

PROBE_S = 3.0
LONGEST_DELAY_S = 0.25
FINEST_HZ = 256000
"""Least rate to which a correlation is interpolated: steps of 1/256000 s, 3.9 microseconds."""
NONE_LOST: Lost = np.zeros(0, dtype=np.bool_)


@cache
def probe(rate_hz: int) -> Signal:
    """A synthetic voice: gliding pitch, three gliding resonances, three syllables a second. Peak 0.25.

    Args:
        rate_hz: Samples a second, at least 8000.

    Example:
        >>> voice = probe(8000)
        >>> voice.shape, round(float(abs(voice).max()), 6)
        ((24000,), 0.25)
    """
    time = np.arange(round(PROBE_S * rate_hz)) / rate_hz
    pitch_hz = 125 + 35 * np.sin(2 * np.pi * 0.6 * time)
    # The integral of 2 pi times the pitch, in closed form.
    phase = 2 * np.pi * 125 * time + 35 / 0.6 * (1 - np.cos(2 * np.pi * 0.6 * time))
    resonances = (
        (1.0, 600 + 200 * np.sin(2 * np.pi * 1.3 * time)),
        (0.7, 1500 + 500 * np.sin(2 * np.pi * 0.9 * time)),
        (0.5, 2500 + 200 * np.sin(2 * np.pi * 0.7 * time)),
    )
    voice = np.zeros(time.size)
    for harmonic in range(1, 24):
        frequency = harmonic * pitch_hz
        strength = sum(weight / (1 + ((frequency - centre) / 150) ** 2) for weight, centre in resonances)
        voice += strength * (frequency < 3400) * np.cos(harmonic * phase)
    voice *= np.sin(np.pi * 3 * time) ** 2
    voice = np.asarray(0.25 * voice / np.max(np.abs(voice)))
    voice.flags.writeable = False  # it is kept
    return voice


def delay_between(before: Signal, after: Signal, rate_hz: int) -> float:
    """Samples by which one signal lags another.

    Generalised cross-correlation in 400-3000 Hz with a partly whitened spectrum: what a codec does to the phase of the
    lowest and highest frequencies does not count.

    Args:
        before: Shape (n,).
        after: Shape (m,).
        rate_hz: Samples a second.

    Returns:
        The lag, in steps of at most 4 microseconds.

    Reference: Knapp and Carter, "The generalized correlation method for estimation of time delay", 1976.

    Example:
        >>> voice = probe(8000)
        >>> delay_between(voice, np.pad(voice, (7, 0)), 8000)
        7.0
    """
    finer = math.ceil(FINEST_HZ / rate_hz)
    size = scipy.fft.next_fast_len(before.size + after.size, real=True)
    cross = np.conj(scipy.fft.rfft(before, size)) * scipy.fft.rfft(after, size)
    return correlation_delay_samples(cross, size, rate_hz, finer)


class Codec(Protocol):
    """A codec with its settings, hashable. It may depend on the sample rate of the test set."""

    @property
    def conceals(self) -> bool:
        """Whether its own decoder fills the places of lost packets."""

    def rate_hz(self, sample_rate_hz: int) -> int:
        """Rate at which it works."""

    def packet_samples(self, sample_rate_hz: int) -> int:
        """Samples in one packet, at that rate."""

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        """Code and decode, with the codec's delay.

        Args:
            pcm: At the codec's rate, whole packets, shape (packets * packet_samples,).
            lost: For each packet whether it is lost; only codecs that conceal heed it. It may be shorter than the
                signal: the rest arrives.
            sample_rate_hz: Samples a second of the test set.

        Returns:
            At most one packet less than it was given, starting with the codec's delay.
        """


@dataclass(frozen=True)
class Link:
    """A codec as the signals of a test set pass through it.

    Attributes:
        codec: The codec with its settings.
        sample_rate_hz: Samples a second of the test set.
    """

    codec: Codec
    sample_rate_hz: int

    @property
    def rate_hz(self) -> int:
        return self.codec.rate_hz(self.sample_rate_hz)

    @property
    def packet_samples(self) -> int:
        return self.codec.packet_samples(self.sample_rate_hz)

    @property
    def delay_samples(self) -> int:
        """The codec's delay at its rate, measured once with :func:`probe`, to the nearest sample; 0 or more."""
        return _delay_samples(self)

    def measured_delay(self) -> float:
        """Delay of the codec in samples, as :func:`delay_between` finds it on the probe."""
        voice = probe(self.rate_hz)
        heard = self._run(quantise(voice)[0], math.ceil(LONGEST_DELAY_S * self.rate_hz), NONE_LOST)
        return delay_between(voice, heard.astype(np.float64), self.rate_hz)

    def packet_count(self, samples: int) -> int:
        """Packets for ``samples`` at the codec's rate, followed by its delay."""
        return math.ceil((samples + self.delay_samples) / self.packet_samples)

    def packets_of(self, samples: int) -> int:
        """Packets for ``samples`` at the rate of the test set."""
        return self.packet_count(resampled_length(samples, self.sample_rate_hz, self.rate_hz))

    def transmit(self, pcm: Pcm, lost: Lost = NONE_LOST, concealment: Concealment = "repeat") -> Pcm:
        """Code, lose packets, decode, and remove the delay.

        Args:
            pcm: At the codec's rate, shape (n,).
            lost: For each of :meth:`packet_count` packets whether it is lost.
            concealment: What takes the place of a lost packet if the decoder has no concealment of its own. The decoder
                then runs as if nothing had been lost, and the samples of lost packets are replaced in its output.

        Returns:
            Shape (n,).
        """
        delay = self.delay_samples
        decoded = self._run(pcm, delay + self.packet_samples, lost)
        assert decoded.size >= delay + pcm.size, "every codec gives back what it was given"
        if lost.any() and not self.codec.conceals:
            decoded = conceal(decoded, lost, self.packet_samples, concealment)
        return decoded[delay : delay + pcm.size]

    def carry(self, signal: Signal, lost: Lost = NONE_LOST, concealment: Concealment = "repeat") -> Signal:
        """Pass a signal of the test set through the codec and back to its own rate, without delay.

        Band-limiting to the codec's rate can raise a peak above full scale. Such a signal is sent a little softer and
        raised again after the decoder: the input of a coder never clips.

        Args:
            signal: Shape (n,), full scale 1.0.
            lost: For each of :meth:`packets_of` packets whether it is lost.
            concealment: See :meth:`transmit`.

        Returns:
            Shape (n,).

        Raises:
            ValueError: A sample is not finite.
        """
        band = resample(signal, self.sample_rate_hz, self.rate_hz)
        gain = headroom_gain(band)
        heard = self.transmit(quantise(band * gain)[0], lost, concealment) / (FULL_SCALE * gain)
        back = resample(heard, self.rate_hz, self.sample_rate_hz)[: signal.size]
        return np.pad(back, (0, signal.size - back.size))

    def _run(self, pcm: Pcm, behind: int, lost: Lost) -> Pcm:
        """Output of the decoder for samples followed by ``behind`` of silence, and more up to a whole packet."""
        packets = math.ceil((pcm.size + behind) / self.packet_samples)
        sent = np.pad(pcm, (0, packets * self.packet_samples - pcm.size))
        return self.codec.run(sent, lost, self.sample_rate_hz)


@cache
def _delay_samples(link: Link) -> int:
    return max(0, round(link.measured_delay()))
