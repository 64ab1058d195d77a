"""mSBC: wideband speech of Bluetooth headsets."""

from dataclasses import dataclass
from typing import ClassVar

from augment.codecs import Codec, Lost, Pcm, pyav


@dataclass(frozen=True)
class Msbc(Codec):
    """mSBC at 16 kHz, 60.8 kb/s, by FFmpeg. Reference: Bluetooth Hands-Free Profile 1.6, appendix A."""

    pyav: ClassVar = (("sbc", "w"), ("sbc", "r"))

    @property
    def rate_hz(self) -> int:
        """16000."""
        return 16000

    @property
    def packet_samples(self) -> int:
        """120: one frame of 7.5 ms in each packet."""
        return 120

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """To frames of 57 octets and back."""
        packets, _ = pyav.encode("sbc", pcm, 16000, 120, {"msbc": "1"})
        return pyav.decode("sbc", packets, 16000, {})
