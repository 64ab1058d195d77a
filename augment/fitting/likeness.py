"""What a noise sounds like in figures that can be held against those of another noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db
from augment.acoustics.portrait import band_centres_hz, third_octave_powers
from augment.acoustics.resample import resample
from augment.acoustics.spectrum import OCTAVE_EDGE, mean_density, weigh
from augment.fitting.glimpses import Voices, glimpses, snr_band_hz
from augment.fitting.spans import runs

HEARD_RATE_HZ = 16_000
"""Modulation, skewness and glimpses are those of what a recogniser hears: up to 8 kHz."""
FRAMES_S = (1.0, 0.5, 0.25, 0.1)
"""Lengths of a spectrum's frames: the first that most of the sound has room for."""
MOST = 0.8
ENVELOPE_FRAME_S, ENVELOPE_HOP_S = 0.008, 0.004
OCTAVES_HZ = (250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
"""Bands of the envelopes; the lowest begins at 100 Hz, the highest ends at half the rate."""
LOWEST_HZ = 100.0
MODULATIONS_HZ = tuple(2.0**k for k in range(-1, 7))
"""Centres of the octaves of the modulation spectrum."""
LONGEST_SWING_S = 8.0
LEAST_PERIODS = 1.5
"""Periods of a band's lower edge in a stretch: under a Hann window, the first bin beside 0 still holds what is at 0."""
FAINTEST_SWING_DB = -35.0
"""Below this, the variance re the squared mean, an envelope counts as steady: noise in a kHz swings more by itself."""
COMPRESSED = 0.15
"""Exponent of power, 0.3 of amplitude: envelopes as the ear has them (McDermott and Simoncelli, Neuron 71, 2011)."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """A stretch of a recording or of a synthesis, and which of its samples count.

    Attributes:
        samples: Shape (n,), full scale 1.0; of a recording as test sets use it, without infrasound.
        sample_rate_hz: Their rate.
        usable: Shape (n,): false where speech, handling or clipping are left out.
    """

    samples: Signal
    sample_rate_hz: int
    usable: NDArray[np.bool_]

    @classmethod
    def whole(cls, samples: Signal, sample_rate_hz: int) -> "Stretch":
        """All of whose samples count."""
        return cls(samples, sample_rate_hz, np.ones(samples.size, dtype=np.bool_))

    @property
    def seconds(self) -> float:
        """How much of it counts."""
        return float(np.count_nonzero(self.usable)) / self.sample_rate_hz

    def parts(self, count: int) -> list["Stretch"]:
        """Cut into parts with equal shares of the samples that count.

        Raises:
            ValueError: Fewer samples count than there are to be parts.

        Example:
            >>> usable = np.arange(8) >= 4
            >>> [part.samples.size for part in Stretch(np.zeros(8), 8000, usable).parts(2)]
            [6, 2]
        """
        (places,) = np.nonzero(self.usable)
        if places.size < count:
            raise ValueError(f"{places.size} samples that count cannot be cut into {count} parts")
        ends = [0, *(int(places[k * places.size // count]) for k in range(1, count)), self.samples.size]
        return [
            Stretch(self.samples[start:end], self.sample_rate_hz, self.usable[start:end])
            for start, end in pairwise(ends)
        ]


@dataclass(frozen=True, eq=False)
class Likeness:
    """Figures of a noise.

    Attributes:
        seconds: How much of it was looked at.
        level_dbov: Its level in 100-7000 Hz (300-3400 Hz below 16 kHz), to which a test set's SNR would bring it.
        centres_hz: Exact centres of the third octaves, 25 Hz to half the rate, shape (b,).
        third_octaves_db: Their levels re ``level_dbov``, shape (b,).
        octaves_db: Levels of the bands whose envelopes are looked at re the loudest of them, shape (o,).
        modulation_db: Variance of the power of each band re its squared mean, in octaves of modulation frequency from
            0.5 to 64 Hz, not below -35 dB, shape (o, 8); NaN where the sound is too short for it.
        skewness: Of the compressed envelope of each band, shape (o,): 0 is even, impacts have more than 1.
        glimpses: Share of cells in which speech stands out, at 0 and 10 dB SNR.
    """

    seconds: float
    level_dbov: float
    centres_hz: NDArray[np.float64]
    third_octaves_db: NDArray[np.float64]
    octaves_db: NDArray[np.float64]
    modulation_db: NDArray[np.float64]
    skewness: NDArray[np.float64]
    glimpses: tuple[float, ...]


def likeness(stretch: Stretch, speech: Voices) -> Likeness:
    """What a noise sounds like.

    Args:
        stretch: Of 8 kHz or more, with at least 0.1 s in one piece that counts.
        speech: What is laid over it, at :func:`heard_rate_hz` of its rate.

    Raises:
        ValueError: Too little of it counts, or it is silent where SNR is measured.

    Example:
        >>> from augment.fitting.glimpses import demo_voices
        >>> white = np.random.default_rng(1).standard_normal(32000)
        >>> seen = likeness(Stretch.whole(white, 16000), demo_voices(16000))
        >>> round(float(seen.third_octaves_db[20] - seen.third_octaves_db[10]))  # ten bands are a decade
        10
    """
    rate = stretch.sample_rate_hz
    frequency, density = _density(stretch)
    # A filter would carry what does not count into what does; a cut carries 43 dB less than the lowest rumble has.
    kept = np.where(stretch.usable, stretch.samples, 0.0)
    inside = weigh(kept, rate, snr_band_hz(rate))[stretch.usable]
    level = db(float(np.mean(inside * inside)))
    if not np.isfinite(level):
        raise ValueError("nothing of the noise lies in the band in which SNR is measured")
    heard_rate = heard_rate_hz(rate)
    heard = resample(kept, rate, heard_rate)
    nearest = np.minimum(np.arange(heard.size) * rate // heard_rate, stretch.usable.size - 1)
    usable = stretch.usable[nearest]
    envelopes = _envelopes(heard, heard_rate)
    places = runs(_counting(usable, heard_rate))
    if not places.size:
        raise ValueError(f"expected at least {FRAMES_S[-1]:g} s of usable noise in one piece")
    pieces = [envelopes[start:end] for start, end in places]
    counted = np.concatenate(pieces)
    means = np.mean(counted, axis=0)
    return Likeness(
        stretch.seconds,
        level,
        np.array(band_centres_hz(rate)),
        _db(third_octave_powers(frequency, density, rate)) - level,
        _db(means) - float(np.max(_db(means))),
        _modulation_db(pieces, means),
        _skewness(counted**COMPRESSED),
        glimpses(heard, usable, speech),
    )


def heard_rate_hz(sample_rate_hz: int) -> int:
    """Rate at which a noise of some rate is looked at for what a recogniser hears.

    Example:
        >>> heard_rate_hz(48000), heard_rate_hz(11025)
        (16000, 11025)
    """
    return min(HEARD_RATE_HZ, sample_rate_hz)


def _density(stretch: Stretch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean power density of what counts: frames that hold nothing else, as long as most of it has room for."""
    rate = stretch.sample_rate_hz
    for frame in (round(seconds * rate) for seconds in FRAMES_S):
        long = [(start, end) for start, end in runs(stretch.usable) if end - start >= frame]
        if long and sum(end - start for start, end in long) >= MOST * np.count_nonzero(stretch.usable):
            break
    if not long:
        raise ValueError(f"expected at least {FRAMES_S[-1]:g} s of usable noise in one piece")
    spectra = [mean_density(stretch.samples[start:end], rate, frame) for start, end in long]
    weights = np.array([end - start for start, end in long], dtype=np.float64)
    return spectra[0][0], np.average([density for _, density in spectra], axis=0, weights=weights)


def _envelopes(heard: Signal, rate: int) -> NDArray[np.float64]:
    """Power of each octave in frames of 8 ms every 4 ms, shape (k, o)."""
    size, hop = round(ENVELOPE_FRAME_S * rate), round(ENVELOPE_HOP_S * rate)
    framed = np.lib.stride_tricks.sliding_window_view(heard, size)[::hop]
    powers = np.abs(scipy.fft.rfft(framed * np.hanning(size + 1)[:-1], axis=1)) ** 2
    frequency = scipy.fft.rfftfreq(size, 1 / rate)
    centres = [centre for centre in OCTAVES_HZ if centre / OCTAVE_EDGE < rate / 2]
    lower = np.array([LOWEST_HZ, *(centre / OCTAVE_EDGE for centre in centres[1:])])
    upper = np.array([*lower[1:], np.inf])
    bands = [(frequency >= low) & (frequency < high) for low, high in zip(lower, upper, strict=True)]
    return np.stack([np.sum(powers[:, band], axis=1) for band in bands], axis=1)


def _counting(usable: NDArray[np.bool_], rate: int) -> NDArray[np.bool_]:
    """Which frames of the envelopes hold nothing that does not count, shape (k,)."""
    size, hop = round(ENVELOPE_FRAME_S * rate), round(ENVELOPE_HOP_S * rate)
    lost = np.concatenate([[0], np.cumsum(~usable)])
    starts = np.arange(0, usable.size - size + 1, hop)
    return np.asarray(lost[starts + size] == lost[starts])


def _modulation_db(pieces: Sequence[NDArray[np.float64]], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Modulation spectra, shape (o, 8): Welch's method on the power over its mean, in octaves."""
    size = min(round(LONGEST_SWING_S / ENVELOPE_HOP_S), max(piece.shape[0] for piece in pieces))
    window = np.hanning(size + 1)[:-1, None]
    total, count = np.zeros((size // 2 + 1, means.size)), 0
    for piece in pieces:
        for start in range(0, piece.shape[0] - size + 1, max(1, size // 2)):
            # A band without any power swings by nothing.
            swing = piece[start : start + size] / np.maximum(means, np.finfo(float).tiny) - (means > 0)
            total += np.abs(scipy.fft.rfft(swing * window, axis=0)) ** 2
            count += 1
    # Parseval, one-sided: the variance in a bin is 2 |X|^2 / (N sum w^2).
    variance = 2 * total / (count * size * float(np.sum(window * window)))
    width = 1 / (size * ENVELOPE_HOP_S)
    edges = (np.arange(size // 2 + 2) - 0.5) * width
    below = np.concatenate([np.zeros((1, means.size)), np.cumsum(variance, axis=0)])
    found = np.full((means.size, len(MODULATIONS_HZ)), np.nan)
    for place, centre in enumerate(MODULATIONS_HZ):
        if centre / OCTAVE_EDGE >= LEAST_PERIODS * width:
            for band in range(means.size):
                low, high = np.interp([centre / OCTAVE_EDGE, centre * OCTAVE_EDGE], edges, below[:, band])
                found[band, place] = max(db(float(high - low)), FAINTEST_SWING_DB)
    return found


def _skewness(envelopes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Third central moment over the cubed standard deviation, shape (o,); 0 where nothing changes."""
    away = envelopes - np.mean(envelopes, axis=0)
    spread = np.sqrt(np.mean(away * away, axis=0))
    return np.asarray(np.mean(away**3, axis=0) / np.where(spread > 0, spread, 1.0) ** 3)


def _db(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(powers, np.finfo(float).tiny)))
