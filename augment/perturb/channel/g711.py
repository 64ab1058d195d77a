"""G.711, the codec of the telephone network."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.codecs import Lost, Pcm, libsndfile
from augment.perturb.codec_step import CodecStep, Concealed, PacketLoss, PacketMs


class G711Step(Concealed, PacketLoss, CodecStep):
    """Telephone call: G.711 at 64 kb/s, with packet loss.

    Models a fixed-line or internet call: 8 kHz, logarithmic 8-bit samples, A-law or mu-law; packets of 10, 20 or 30 ms.
    In the place of a lost packet: silence, or the last packet again, 6 dB softer each time. That repetition ignores
    pitch; it is not the concealment of G.711 Appendix I.

    In a recipe::

        {kind: g711, law: mu, loss_percent: 3, mean_burst: 2}

    Keeps: length, timing.
    Changes: band limited to 4 kHz, quantisation noise that follows the signal (about 37 dB below it), gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: ITU-T G.711 (11/88), by libsndfile.
    """

    kind: Literal["g711"]
    title: ClassVar = "telephone call (G.711)"
    law: Annotated[Literal["a", "mu"], Field(description="a: most of the world; mu: North America and Japan")]
    packet_ms: PacketMs = 20

    def packet_samples(self, sample_rate_hz: int) -> int:
        return 8 * self.packet_ms

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        subtype = "ALAW" if self.law == "a" else "ULAW"
        return libsndfile.read(libsndfile.write(pcm, 8000, "RAW", subtype), 8000, "RAW", subtype)
