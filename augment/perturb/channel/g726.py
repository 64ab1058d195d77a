"""G.726, ADPCM telephony."""

from typing import Annotated, Literal

from pydantic import Field

from augment.codecs import Codec
from augment.codecs.g726 import G726
from augment.perturb.codec_step import ConcealedStep


class G726Step(ConcealedStep):
    """Cordless telephone or trunk line: G.726 at 16 to 40 kb/s, with packet loss.

    Models DECT (32 kb/s) and circuit-multiplication links: 8 kHz, adaptive differential PCM.
    Where packets are lost the decoder runs on as if they had come, and their samples are replaced behind it: silence,
    or the last packet again, 6 dB softer each time. Real decoders stumble over the gap for some milliseconds more.
    Needs the extra ``codecs``.

    In a recipe::

        {kind: g726, kbps: 32}

    Keeps: length, timing.
    Changes: band limited to 4 kHz, quantisation noise (about 21 dB below speech at 32 kb/s, 14 dB at 16 kb/s), gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: ITU-T G.726 (12/90), by FFmpeg.
    """

    kind: Literal["g726"]
    kbps: Annotated[Literal[16, 24, 32, 40], Field(description="bit rate; DECT has 32")] = 32
    packet_ms: Annotated[Literal[10, 20, 30], Field(description="duration of a packet")] = 20

    def codec(self, sample_rate_hz: int) -> Codec:
        """G.726 at this bit rate."""
        return G726(self.kbps, self.packet_ms)
