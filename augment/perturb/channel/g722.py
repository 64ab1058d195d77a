"""G.722, wideband telephony."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.codecs import Codec
from augment.codecs.g722 import G722
from augment.perturb.codec_step import ConcealedStep


class G722Step(ConcealedStep):
    """Wideband desk telephone: G.722 at 64 kb/s, with packet loss.

    Models a wideband office or internet call: 16 kHz, two sub-bands of ADPCM.
    Where packets are lost the decoder runs on as if they had come, and their samples are replaced behind it: silence,
    or the last packet again, 6 dB softer each time. Real decoders stumble over the gap for some milliseconds more.
    Needs the extra ``codecs``.

    In a recipe::

        {kind: g722, loss_percent: 1}

    Keeps: length, timing: the delay of 22 samples is removed.
    Changes: band limited to 7 kHz, quantisation noise, gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: ITU-T G.722 (09/2012), mode 1, by FFmpeg.
    """

    kind: Literal["g722"]
    least_rate_hz: ClassVar = 16000
    packet_ms: Annotated[Literal[10, 20, 30], Field(description="duration of a packet")] = 20

    def codec(self, sample_rate_hz: int) -> Codec:
        """G.722."""
        return G722(self.packet_ms)
