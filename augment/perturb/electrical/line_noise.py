"""Electrical noise after the microphone."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles, called
from augment.profiles.library import Need
from augment.scene import Draw, NoiseRequest, Scene, Sounding, Stage


class LineNoise(Perturbation):
    """Hum and other noise picked up by a cable or an amplifier after the microphone.

    Models noise that no microphone response shapes: the same profiles as ``equipment_noise``, added to the output of
    the microphone. Its SNR is that at this point, in the recipe's band; the SNR at the microphone is not changed.

    In a recipe::

        {kind: line_noise, profile: ground_loop_50, snr_db: 30}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem.
    Random: phases, drift, knocks; the same for a whole block.
    Reference: SNR after ITU-T P.56 (speech) and RMS (noise), in the recipe's band; the profile names its sources.
    """

    kind: Literal["line_noise"]
    stage: ClassVar = Stage.ELECTRICAL
    profile: Annotated[str, Field(min_length=1, description="bundled profile, or a YAML file relative to the recipe")]
    snr_db: Annotated[float, Field(ge=-30, le=80, description="P.56 speech level minus noise level, behind the device")]

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return f"{called(self.profile, titles)} in the cable"

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"{self.subject(titles)} at {self.snr_db:g} dB"

    def needs(self) -> tuple[Need, ...]:
        return (Need("profile", "noise_profile", self.profile),)

    def is_noise(self) -> bool:
        return True

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Add the noise.

        Raises:
            RenderError: Nothing of it lies in the band in which the SNR is defined.
        """
        rate = scene.sample_rate_hz

        def make() -> Sounding:
            return Sounding(*draw.library.noise(self.profile, draw.block.longest, rate, draw.stream), rate)

        heard = draw.block.shared.once(("line_noise", draw.name, self.profile), make)
        request = NoiseRequest(draw.step, self.profile, self.snr_db, acoustic=False)
        return scene.with_noise(heard.beginning(scene.samples, scene.shelf), request)
