"""GSM full rate."""

from typing import ClassVar, Literal

from augment.codecs import Lost, Pcm, libsndfile
from augment.perturb.codec_step import CodecStep, Concealed, PacketLoss


class GsmFrStep(Concealed, PacketLoss, CodecStep):
    """First digital mobile telephones: GSM full rate at 13 kb/s, with frame loss.

    Models a GSM call without bit errors in what arrives: 8 kHz, regular-pulse excitation, frames of 20 ms.
    Where packets are lost the decoder runs on as if they had arrived, and their samples are replaced in its output: by
    silence, or by the last packet, 6 dB softer each time. Real decoders need some more milliseconds to recover.

    In a recipe::

        {kind: gsm_fr, loss_percent: 2}

    Keeps: length, timing.
    Changes: band limited to 4 kHz, coarse excitation, gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: 3GPP TS 46.010 (GSM 06.10), by libsndfile.
    """

    kind: Literal["gsm_fr"]
    title: ClassVar = "GSM call (full rate)"

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        # Frames of 33 octets: 260 bits in 20 ms, and a signature of 4.
        return libsndfile.read(libsndfile.write(pcm, 8000, "RAW", "GSM610"), 8000, "RAW", "GSM610")
