"""Glimpses: how much of speech can be seen through a noise.

Of the figures of a noise that were tried, the share of time and frequency in which speech stands out of it foretells a
recogniser's word error rate best.

Reference: M. Cooke, "A glimpsing model of speech perception in noise", JASA 119 (2006), 1562-1573: 3 dB local SNR.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db, speech_level
from augment.acoustics.mel import BANDS, FRAME_S, HOP_S, frame_starts, mel_powers
from augment.acoustics.spectrum import weigh
from augment.profiles.demo_speech import demo_speech

SNRS_DB = (0.0, 10.0)
LOCAL_DB = 3.0
"""How far speech must exceed the noise in a cell to be seen in it."""
PLACE_S = 3.0
"""As long as an utterance: in each such stretch of the noise its level is measured anew, as in a test set."""
MOST_PLACES = 24
WIDE_HZ, NARROW_HZ = (100.0, 7000.0), (300.0, 3400.0)
"""In which SNR is measured where a recipe does not say otherwise: from 16 kHz on, and below."""


def snr_band_hz(sample_rate_hz: int) -> tuple[float, float]:
    """Band of both levels of an SNR, as a recipe of this rate has it.

    Example:
        >>> snr_band_hz(8000)
        (300.0, 3400.0)
    """
    return WIDE_HZ if sample_rate_hz >= 16_000 else NARROW_HZ


@dataclass(frozen=True, eq=False)
class Voices:
    """Speech that is laid over noises.

    Attributes:
        utterances: Samples of each, shape (n,): at least one, in each of which active speech is found (ITU-T P.56).
        sample_rate_hz: Their rate, which that of the noise must equal.
    """

    utterances: Sequence[Signal]
    sample_rate_hz: int

    @cached_property
    def levels_db(self) -> NDArray[np.float64]:
        """Level of each cell re the active level of its utterance, sorted in each band, shape (bands, cells)."""
        rate, cells = self.sample_rate_hz, list[NDArray[np.float64]]()
        for utterance in self.utterances:
            active = speech_level(weigh(utterance, rate, snr_band_hz(rate)), rate).active_level_dbov
            cells.append(_in_db(mel_powers(utterance, rate)) - active)
        return np.sort(np.concatenate(cells).T, axis=1)


@lru_cache(maxsize=4)
def demo_voices(sample_rate_hz: int) -> Voices:
    """An utterance of each of the demo's twelve voices, at a wanted rate.

    Example:
        >>> demo_voices(8000).levels_db.shape
        (40, 3761)
    """
    return Voices(demo_speech(sample_rate_hz), sample_rate_hz)


def glimpses(
    noise: Signal, usable: NDArray[np.bool_], speech: Voices, snrs_db: Sequence[float] = SNRS_DB
) -> tuple[float, ...]:
    """Share of mel cells in which speech stands out of a noise by 3 dB, for each SNR.

    The SNR is the active speech level of ITU-T P.56 less the RMS level of the noise, both in 100-7000 Hz (300-3400 Hz
    below 16 kHz), and holds in each of up to 24 stretches of the noise, each of three seconds. In a stretch every frame
    of speech meets every frame of the noise: the two know nothing of each other, so that this is what comes out on
    average over all ways of laying one over the other, and no chance is left in it.

    Args:
        noise: At the speech's rate, shape (n,).
        usable: Which samples of the noise count, shape (n,).
        speech: What is laid over it.
        snrs_db: Signal-to-noise ratios in dB.

    Returns:
        A share from 0 to 1 for each SNR.

    Raises:
        ValueError: No whole frame is usable, or nothing of the noise lies in the band of the SNR.

    Example:
        Pauses let more of the speech through than a steady noise of the same level does:

        >>> speech = demo_voices(8000)
        >>> steady = np.random.default_rng(1).standard_normal(24000)
        >>> gated = steady * (np.arange(24000) % 8000 < 4000)
        >>> seen = [glimpses(noise, np.ones(24000, np.bool_), speech, (0.0,))[0] for noise in (steady, gated)]
        >>> seen[1] > seen[0] + 0.1
        True
    """
    rate = speech.sample_rate_hz
    kept = _whole_frames(usable, rate)
    if not kept.any():
        raise ValueError(f"expected at least {FRAME_S:g} s of usable noise in one piece")
    cells = _in_db(mel_powers(noise, rate)[kept])
    loud = weigh(noise, rate, snr_band_hz(rate)) ** 2
    sums = np.concatenate([[0.0], np.cumsum(loud)])
    starts = frame_starts(noise.size, rate)[kept]
    own = (sums[starts + round(FRAME_S * rate)] - sums[starts]) / round(FRAME_S * rate)
    if np.sum(own) <= 0:
        raise ValueError("nothing of the noise lies in the band in which SNR is measured")
    wide = min(round(PLACE_S / HOP_S), own.size)
    count = min(MOST_PLACES, -(-2 * own.size // wide) - 1)
    begins = np.unique(np.linspace(0, own.size - wide, max(1, count)).round().astype(np.int64))
    levels = [db(float(np.mean(own[begin : begin + wide]))) for begin in begins]
    heard = [(begin, level) for begin, level in zip(begins, levels, strict=True) if np.isfinite(level)]
    laid = np.concatenate([cells[begin : begin + wide] - level for begin, level in heard])
    return tuple(_share(laid, speech, snr_db) for snr_db in snrs_db)


def _share(cells_db: NDArray[np.float64], speech: Voices, snr_db: float) -> float:
    """Share of pairs of cells, over all bands, in which the speech is higher; noise of level 0, shape (k, bands)."""
    hidden = 0.0
    for band in range(BANDS):
        least = cells_db[:, band] + LOCAL_DB - snr_db
        hidden += float(np.mean(np.searchsorted(speech.levels_db[band], least, side="right")))
    return 1 - hidden / float(BANDS * speech.levels_db.shape[1])


def _whole_frames(usable: NDArray[np.bool_], sample_rate_hz: int) -> NDArray[np.bool_]:
    """Which frames are usable from end to end, shape (k,)."""
    size, starts = round(FRAME_S * sample_rate_hz), frame_starts(usable.size, sample_rate_hz)
    lost = np.concatenate([[0], np.cumsum(~usable)])
    return np.asarray(lost[starts + size] == lost[starts])


def _in_db(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Levels of powers; digital silence is as soft as can be, and in it everything can be seen."""
    return np.asarray(10 * np.log10(np.maximum(powers, np.finfo(float).tiny)))
