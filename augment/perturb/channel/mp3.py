"""MP3."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.codecs import Lost, Pcm, libsndfile
from augment.perturb.codec_step import CodecStep

KBPS_OF_RATE_HZ: dict[int, tuple[int, ...]] = {
    **dict.fromkeys((8000, 11025, 12000), (8, 16, 24, 32, 40, 48, 56, 64)),
    **dict.fromkeys((16000, 22050, 24000), (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)),
    **dict.fromkeys((32000, 44100, 48000), (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)),
}
"""Bit rates by sample rate: MPEG-2.5 (a practice, no standard), MPEG-2 (ISO/IEC 13818-3), MPEG-1 (ISO/IEC 11172-3)."""


class Mp3Step(CodecStep):
    """Compressed recording: MP3 at a constant bit rate.

    Models voice memos, dictation files and old archives. It works at the test set's own rate, or the next higher one
    that MP3 has.

    In a recipe::

        {kind: mp3, kbps: 32}

    Keeps: length, timing: the delay is removed.
    Changes: quantisation noise shaped in frequency, pre-echoes; LAME's low-pass at low bit rates.
    Random: nothing.
    Reference: ISO/IEC 11172-3 and 13818-3, by LAME and mpg123 in libsndfile.
    """

    kind: Literal["mp3"]
    title: ClassVar = "MP3 recording"
    rates_hz: ClassVar = tuple(KBPS_OF_RATE_HZ)
    kbps: Annotated[int, Field(ge=8, le=320, description="bit rate; which ones there are depends on the sample rate")]

    def packet_samples(self, sample_rate_hz: int) -> int:
        # A frame of MPEG-1; those of MPEG-2 and 2.5 are half as long.
        return 1152 if self.rate_hz(sample_rate_hz) >= 32000 else 576

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        # If a frame has room for LAME's tag, the decoder removes the delay that the tag states.
        rate = self.rate_hz(sample_rate_hz)
        rates = KBPS_OF_RATE_HZ[rate]
        level = (rates[-1] - self.kbps) / (rates[-1] - rates[0])  # libsndfile's way to state a bit rate, 0 the highest
        # soundfile refuses 1.0; LAME takes the nearest bit rate.
        settings = {"bitrate_mode": "CONSTANT", "compression_level": min(level, 0.999)}
        data = libsndfile.write(pcm, rate, "MP3", "MPEG_LAYER_III", **settings)
        return libsndfile.read(data, rate, "MP3", "MPEG_LAYER_III")

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        rate = self.rate_hz(sample_rate_hz)
        if self.kbps not in KBPS_OF_RATE_HZ[rate]:
            known = ", ".join(map(str, KBPS_OF_RATE_HZ[rate]))
            return f"MP3 has no bit rate of {self.kbps} kb/s at {rate} Hz", f"choose one of {known}"
        return super().unfit(sample_rate_hz)
