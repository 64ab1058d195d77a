"""MP3."""

from typing import Annotated, Literal

from pydantic import Field

from augment.codecs import Codec
from augment.codecs.mp3 import KBPS_OF_RATE_HZ, Mp3
from augment.perturb.codec_step import CodecStep, enough


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
    kbps: Annotated[int, Field(ge=8, le=320, description="bit rate; which ones there are depends on the sample rate")]

    def codec(self, sample_rate_hz: int) -> Codec:
        """MP3 at the test set's rate or the next higher."""
        return Mp3(enough(tuple(KBPS_OF_RATE_HZ), sample_rate_hz), self.kbps)

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        """Whether MP3 has no such bit rate at this sample rate."""
        rate = enough(tuple(KBPS_OF_RATE_HZ), sample_rate_hz)
        if self.kbps not in KBPS_OF_RATE_HZ[rate]:
            known = ", ".join(map(str, KBPS_OF_RATE_HZ[rate]))
            return f"MP3 has no bit rate of {self.kbps} kb/s at {rate} Hz", f"choose one of {known}"
        return super().unfit(sample_rate_hz)
