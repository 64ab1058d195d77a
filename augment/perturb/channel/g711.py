"""G.711, the codec of the telephone network."""

from typing import Annotated, Literal

from pydantic import Field

from augment.codecs import Codec
from augment.codecs.g711 import G711
from augment.perturb.codec_step import ConcealedStep


class G711Step(ConcealedStep):
    """Telephone call: G.711 at 64 kb/s, with packet loss.

    Models a fixed-line or internet call: 8 kHz, logarithmic 8-bit samples, A-law or mu-law; packets of 10, 20 or 30 ms.
    In the place of a lost packet: silence, or the last packet again, 6 dB softer each time. That repetition knows no
    pitch; it is not the concealment of G.711 Appendix I.

    In a recipe::

        {kind: g711, law: mu, loss_percent: 3, mean_burst: 2}

    Keeps: length, timing.
    Changes: band limited to 4 kHz, quantisation noise that follows the signal (about 37 dB below it), gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: ITU-T G.711 (11/88), by libsndfile.
    """

    kind: Literal["g711"]
    law: Annotated[Literal["a", "mu"], Field(description="a: most of the world; mu: North America and Japan")]
    packet_ms: Annotated[Literal[10, 20, 30], Field(description="duration of a packet")] = 20

    def codec(self, sample_rate_hz: int) -> Codec:
        """G.711 of this law."""
        return G711(self.law, self.packet_ms)
