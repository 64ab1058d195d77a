"""CVSD, Bluetooth narrow-band speech."""

from typing import Literal

from augment.codecs import Codec
from augment.codecs.cvsd import Cvsd
from augment.perturb.codec_step import ConcealedStep


class CvsdStep(ConcealedStep):
    """Bluetooth headset, narrow band: CVSD at 64 kb/s, with packet loss.

    Models the link between an older headset and telephone: 8 kHz, delta modulation at 64,000 steps a second, packets of
    3.75 ms (HV3, EV3), no bit errors.
    Where packets are lost the decoder runs on as if they had come, and their samples are replaced behind it: silence,
    or the last packet again, 6 dB softer each time. Real decoders stumble over the gap for some milliseconds more.

    In a recipe::

        {kind: cvsd, loss_percent: 1}

    Keeps: length, timing.
    Changes: band limited to 4 kHz; loud high sounds are slurred because the steps cannot follow; gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: Bluetooth Core Specification, volume 2, part B, 9.2.
    """

    kind: Literal["cvsd"]

    def codec(self, sample_rate_hz: int) -> Codec:
        """CVSD."""
        return Cvsd()
