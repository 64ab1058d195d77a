"""What the channels of a recording have to do with each other."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

ChannelChoice = int | Literal["mix"] | None
"""Which channel of a file is heard: one, from 0; ``mix`` for the mean of all; None where nobody says it."""
Channels = NDArray[np.float64]
"""Samples of several channels, shape (n, c), full scale 1.0."""

SILENT_DB = 60.0
"""A channel so far below the strongest one holds no sound."""
NEAR_DB = 6.0
RESIDUE_DB = 20.0
"""Channels are the same when what is left of one, after the other is taken out with the best gain, is so far below it.

Two copies of a signal that went through a lossy codec pass, two microphones in a room do not, whoever speaks.
"""
MOST_DELAY_S = 0.01
DELAY_SEEN_S = 10.0
LEAST_CORRELATION = 0.9


class Relation(Enum):
    """How channels are related."""

    ALONE = "one of them has sound"
    SAME = "they are the same but for their level"
    INVERTED = "they are the same with opposite polarity"
    DIFFERENT = "they differ"


@dataclass
class Comparison:
    """Channels compared while they pass by in blocks.

    Attributes:
        channels: How many.
        sample_rate_hz: Of them.

    Example:
        >>> sound = np.random.default_rng(1).standard_normal(8000)
        >>> pair = Comparison(2, 8000)
        >>> pair.take(np.stack([sound, -0.5 * sound], axis=1))
        >>> pair.relation, pair.chosen
        (<Relation.INVERTED: 'they are the same with opposite polarity'>, 0)
    """

    channels: int
    sample_rate_hz: int
    frames: int = 0
    _sums: NDArray[np.float64] = field(init=False, repr=False)
    _products: NDArray[np.float64] = field(init=False, repr=False)
    _seen: list[Channels] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._sums = np.zeros(self.channels)
        self._products = np.zeros((self.channels, self.channels))

    def take(self, block: Channels) -> None:
        """The next frames, shape (n, c)."""
        if self.frames < DELAY_SEEN_S * self.sample_rate_hz:
            self._seen.append(block.copy())
        self.frames += len(block)
        self._sums += np.sum(block, axis=0)
        self._products += np.einsum("ni,nj->ij", block, block)

    @property
    def energies(self) -> NDArray[np.float64]:
        """Energy of each channel without its mean, shape (c,)."""
        return np.maximum(np.diag(self._covariance()), 0.0)

    def _covariance(self) -> NDArray[np.float64]:
        return self._products - np.outer(self._sums, self._sums) / max(1, self.frames)

    def _sounding(self) -> NDArray[np.int64]:
        energies = self.energies
        return np.flatnonzero(energies > float(np.max(energies)) * 10 ** (-SILENT_DB / 10))

    @property
    def chosen(self) -> int:
        """The first channel that is not more than 6 dB below the strongest one."""
        energies = self.energies
        return int(np.flatnonzero(energies >= float(np.max(energies)) * 10 ** (-NEAR_DB / 10))[0])

    @property
    def relation(self) -> Relation:
        """How they are related; all of them silent counts as the same."""
        sounding = self._sounding()
        if sounding.size == 1:
            return Relation.ALONE
        if sounding.size == 0:
            return Relation.SAME
        covariance, reference = self._covariance(), self.chosen
        energies = np.diag(covariance)
        cosine = covariance[reference, sounding] / np.sqrt(energies[reference] * energies[sounding])
        if not (1 - cosine**2 <= 10 ** (-RESIDUE_DB / 10)).all():
            return Relation.DIFFERENT
        return Relation.INVERTED if (cosine < 0).any() else Relation.SAME

    @property
    def delay_s(self) -> float | None:
        """Delay of the second sounding channel behind the first in s; None where they do not have one sound in common.

        Whole samples up to 10 ms, where the normalised cross-correlation of the first 10 s reaches 0.9.
        """
        sounding = self._sounding()
        if sounding.size < 2 or not self._seen:
            return None
        first, second = (np.concatenate([block[:, c] for block in self._seen]) for c in sounding[:2])
        size = scipy.fft.next_fast_len(2 * first.size, real=True)
        spectra = [scipy.fft.rfft(signal - np.mean(signal), size) for signal in (first, second)]
        cross = scipy.fft.irfft(np.conj(spectra[0]) * spectra[1], size)
        most = min(round(MOST_DELAY_S * self.sample_rate_hz), first.size - 1)
        near = np.concatenate([cross[-most:], cross[: most + 1]]) if most else cross[:1]
        place = int(np.argmax(np.abs(near)))
        norm = float(np.sqrt(np.prod([np.sum((s - np.mean(s)) ** 2) for s in (first, second)])))
        if norm == 0 or abs(float(near[place])) < LEAST_CORRELATION * norm:
            return None
        return (place - most) / self.sample_rate_hz
