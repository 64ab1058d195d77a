"""How the channels of a recording are related."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.bounds import MOST_CHANNELS

ChannelChoice = int | Literal["mix"] | None
"""Which channel of a file is heard: its number, from 0; ``mix`` for the mean of all; None where nothing is chosen."""
Channels = NDArray[np.float64]
"""Samples of several channels, shape (n, c), full scale 1.0."""

SILENT_DB = 60.0
"""A channel this far below the strongest counts as silent."""
NEAR_DB = 6.0
RESIDUE_DB = 20.0
"""Channels are the same if subtracting one, at the best gain, from the other leaves a residue this far below it.

Two copies of a signal that went through a lossy codec pass this test; two microphones in a room fail it.
"""
MOST_DELAY_S = 0.01
DELAY_SEEN_S = 10.0
LEAST_CORRELATION = 0.9


def channel_text(choice: ChannelChoice) -> str | None:
    """A choice as it is written in tables.

    Example:
        >>> channel_text(1), channel_text("mix"), channel_text(None)
        ('1', 'mix', None)
    """
    return None if choice is None else str(choice)


def channel_of(text: str | None) -> ChannelChoice:
    """The choice that a table's text stands for.

    Raises:
        ValueError: The text stands for no channel.

    Example:
        >>> channel_of("1"), channel_of("mix"), channel_of(None)
        (1, 'mix', None)
    """
    if text is None or text == "mix":
        return text  # type: ignore[return-value]  # mypy does not narrow a text to a literal
    if not (text.isascii() and text.isdigit() and int(text) < MOST_CHANNELS):
        raise ValueError(f"expected a channel, from 0, or mix, found '{text}'")
    return int(text)


class Relation(Enum):
    """How channels are related."""

    ALONE = "one of them has sound"
    SAME = "they are the same but for their level"
    INVERTED = "they are the same with opposite polarity"
    DIFFERENT = "they differ"


@dataclass
class Comparison:
    """Comparison of the channels of a recording that is read block by block.

    Attributes:
        channels: How many there are.
        sample_rate_hz: Samples a second.
        frames: How many have been taken.

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
        """Take the next frames, shape (n, c)."""
        if self.frames < DELAY_SEEN_S * self.sample_rate_hz:
            self._seen.append(block.copy())
        self.frames += len(block)
        self._sums += np.sum(block, axis=0)
        self._products += np.einsum("ni,nj->ij", block, block)

    @property
    def energies(self) -> NDArray[np.float64]:
        """Energy of each channel without its mean, shape (c,)."""
        # Rounding may leave a channel of nothing but its mean slightly below zero.
        return np.maximum(np.diag(self._covariance()), 0.0)

    def _covariance(self) -> NDArray[np.float64]:
        # sum (x - mean x)(y - mean y) = sum x y - sum x sum y / n
        return self._products - np.outer(self._sums, self._sums) / max(1, self.frames)

    def _sounding(self) -> NDArray[np.int64]:
        energies = self.energies
        return np.flatnonzero(energies > float(np.max(energies)) * 10 ** (-SILENT_DB / 10))

    @property
    def chosen(self) -> int:
        """The first channel that is at most 6 dB below the strongest."""
        energies = self.energies
        return int(np.flatnonzero(energies >= float(np.max(energies)) * 10 ** (-NEAR_DB / 10))[0])

    @property
    def relation(self) -> Relation:
        """How the channels are related; if all are silent, they are the same."""
        sounding = self._sounding()
        if sounding.size == 1:
            return Relation.ALONE
        if sounding.size == 0:
            return Relation.SAME
        covariance, reference = self._covariance(), self.chosen
        energies = np.diag(covariance)
        cosine = covariance[reference, sounding] / np.sqrt(energies[reference] * energies[sounding])
        # With g = <r,x> / <r,r> the residue x - g r is smallest, and has (1 - cosine^2) of the energy of x.
        if not (1 - cosine**2 <= 10 ** (-RESIDUE_DB / 10)).all():
            return Relation.DIFFERENT
        return Relation.INVERTED if (cosine < 0).any() else Relation.SAME

    @property
    def delay_s(self) -> float | None:
        """Delay in s of the second channel with sound relative to the first; None where they do not share one sound.

        In whole samples, up to 10 ms; the normalised cross-correlation of the first 10 s must reach 0.9.
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
