"""G.722, wideband telephony."""

from typing import ClassVar, Literal

from augment.codecs import Lost, Pcm, pyav
from augment.perturb.codec_step import CodecStep, Concealed, PacketLoss, PacketMs


class G722Step(Concealed, PacketLoss, CodecStep):
    """Wideband desk telephone: G.722 at 64 kb/s, with packet loss.

    Models a wideband office or internet call: 16 kHz, two sub-bands of ADPCM.
    Where packets are lost the decoder runs on as if they had arrived, and their samples are replaced in its output: by
    silence, or by the last packet, 6 dB softer each time. Real decoders need some more milliseconds to recover.
    Needs the extra ``codecs``.

    In a recipe::

        {kind: g722, loss_percent: 1}

    Keeps: length, timing: the delay of 22 samples is removed.
    Changes: band limited to 7 kHz, quantisation noise, gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: ITU-T G.722 (09/2012), mode 1, by FFmpeg.
    """

    kind: Literal["g722"]
    title: ClassVar = "wideband desk telephone (G.722)"
    rates_hz: ClassVar = (16000,)
    least_rate_hz: ClassVar = 16000
    pyav: ClassVar = (("g722", "w"), ("g722", "r"))
    packet_ms: PacketMs = 20

    def packet_samples(self, sample_rate_hz: int) -> int:
        return 16 * self.packet_ms

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        # Two samples make one octet: 8 bits at 8 kHz.
        packets, _ = pyav.encode("g722", pcm, 16000, {})
        return pyav.decode("g722", packets, 16000, {})
