"""Opus, voice over the internet."""

from typing import Annotated, Literal

from pydantic import Field

from augment.codecs import Codec
from augment.codecs.opus import BANDWIDTHS_HZ, Opus
from augment.perturb.codec_step import VoiceStep, enough


class OpusStep(VoiceStep):
    """Internet call: Opus at 6 to 128 kb/s, with packet loss.

    Models WebRTC and messenger calls: constant bit rate, packets of 20 ms, no redundancy (FEC). The decoder's own
    concealment fills lost packets. The coder may use the band that the test set has and chooses less at low bit rates.
    Needs the extra ``codecs``.

    In a recipe::

        {kind: opus, kbps: 16, loss_percent: 5, mean_burst: 2}

    Keeps: length, timing: the delay of about 6.5 ms is removed.
    Changes: waveform and band by bit rate; ``voip`` also removes low frequencies and emphasises formants.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: RFC 6716, by libopus in FFmpeg.
    """

    kind: Literal["opus"]
    kbps: Annotated[int, Field(ge=6, le=128, description="constant bit rate")] = 24
    application: Annotated[
        Literal["voip", "audio"], Field(description="what the coder is to favour: speech, or fidelity")
    ] = "voip"

    def codec(self, sample_rate_hz: int) -> Codec:
        """Opus with the band of the test set."""
        return Opus(self.kbps, self.application, enough(BANDWIDTHS_HZ, -(-sample_rate_hz // 2)))
