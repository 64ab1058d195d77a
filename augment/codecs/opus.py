"""Opus: the codec of voice over the internet."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from augment.codecs import Codec, Lost, Pcm, pyav

BANDWIDTHS_HZ = (4000, 6000, 8000, 12000, 20000)
"""Narrow, medium, wide, super-wide and full band."""


@dataclass(frozen=True)
class Opus(Codec):
    """Opus at a constant bit rate, frames of 20 ms, by libopus in FFmpeg. Reference: RFC 6716.

    A lost packet reaches the decoder as its first octet alone with a frame count of one, that is a frame of no
    length; the decoder's own concealment then goes on with what there was and fades where it was speech. In-band
    redundancy (FEC) is off.

    Attributes:
        kbps: 6 to 128.
        application: ``"voip"`` (high-pass, formants emphasised) or ``"audio"``.
        bandwidth_hz: The highest that the coder may choose, one of :data:`BANDWIDTHS_HZ`.
    """

    pyav: ClassVar = (("libopus", "w"), ("libopus", "r"))
    conceals: ClassVar = True
    kbps: int
    application: Literal["voip", "audio"]
    bandwidth_hz: int = 20000

    @property
    def rate_hz(self) -> int:
        """48000, whatever bandwidth is coded."""
        return 48000

    @property
    def packet_samples(self) -> int:
        """960: frames of 20 ms."""
        return 960

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """To packets and back."""
        options = {
            "b": str(1000 * self.kbps),
            "application": self.application,
            "cutoff": str(self.bandwidth_hz),
            "vbr": "off",
            "frame_duration": "20",
        }
        packets, _ = pyav.encode("libopus", pcm, 48000, 960, options)
        # The two lowest bits count the frames; a packet of other than one frame cannot end behind its first octet.
        arrived = pyav.with_lost(packets, lost, lambda sent: bytes([sent[0] & 0xFC]))
        return pyav.decode("libopus", arrived, 48000, {})
