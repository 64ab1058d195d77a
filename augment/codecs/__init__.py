"""Speech and audio codecs: samples in, what the far end hears out. One file for each path through a codec.

Coders and decoders are those of libsndfile and of FFmpeg (through PyAV, the extra ``codecs``), and one of our own
(CVSD). Everything stays in memory. A coder and its decoder are made for one signal and thrown away.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""16-bit samples, shape (n,)."""
Lost = NDArray[np.bool_]
"""For each packet whether it is lost, shape (packets,)."""


class Codec(ABC):
    """A codec with its settings: a frozen record.

    Attributes:
        pyav: Coders ("w") and decoders ("r") that PyAV must offer; none for a codec that needs no extra.
        conceals: Whether its own decoder fills the place of lost packets.
    """

    pyav: ClassVar[tuple[tuple[str, str], ...]] = ()
    conceals: ClassVar[bool] = False

    @property
    @abstractmethod
    def rate_hz(self) -> int:
        """Samples a second on both sides."""

    @property
    @abstractmethod
    def packet_samples(self) -> int:
        """Samples in one packet."""

    @abstractmethod
    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """Code and decode, with the codec's delay.

        Args:
            pcm: Whole packets, shape (packets * packet_samples,).
            lost: Packets that do not arrive, for a codec that conceals; the others take no notice of it. It may be
                shorter than the signal: the rest arrives.

        Returns:
            At least as many samples less one packet, starting with the codec's delay.
        """
