"""Noise of equipment, synthesised from figures."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.perturb import Perturbation
from augment.profiles.library import Need
from augment.scene import Draw, NoiseRequest, Scene, Stage


class EquipmentNoise(Perturbation):
    """Periodic and steady noise of equipment or a room, synthesised from a profile, at a given SNR.

    Models tones with drift, pulse trains and bursts with their own regularity, and shaped noise. It has no length and
    never repeats. Noise that pauses is measured while it is on, and every item meets it at once.

    In a recipe::

        {kind: equipment_noise, profile: mri_epi, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem.
    Random: phases, drift, the times of pulses and bursts, the broadband noise; the same for a whole block.
    Reference: SNR after ITU-T P.56 (speech) and RMS (noise), in the recipe's band; the profile names its sources.
    """

    kind: Literal["equipment_noise"]
    stage: ClassVar = Stage.NOISE
    profile: Annotated[str, Field(min_length=1, description="bundled profile, or a YAML file relative to the recipe")]
    snr_db: Annotated[float, Field(ge=-30, le=60, description="P.56 speech level minus noise level")]

    def needs(self) -> tuple[Need, ...]:
        """The profile."""
        return (Need("profile", "noise_profile", self.profile),)

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Add the synthesised noise.

        Raises:
            RenderError: Nothing of it lies in the band in which the SNR is defined.
        """
        rate, length = scene.sample_rate_hz, scene.speech.samples.size
        history = ("equipment_noise", draw.name, self.profile, length)
        profile = draw.library.noise_profile(self.profile)
        counted = draw.library.once(("prominent", self.profile, rate), lambda: profile.prominent(rate))
        samples, active = scene.memo.once(history, lambda: profile.render(length, rate, draw.stream, counted))
        return scene.with_noise(samples, NoiseRequest(draw.step, self.profile, self.snr_db), history, active)
