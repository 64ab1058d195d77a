"""Opus, voice over the internet."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.codecs import Lost, Pcm, pyav
from augment.perturb.codec_step import CodecStep, PacketLoss, enough

BANDWIDTHS_HZ = (4000, 6000, 8000, 12000, 20000)
"""Narrow, medium, wide, super-wide and full band."""


class OpusStep(PacketLoss, CodecStep):
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
    title: ClassVar = "internet call (Opus)"
    rates_hz: ClassVar = (48000,)
    pyav: ClassVar = (("libopus", "w"), ("libopus", "r"))
    conceals: ClassVar = True
    kbps: Annotated[int, Field(ge=6, le=128, description="constant bit rate")] = 24
    application: Annotated[
        Literal["voip", "audio"], Field(description="what the coder is to favour: speech, or fidelity")
    ] = "voip"

    def bandwidth_hz(self, sample_rate_hz: int) -> int:
        """The widest band that the coder may choose, of :data:`BANDWIDTHS_HZ`: the first that holds the test set's."""
        return enough(BANDWIDTHS_HZ, -(-sample_rate_hz // 2))

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        """Code and decode.

        A lost packet reaches the decoder as its first octet alone with a frame count of one, that is as an empty frame:
        the decoder's own concealment then extrapolates what it heard last, and fades out if that was speech.
        """
        options = {
            "b": str(1000 * self.kbps),
            "application": self.application,
            "cutoff": str(self.bandwidth_hz(sample_rate_hz)),
            "vbr": "off",
            "frame_duration": "20",
        }
        packets, _ = pyav.encode("libopus", pcm, 48000, options)
        # The two lowest bits code the number of frames; only a packet of one frame may end after its first octet.
        arrived = pyav.with_lost(packets, lost, lambda sent: bytes([sent[0] & 0xFC]))
        return pyav.decode("libopus", arrived, 48000, {})
