"""What all codecs have in common as steps of a recipe."""

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, Field, model_validator

from augment.acoustics.packet_loss import Concealment, gilbert, lost_packets, runs
from augment.codecs import Lost, Pcm, pyav
from augment.codecs.link import NONE_LOST, Link
from augment.columns import Column
from augment.errors import Fault, RenderError
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene, Stage

PacketMs = Annotated[Literal[10, 20, 30], Field(description="duration of a packet")]


def enough(rates_hz: tuple[int, ...], sample_rate_hz: int) -> int:
    """The lowest of several rates that keeps all of a signal; the highest if none does.

    Example:
        >>> enough((8000, 16000, 48000), 11025), enough((8000, 16000), 48000)
        (16000, 16000)
    """
    return next((rate for rate in sorted(rates_hz) if rate >= sample_rate_hz), max(rates_hz))


class CodecStep(Perturbation):
    """Base of all codecs; each is a :class:`~augment.codecs.link.Codec`.

    Classes listed before it add what a network does to packets: :class:`PacketLoss`, :class:`Concealed`.

    Attributes:
        rates_hz: Rates at which it works; the lowest that keeps the band of the test set is used.
        least_rate_hz: Lowest rate of a test set that fills the codec's band.
        pyav: Coders ("w") and decoders ("r") that PyAV must offer; none for a codec that needs no extra.
        title: What it is called in words.
        conceals: Whether its own decoder fills the places of lost packets.
    """

    stage: ClassVar = Stage.CHANNEL
    linear: ClassVar = False
    draws: ClassVar = False
    records: ClassVar[tuple[Column, ...]] = (
        Column("codec_rate_hz", int, "rate at which the codec carries the signal", "Hz"),
        Column("codec_delay_samples", int, "delay of the codec that was taken out", "samples"),
        Column("codec_packets", int, "packets that the codec sent"),
        Column("codec_packets_lost", int, "how many packets were lost"),
        Column("codec_lost_packets", str, "which packets were lost, counted from 0"),
    )
    rates_hz: ClassVar[tuple[int, ...]] = (8000,)
    least_rate_hz: ClassVar[int] = 8000
    pyav: ClassVar[tuple[tuple[str, str], ...]] = ()
    title: ClassVar[str] = ""
    conceals: ClassVar[bool] = False

    def rate_hz(self, sample_rate_hz: int) -> int:
        """Rate at which the codec works, in a test set of this rate."""
        return enough(self.rates_hz, sample_rate_hz)

    def packet_samples(self, sample_rate_hz: int) -> int:
        """Samples in one packet, of 20 ms in most codecs."""
        return self.rate_hz(sample_rate_hz) // 50

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        """Code and decode: see :meth:`augment.codecs.link.Codec.run`."""
        raise TypeError(f"{type(self).__name__} has no run()")

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        if sample_rate_hz < self.least_rate_hz:
            message = f"{self.kind} carries a signal of {self.least_rate_hz} Hz; the test set has {sample_rate_hz} Hz"
            return message, f"set output.sample_rate_hz to {self.least_rate_hz} or more"
        return pyav.refusal(self.pyav)

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"{self.title or self.kind}{self.rate_words()}{self.loss_words()}"

    def rate_words(self) -> str:
        """Its bit rate, where a recipe chooses it."""
        kbps = getattr(self, "kbps", None)
        return "" if kbps is None else f" at {kbps:g} kb/s"

    def loss_words(self) -> str:
        """How many packets are lost, if any."""
        lost = self.loss_percent if isinstance(self, PacketLoss) else 0.0
        return f" with {lost:g} % of packets lost" if lost else ""

    def package(self) -> str | None:
        return "av" if self.pyav else "soundfile"

    def link(self, sample_rate_hz: int) -> Link:
        """The link around the codec: packet loss and concealment are not part of it."""
        settings = self.model_dump(exclude=set(self.unheard))
        return Link(type(self).model_validate(settings), sample_rate_hz)

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Code and decode the mixture.

        Raises:
            RenderError: See :meth:`unfit`.
        """
        refused = self.unfit(scene.sample_rate_hz)
        if refused is not None:
            raise RenderError(Fault(f"step {draw.step}", *refused))
        link, lost, packets, losses = self.link(scene.sample_rate_hz), NONE_LOST, None, None
        if isinstance(self, PacketLoss):
            packets = link.packets_of(scene.samples)
            lost = self.lost(packets, draw)
            losses = runs(lost)
        concealment: Concealment = self.concealment if isinstance(self, Concealed) else "silence"
        drawn = (lost.tobytes(), concealment) if lost.any() else None
        after = scene.processed((link, drawn), lambda sent: link.carry(sent, lost, concealment))
        return after.noted(
            codec_rate_hz=link.rate_hz,
            codec_delay_samples=link.delay_samples,
            codec_packets=packets,
            codec_packets_lost=None if packets is None else int(np.count_nonzero(lost)),
            codec_lost_packets=losses,
        )


class PacketLoss(BaseModel):
    """A codec that travels in packets, some of which are lost."""

    draws: ClassVar = True
    unheard: ClassVar = frozenset({"loss_percent", "mean_burst", "concealment"})
    loss_percent: Annotated[float, Field(ge=0, lt=100, description="share of packets lost, in percent")] = 0.0
    mean_burst: Annotated[
        float | None,
        Field(ge=1, le=100, description="mean number of packets lost in a row; if not given, each is lost on its own"),
    ] = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        gilbert(self.loss_percent / 100, self.mean_burst)
        return self

    def lost(self, packets: int, draw: Draw) -> Lost:
        """Draw lost packets by the simple Gilbert model; a longer signal begins with the losses of a shorter one."""
        if self.loss_percent == 0:
            return np.zeros(packets, dtype=np.bool_)
        return lost_packets(packets, draw.stream("packet loss"), self.loss_percent / 100, self.mean_burst)


class Concealed(BaseModel):
    """A codec whose decoder has no concealment of its own for lost packets."""

    concealment: Annotated[
        Concealment,
        Field(description="in place of a lost packet: silence, or the last packet again, 6 dB softer each time"),
    ] = "repeat"
