"""AAC."""

from typing import Annotated, Literal

from pydantic import Field

from augment.codecs import Codec
from augment.codecs.aac import RATES_HZ, Aac, most_kbps
from augment.perturb.codec_step import CodecStep, enough


class AacStep(CodecStep):
    """Compressed recording: AAC-LC.

    Models recordings of mobile telephones and the sound of video. It works at the test set's own rate, or the next
    higher one that AAC has. Needs the extra ``codecs``.

    In a recipe::

        {kind: aac, kbps: 32}

    Keeps: length, timing: the delay of 1024 samples is removed.
    Changes: quantisation noise shaped in frequency, pre-echoes, noise in place of weak high bands.
    Random: nothing.
    Reference: ISO/IEC 14496-3, by FFmpeg's own coder, which other coders surpass at low bit rates.
    """

    kind: Literal["aac"]
    kbps: Annotated[int, Field(ge=8, le=288, description="mean bit rate; at most 6 for each kHz of the sample rate")]

    def codec(self, sample_rate_hz: int) -> Codec:
        """AAC at the test set's rate or the next higher."""
        return Aac(enough(RATES_HZ, sample_rate_hz), self.kbps)

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        """Whether AAC has no such bit rate at this sample rate, or the extra is missing."""
        rate = enough(RATES_HZ, sample_rate_hz)
        if self.kbps > most_kbps(rate):
            return f"AAC has no bit rate of {self.kbps} kb/s at {rate} Hz", f"choose {most_kbps(rate)} or less"
        return super().unfit(sample_rate_hz)
