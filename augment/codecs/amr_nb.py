"""AMR narrow band: algebraic CELP at 4.75-12.2 kb/s, mobile telephones of the second and third generation."""

from dataclasses import dataclass
from typing import ClassVar

from augment.codecs import Codec, Lost, Pcm, pyav

MODES_KBPS = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)
NO_DATA = b"\x7c"
"""A frame of type 15, "no data": the one-octet header of RFC 4867, 5.3, with nothing behind it."""


@dataclass(frozen=True)
class AmrNb(Codec):
    """AMR-NB at 8 kHz, by OpenCORE in FFmpeg; no discontinuous transmission. Reference: 3GPP TS 26.071, 26.090.

    A lost frame reaches the decoder as "no data"; its own concealment repeats, and fades to silence in about 0.2 s.

    Attributes:
        kbps: One of :data:`MODES_KBPS`.
    """

    pyav: ClassVar = (("libopencore_amrnb", "w"), ("libopencore_amrnb", "r"))
    conceals: ClassVar = True
    kbps: float

    @property
    def rate_hz(self) -> int:
        """8000."""
        return 8000

    @property
    def packet_samples(self) -> int:
        """160: frames of 20 ms."""
        return 160

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """To frames and back."""
        rate = {"b": str(round(1000 * self.kbps))}
        packets, _ = pyav.encode("libopencore_amrnb", pcm, 8000, 160, rate)
        return pyav.decode("libopencore_amrnb", pyav.with_lost(packets, lost, lambda _: NO_DATA), 8000, {})
