"""High-pass of a device against wind, breath and handling."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.convolution import ImpulseResponse
from augment.acoustics.filters import high_pass, speech_delay_samples
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene, Stage


class WindFilter(Perturbation):
    """High-pass that devices have after their microphone, against wind, breath and handling noise.

    Models a Butterworth high-pass of first or second order, as it is built in analogue or digital circuits.

    In a recipe::

        {kind: wind_filter, cutoff_hz: 150, order: 2}

    Keeps: length, and timing: a delay in the speech band is removed to the nearest sample.
    Changes: spectrum of all stems alike; the SNR at the microphone stays what it was.
    Random: nothing.
    Reference: Butterworth; bilinear transform.
    """

    kind: Literal["wind_filter"]
    stage: ClassVar = Stage.MICROPHONE
    draws: ClassVar = False
    cutoff_hz: Annotated[float, Field(ge=20, le=500, description="frequency at which it is 3 dB down")]
    order: Annotated[Literal[1, 2], Field(description="1: 6 dB an octave; 2: 12 dB an octave")] = 1

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"wind filter at {self.cutoff_hz:g} Hz"

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        rate = scene.sample_rate_hz

        def design() -> ImpulseResponse:
            taps = high_pass(self.cutoff_hz, self.order, rate)
            return ImpulseResponse(taps, max(0, round(speech_delay_samples(taps, rate))))

        return scene.filtered(draw.library.once(("wind_filter", self.cutoff_hz, self.order, rate), design))
