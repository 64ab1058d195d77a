"""AMR narrow band, mobile telephony."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from augment.codecs import Codec
from augment.codecs.amr_nb import MODES_KBPS, AmrNb
from augment.perturb.codec_step import VoiceStep


def _mode(kbps: float) -> float:
    if kbps not in MODES_KBPS:
        raise ValueError(f"AMR-NB has no mode of {kbps:g} kb/s (it has {', '.join(map(str, MODES_KBPS))})")
    return kbps


class AmrNbStep(VoiceStep):
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
    kbps: Annotated[
        float,
        Field(ge=4.75, le=12.2, description="bit rate of a mode of AMR-NB", json_schema_extra={"enum": [*MODES_KBPS]}),
        AfterValidator(_mode),
    ] = 12.2

    def codec(self, sample_rate_hz: int) -> Codec:
        """AMR-NB at this bit rate."""
        return AmrNb(self.kbps)
