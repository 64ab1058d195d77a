"""G.722: two sub-bands of ADPCM at 64 kb/s, the wideband codec of desk telephones."""

from dataclasses import dataclass
from typing import ClassVar

from augment.codecs import Codec, Lost, Pcm, pyav


@dataclass(frozen=True)
class G722(Codec):
    """G.722 at 16 kHz in its 64 kb/s mode, by FFmpeg. Reference: ITU-T G.722 (09/2012).

    Attributes:
        packet_ms: Duration of a packet.
    """

    pyav: ClassVar = (("g722", "w"), ("g722", "r"))
    packet_ms: int = 20

    @property
    def rate_hz(self) -> int:
        """16000."""
        return 16000

    @property
    def packet_samples(self) -> int:
        """16 for each millisecond."""
        return 16 * self.packet_ms

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """Two samples to one octet and back."""
        packets, _ = pyav.encode("g722", pcm, 16000, self.packet_samples, {})
        return pyav.decode("g722", packets, 16000, {})
