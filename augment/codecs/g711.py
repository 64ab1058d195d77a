"""G.711: logarithmic PCM at 64 kb/s, the telephone network's own."""

from dataclasses import dataclass
from typing import Literal

from augment.codecs import Codec, Lost, Pcm, libsndfile


@dataclass(frozen=True)
class G711(Codec):
    """G.711 at 8 kHz, by libsndfile. Reference: ITU-T G.711 (11/88).

    Attributes:
        law: ``"a"`` (13-segment, most of the world) or ``"mu"`` (15-segment, North America and Japan).
        packet_ms: Duration of a packet.
    """

    law: Literal["a", "mu"]
    packet_ms: int = 20

    @property
    def rate_hz(self) -> int:
        """8000."""
        return 8000

    @property
    def packet_samples(self) -> int:
        """8 for each millisecond."""
        return 8 * self.packet_ms

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """To 8-bit code words and back."""
        subtype = "ALAW" if self.law == "a" else "ULAW"
        return libsndfile.read(libsndfile.write(pcm, 8000, "RAW", subtype), 8000, "RAW", subtype)
