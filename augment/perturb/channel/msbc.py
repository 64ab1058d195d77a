"""mSBC, Bluetooth wideband speech."""

from typing import ClassVar, Literal

from augment.codecs import Lost, Pcm, pyav
from augment.perturb.codec_step import CodecStep, Concealed, PacketLoss


class MsbcStep(Concealed, PacketLoss, CodecStep):
    """Bluetooth headset, wideband: mSBC at 60.8 kb/s, with packet loss.

    Models the link between headset and telephone: 16 kHz, eight sub-bands, packets of 7.5 ms.
    Where packets are lost the decoder runs on as if they had arrived, and their samples are replaced in its output: by
    silence, or by the last packet, 6 dB softer each time. Real decoders need some more milliseconds to recover.
    Needs the extra ``codecs``.

    In a recipe::

        {kind: msbc, loss_percent: 2, mean_burst: 3}

    Keeps: length, timing: the delay of 73 samples is removed.
    Changes: quantisation noise, gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: Bluetooth Hands-Free Profile 1.6, appendix A, by FFmpeg.
    """

    kind: Literal["msbc"]
    title: ClassVar = "wideband Bluetooth headset (mSBC)"
    rates_hz: ClassVar = (16000,)
    least_rate_hz: ClassVar = 16000
    pyav: ClassVar = (("sbc", "w"), ("sbc", "r"))

    def packet_samples(self, sample_rate_hz: int) -> int:
        return 120  # one frame of 7.5 ms

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        # Frames of 57 octets: 456 bits in 7.5 ms are 60.8 kb/s.
        packets, _ = pyav.encode("sbc", pcm, 16000, {"msbc": "1"})
        return pyav.decode("sbc", packets, 16000, {})
