"""A signal through a codec: without delay, of the same length, with lost packets."""

import math
from functools import cache

import numpy as np
import scipy

from augment.acoustics import Signal
from augment.acoustics.filters import correlation_delay_samples
from augment.acoustics.packet_loss import Concealment, conceal
from augment.acoustics.pcm import FULL_SCALE, headroom_gain, quantise
from augment.acoustics.resample import resample, resampled_length
from augment.codecs import Codec, Lost, Pcm

PROBE_S = 3.0
LONGEST_DELAY_S = 0.25
FINEST_HZ = 256000
NONE_LOST: Lost = np.zeros(0, dtype=np.bool_)


def probe(rate_hz: int) -> Signal:
    """A voice made by formula: a gliding pitch and three gliding resonances, in syllables. Peak 0.25.

    Args:
        rate_hz: Samples a second, at least 8000.

    Example:
        >>> voice = probe(8000)
        >>> voice.shape, round(float(abs(voice).max()), 6)
        ((24000,), 0.25)
    """
    time = np.arange(round(PROBE_S * rate_hz)) / rate_hz
    pitch_hz = 125 + 35 * np.sin(2 * np.pi * 0.6 * time)
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
    return np.asarray(0.25 * voice / np.max(np.abs(voice)))


def delay_between(before: Signal, after: Signal, rate_hz: int) -> float:
    """Samples by which one signal comes later than another.

    Cross-correlation in 400-3000 Hz with a partly whitened spectrum (generalised cross-correlation): what a codec does
    to the phase of the lowest and highest frequencies has no say.

    Args:
        before: Shape (n,).
        after: Shape (m,).
        rate_hz: Samples a second.

    Returns:
        To a fraction of a sample: in steps of at most 4 microseconds.

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


@cache
def delay_samples(codec: Codec) -> int:
    """Delay of a codec with its settings, measured once with :func:`probe`, to the nearest sample; 0 or more.

    Example:
        >>> from augment.codecs.g711 import G711
        >>> delay_samples(G711("mu"))
        0
    """
    return max(0, round(measured_delay(codec)))


def measured_delay(codec: Codec) -> float:
    """Delay of a codec in samples, as :func:`delay_between` finds it on the probe."""
    voice = probe(codec.rate_hz)
    sent = _whole_packets(quantise(voice)[0], codec, math.ceil(LONGEST_DELAY_S * codec.rate_hz))
    return delay_between(voice, codec.run(sent, NONE_LOST).astype(np.float64), codec.rate_hz)


def packet_count(codec: Codec, samples: int) -> int:
    """Packets that carry a signal of so many samples, with the codec's delay behind it.

    Example:
        >>> from augment.codecs.gsm_fr import GsmFr
        >>> packet_count(GsmFr(), 161)
        2
    """
    return math.ceil((samples + delay_samples(codec)) / codec.packet_samples)


def packets_of(codec: Codec, samples: int, sample_rate_hz: int) -> int:
    """Packets that carry a signal of another rate.

    Example:
        >>> from augment.codecs.gsm_fr import GsmFr
        >>> packets_of(GsmFr(), 16000, 16000)
        50
    """
    return packet_count(codec, resampled_length(samples, sample_rate_hz, codec.rate_hz))


def _whole_packets(pcm: Pcm, codec: Codec, behind: int) -> Pcm:
    """With silence behind, up to a whole number of packets."""
    packets = math.ceil((pcm.size + behind) / codec.packet_samples)
    return np.pad(pcm, (0, packets * codec.packet_samples - pcm.size))


def transmit(codec: Codec, pcm: Pcm, lost: Lost = NONE_LOST, concealment: Concealment = "repeat") -> Pcm:
    """Code, lose packets, decode, take the delay out.

    Args:
        codec: The codec with its settings.
        pcm: At the codec's rate, shape (n,).
        lost: For each of :func:`packet_count` packets whether it is lost.
        concealment: What stands in for a lost packet where the codec's decoder has nothing of its own. Its decoder
            then runs on as if nothing had been lost, and the samples of the lost packets are replaced behind it.

    Returns:
        Shape (n,).

    Example:
        >>> from augment.codecs.g711 import G711
        >>> transmit(G711("mu"), np.array([0, 1000, -1000], dtype=np.int16)).tolist()
        [0, 988, -988]
    """
    delay = delay_samples(codec)
    decoded = codec.run(_whole_packets(pcm, codec, delay + codec.packet_samples), lost)
    assert decoded.size >= delay + pcm.size, "every codec gives back what it was given"
    if lost.any() and not codec.conceals:
        decoded = conceal(decoded, lost, codec.packet_samples, concealment)
    return decoded[delay : delay + pcm.size]


def carry(
    codec: Codec, signal: Signal, sample_rate_hz: int, lost: Lost = NONE_LOST, concealment: Concealment = "repeat"
) -> Signal:
    """A signal of any rate through a codec and back to its own rate, without delay.

    Band-limiting to the codec's rate can raise a peak above full scale. Such a signal is sent a little softer and
    raised again by as much behind the decoder: what a coder is handed never clips.

    Args:
        codec: The codec with its settings.
        signal: Shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second of the signal.
        lost: For each of :func:`packets_of` packets whether it is lost.
        concealment: See :func:`transmit`.

    Returns:
        Shape (n,).

    Raises:
        ValueError: A sample is not finite.

    Example:
        >>> from augment.codecs.g711 import G711
        >>> carry(G711("a"), np.zeros(480), 48000).shape
        (480,)
    """
    band = resample(signal, sample_rate_hz, codec.rate_hz)
    gain = headroom_gain(band)
    heard = transmit(codec, quantise(band * gain)[0], lost, concealment) / (FULL_SCALE * gain)
    back = resample(heard, codec.rate_hz, sample_rate_hz)[: signal.size]
    return np.pad(back, (0, signal.size - back.size))
