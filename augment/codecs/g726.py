"""G.726: adaptive differential PCM at 16-40 kb/s, the codec of cordless telephones and trunk lines."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from augment.codecs import Codec, Lost, Pcm, pyav


def saturated(heard: Pcm, sent: Pcm) -> Pcm:
    """Samples of a decoder that lets what exceeds 16 bits wrap around, limited as the standard wants it.

    FFmpeg's decoder limits to 17 bits and keeps 16. What came out more than half of the whole range away from what
    was sent has wrapped; the decoder's own state has not.

    Args:
        heard: Shape (n,).
        sent: The same samples before the coder, shape (n,).

    Example:
        >>> saturated(np.array([-32000, 5, -1], dtype=np.int16), np.array([32767, 9, 32767], dtype=np.int16)).tolist()
        [32767, 5, 32767]
    """
    wrapped = np.floor_divide(sent.astype(np.int64) - heard + 2**15, 2**16)
    limited: Pcm = np.clip(heard + 2**16 * wrapped, -(2**15), 2**15 - 1).astype(np.int16)
    return limited


@dataclass(frozen=True)
class G726(Codec):
    """G.726 at 8 kHz, by FFmpeg. Reference: ITU-T G.726 (12/90).

    Attributes:
        kbps: 16, 24, 32 or 40: 2 to 5 bits a sample.
        packet_ms: Duration of a packet.
    """

    pyav: ClassVar = (("g726", "w"), ("g726", "r"))
    kbps: Literal[16, 24, 32, 40]
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
        """To code words of ``kbps / 8`` bits and back."""
        bits = str(self.kbps // 8)
        packets, _ = pyav.encode("g726", pcm, 8000, self.packet_samples, {"code_size": bits})
        heard = pyav.decode("g726", packets, 8000, {"bits_per_coded_sample": bits})
        return saturated(heard[: pcm.size], pcm)
