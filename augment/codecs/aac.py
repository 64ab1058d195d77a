"""AAC: MPEG-4 audio, low complexity; recordings of mobile telephones, video."""

from dataclasses import dataclass
from typing import ClassVar

from augment.codecs import Codec, Lost, Pcm, pyav

RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
FRAME_SAMPLES = 1024
MOST_BITS_IN_FRAME = 6144


def most_kbps(sample_rate_hz: int) -> int:
    """The highest bit rate of one channel (ISO/IEC 14496-3: 6144 bits in a frame of 1024 samples).

    Example:
        >>> most_kbps(16000)
        96
    """
    return MOST_BITS_IN_FRAME * sample_rate_hz // (FRAME_SAMPLES * 1000)


@dataclass(frozen=True)
class Aac(Codec):
    """AAC-LC, by FFmpeg's own coder and decoder. Reference: ISO/IEC 14496-3.

    Attributes:
        sample_rate_hz: One of :data:`RATES_HZ`.
        kbps: Up to :func:`most_kbps`.
    """

    pyav: ClassVar = (("aac", "w"), ("aac", "r"))
    sample_rate_hz: int
    kbps: int

    @property
    def rate_hz(self) -> int:
        """The sample rate."""
        return self.sample_rate_hz

    @property
    def packet_samples(self) -> int:
        """1024."""
        return FRAME_SAMPLES

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """To bare frames and back."""
        bit_rate = {"b": str(1000 * self.kbps)}
        packets, header = pyav.encode("aac", pcm, self.sample_rate_hz, FRAME_SAMPLES, bit_rate, "fltp")
        return pyav.decode("aac", packets, self.sample_rate_hz, {}, header)
