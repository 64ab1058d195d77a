"""G.726, ADPCM telephony."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from augment.codecs import Lost, Pcm, pyav
from augment.perturb.codec_step import CodecStep, Concealed, PacketLoss, PacketMs


def saturated(heard: Pcm, sent: Pcm) -> Pcm:
    """Undo the wrap-around of a decoder that keeps 16 bits of its output, and limit it as the standard requires.

    FFmpeg's decoder limits to 17 bits and then keeps 16. A sample more than half of the whole range away from what was
    sent has wrapped around; the decoder's own state has not.

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


class G726Step(Concealed, PacketLoss, CodecStep):
    """Cordless telephone or trunk line: G.726 at 16 to 40 kb/s, with packet loss.

    Models DECT (32 kb/s) and circuit-multiplication links: 8 kHz, adaptive differential PCM.
    Where packets are lost the decoder runs on as if they had arrived, and their samples are replaced in its output: by
    silence, or by the last packet, 6 dB softer each time. Real decoders need some more milliseconds to recover.
    Needs the extra ``codecs``.

    In a recipe::

        {kind: g726, kbps: 32}

    Keeps: length, timing.
    Changes: band limited to 4 kHz, quantisation noise (about 21 dB below speech at 32 kb/s, 14 dB at 16 kb/s), gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: ITU-T G.726 (12/90), by FFmpeg.
    """

    kind: Literal["g726"]
    title: ClassVar = "cordless telephone (G.726)"
    pyav: ClassVar = (("g726", "w"), ("g726", "r"))
    kbps: Annotated[Literal[16, 24, 32, 40], Field(description="bit rate; DECT has 32")] = 32
    packet_ms: PacketMs = 20

    def packet_samples(self, sample_rate_hz: int) -> int:
        return 8 * self.packet_ms

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        # One code word per sample at 8 kHz: kbps / 8 bits.
        bits = str(self.kbps // 8)
        packets, _ = pyav.encode("g726", pcm, 8000, {"code_size": bits})
        heard = pyav.decode("g726", packets, 8000, {"bits_per_coded_sample": bits})
        return saturated(heard[: pcm.size], pcm)
