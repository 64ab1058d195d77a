"""AAC."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.codecs import Lost, Pcm, pyav
from augment.perturb.codec_step import CodecStep

FRAME_SAMPLES = 1024
MOST_BITS_IN_FRAME = 6144


def most_kbps(sample_rate_hz: int) -> int:
    """The highest bit rate of one channel in kb/s (ISO/IEC 14496-3: 6144 bits in a frame of 1024 samples).

    Example:
        >>> most_kbps(16000)
        96
    """
    return MOST_BITS_IN_FRAME * sample_rate_hz // (FRAME_SAMPLES * 1000)


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
    title: ClassVar = "AAC recording"
    rates_hz: ClassVar = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
    pyav: ClassVar = (("aac", "w"), ("aac", "r"))
    kbps: Annotated[int, Field(ge=8, le=288, description="mean bit rate; at most 6 for each kHz of the sample rate")]

    def packet_samples(self, sample_rate_hz: int) -> int:
        return FRAME_SAMPLES

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        rate, options = self.rate_hz(sample_rate_hz), {"b": str(1000 * self.kbps)}
        packets, header = pyav.encode("aac", pcm, rate, options, "fltp")
        return pyav.decode("aac", packets, rate, {}, header)

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        rate = self.rate_hz(sample_rate_hz)
        if self.kbps > most_kbps(rate):
            return f"AAC has no bit rate of {self.kbps} kb/s at {rate} Hz", f"choose {most_kbps(rate)} or less"
        return super().unfit(sample_rate_hz)
