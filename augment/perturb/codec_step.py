"""What all codecs have in common as steps of a recipe."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from augment.acoustics.packet_loss import Concealment, gilbert, lost_packets, runs
from augment.codecs import Codec, Lost, pyav
from augment.codecs.link import NONE_LOST, carry, delay_samples, packets_of
from augment.columns import Column
from augment.errors import Fault, RenderError
from augment.perturb import Perturbation
from augment.scene import Draw, Scene, Stage


def enough(rates_hz: tuple[int, ...], sample_rate_hz: int) -> int:
    """The lowest of several rates that keeps all of a signal; the highest if none does.

    Example:
        >>> enough((8000, 16000, 48000), 11025), enough((8000, 16000), 48000)
        (16000, 16000)
    """
    return next((rate for rate in sorted(rates_hz) if rate >= sample_rate_hz), max(rates_hz))


class CodecStep(Perturbation):
    """Base of all codecs.

    Attributes:
        least_rate_hz: Lowest rate of a test set that leaves the codec its band.
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
    least_rate_hz: ClassVar[int] = 8000

    def codec(self, sample_rate_hz: int) -> Codec:
        """The codec with its settings, for a test set of this rate."""
        raise TypeError(f"{type(self).__name__} has no codec()")

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        """Whether it can never work at this rate of the test set, or with what is installed."""
        if sample_rate_hz < self.least_rate_hz:
            message = f"{self.kind} carries a signal of {self.least_rate_hz} Hz; the test set has {sample_rate_hz} Hz"
            return message, f"set output.sample_rate_hz to {self.least_rate_hz} or more"
        return pyav.refusal(self.codec(sample_rate_hz).pyav)

    def package(self) -> str | None:
        """The codec's library."""
        return "av" if self.codec(self.least_rate_hz).pyav else "soundfile"

    def losses(self, codec: Codec, packets: int, draw: Draw) -> tuple[Lost, Concealment]:
        """Packets that the network loses, and what stands in for them."""
        return NONE_LOST, "silence"

    def notes(self, lost: Lost, packets: int) -> dict[str, int | str | None]:
        """What the manifest says of the packets."""
        return {"codec_packets": None, "codec_packets_lost": None, "codec_lost_packets": None}

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Code and decode everything that the microphone heard.

        Raises:
            RenderError: See :meth:`unfit`.
        """
        rate = scene.sample_rate_hz
        refused = self.unfit(rate)
        if refused is not None:
            raise RenderError(Fault(f"step {draw.step}", *refused))
        codec = self.codec(rate)
        packets = packets_of(codec, scene.samples, rate)
        lost, concealment = self.losses(codec, packets, draw)
        drawn = (lost.tobytes(), concealment) if lost.any() else None
        after = scene.processed((self.kind, codec, drawn), lambda sent: carry(codec, sent, rate, lost, concealment))
        notes = {"codec_rate_hz": codec.rate_hz, "codec_delay_samples": delay_samples(codec)}
        return after.noted(**notes, **self.notes(lost, packets))


class VoiceStep(CodecStep):
    """Base of codecs that travel in packets, some of which are lost."""

    draws: ClassVar = True
    unheard: ClassVar = frozenset({"loss_percent", "mean_burst", "concealment"})
    loss_percent: Annotated[float, Field(ge=0, lt=100, description="share of packets lost, in percent")] = 0.0
    mean_burst: Annotated[
        float | None,
        Field(ge=1, le=100, description="mean number of packets lost in a row; if not given, each is lost on its own"),
    ] = None

    @model_validator(mode="after")
    def _possible(self) -> "VoiceStep":
        gilbert(self.loss_percent / 100, self.mean_burst)
        return self

    def losses(self, codec: Codec, packets: int, draw: Draw) -> tuple[Lost, Concealment]:
        """Drawn by the simple Gilbert model; a longer signal loses what a shorter one does."""
        if self.loss_percent == 0:
            return np.zeros(packets, dtype=np.bool_), "silence"
        lost = lost_packets(packets, draw.stream("packet loss"), self.loss_percent / 100, self.mean_burst)
        return lost, "silence"

    def notes(self, lost: Lost, packets: int) -> dict[str, int | str | None]:
        """How many packets there were, how many were lost, and which, counted from 0."""
        counted = int(np.count_nonzero(lost))
        return {"codec_packets": packets, "codec_packets_lost": counted, "codec_lost_packets": runs(lost)}


class ConcealedStep(VoiceStep):
    """Base of codecs whose decoder has nothing of its own to put in the place of a lost packet."""

    concealment: Annotated[
        Concealment,
        Field(description="in place of a lost packet: silence, or the last packet again, 6 dB softer each time"),
    ] = "repeat"

    def losses(self, codec: Codec, packets: int, draw: Draw) -> tuple[Lost, Concealment]:
        """As for all voice codecs, with this step's concealment."""
        return super().losses(codec, packets, draw)[0], self.concealment
