"""MP3: MPEG audio layer III, voice memos and old archives."""

from dataclasses import dataclass

from augment.codecs import Codec, Lost, Pcm, libsndfile

KBPS_OF_RATE_HZ: dict[int, tuple[int, ...]] = {
    **dict.fromkeys((8000, 11025, 12000), (8, 16, 24, 32, 40, 48, 56, 64)),
    **dict.fromkeys((16000, 22050, 24000), (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)),
    **dict.fromkeys((32000, 44100, 48000), (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)),
}
"""Bit rates by sample rate: MPEG-2.5 (a practice, no standard), MPEG-2 (ISO/IEC 13818-3), MPEG-1 (ISO/IEC 11172-3)."""


@dataclass(frozen=True)
class Mp3(Codec):
    """MP3 at a constant bit rate, by LAME and mpg123 in libsndfile.

    Attributes:
        sample_rate_hz: One of :data:`KBPS_OF_RATE_HZ`.
        kbps: One of the bit rates of that sample rate.
    """

    sample_rate_hz: int
    kbps: int

    @property
    def rate_hz(self) -> int:
        """The sample rate."""
        return self.sample_rate_hz

    @property
    def packet_samples(self) -> int:
        """1152 (MPEG-1) or 576."""
        return 1152 if self.sample_rate_hz >= 32000 else 576

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """To a file and back; where a frame has room for LAME's tag, the decoder takes the delay out by it."""
        rates = KBPS_OF_RATE_HZ[self.sample_rate_hz]
        level = (rates[-1] - self.kbps) / (rates[-1] - rates[0])  # libsndfile's word for a bit rate, from high to low
        # soundfile refuses 1.0 here; LAME takes the bit rate that is nearest.
        settings = {"bitrate_mode": "CONSTANT", "compression_level": min(level, 0.999)}
        data = libsndfile.write(pcm, self.sample_rate_hz, "MP3", "MPEG_LAYER_III", **settings)
        return libsndfile.read(data, self.sample_rate_hz, "MP3", "MPEG_LAYER_III")
