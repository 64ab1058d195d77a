"""AMR narrow band, mobile telephony."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from augment.codecs import Lost, Pcm, pyav
from augment.perturb.codec_step import CodecStep, PacketLoss

MODES_KBPS = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)
NO_DATA = b"\x7c"
"""A frame of type 15, "no data": the one-octet header of RFC 4867, 5.3, with nothing after it."""


def _mode(kbps: float) -> float:
    if kbps not in MODES_KBPS:
        raise ValueError(f"AMR-NB has no mode of {kbps:g} kb/s (it has {', '.join(map(str, MODES_KBPS))})")
    return kbps


class AmrNbStep(PacketLoss, CodecStep):
    """Mobile telephone: AMR narrow band at 4.75 to 12.2 kb/s, with frame loss.

    Models a call over GSM or UMTS: 8 kHz, algebraic CELP, frames of 20 ms, no bit errors in what arrives, no
    discontinuous transmission. The decoder's own concealment fills lost frames. Needs the extra ``codecs``.

    In a recipe::

        {kind: amr_nb, kbps: 12.2, loss_percent: 1}

    Keeps: length, timing: the delay of 40 samples is removed.
    Changes: high-pass at 80 Hz, band limited to 4 kHz; the waveform is modelled rather than kept.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: 3GPP TS 26.090 and 26.091, by OpenCORE in FFmpeg.
    """

    kind: Literal["amr_nb"]
    title: ClassVar = "mobile call (AMR)"
    pyav: ClassVar = (("libopencore_amrnb", "w"), ("libopencore_amrnb", "r"))
    conceals: ClassVar = True
    kbps: Annotated[
        float,
        Field(ge=4.75, le=12.2, description="bit rate of a mode of AMR-NB", json_schema_extra={"enum": [*MODES_KBPS]}),
        AfterValidator(_mode),
    ] = 12.2

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        # For a frame of "no data" the decoder repeats the last one, and fades out within 0.2 s.
        rate = {"b": str(round(1000 * self.kbps))}
        packets, _ = pyav.encode("libopencore_amrnb", pcm, 8000, rate)
        return pyav.decode("libopencore_amrnb", pyav.with_lost(packets, lost, lambda _: NO_DATA), 8000, {})
