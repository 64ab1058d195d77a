"""mSBC, Bluetooth wideband speech."""

from typing import ClassVar, Literal

from augment.codecs import Codec
from augment.codecs.msbc import Msbc
from augment.perturb.codec_step import ConcealedStep


class MsbcStep(ConcealedStep):
    """Bluetooth headset, wideband: mSBC at 60.8 kb/s, with packet loss.

    Models the link between headset and telephone: 16 kHz, eight sub-bands, packets of 7.5 ms.
    Where packets are lost the decoder runs on as if they had come, and their samples are replaced behind it: silence,
    or the last packet again, 6 dB softer each time. Real decoders stumble over the gap for some milliseconds more.
    Needs the extra ``codecs``.

    In a recipe::

        {kind: msbc, loss_percent: 2, mean_burst: 3}

    Keeps: length, timing: the delay of 73 samples is removed.
    Changes: quantisation noise, gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: Bluetooth Hands-Free Profile 1.6, appendix A, by FFmpeg.
    """

    kind: Literal["msbc"]
    least_rate_hz: ClassVar = 16000

    def codec(self, sample_rate_hz: int) -> Codec:
        """The one setting of mSBC."""
        return Msbc()
