"""Noise suppression in a device."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.suppression import suppress_noise
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene, Stage


class NoiseSuppressor(Perturbation):
    """Single-channel noise suppression, as phones and conference systems had it before neural networks.

    Models a spectral suppressor: it follows the minima of the spectrum over 2 s and attenuates what is always there.
    It leaves artefacts in the speech, and these are what a recogniser has to cope with.

    In a recipe::

        {kind: noise_suppressor, max_attenuation_db: 15}

    Keeps: length, timing.
    Changes: steady noise falls by up to the attenuation; weak speech near the noise is attenuated too.
    Random: nothing.
    Reference: Ephraim and Malah 1984 and 1985 (log-spectral amplitude, decision-directed); noise by minima, after
        Martin 2001.
    """

    kind: Literal["noise_suppressor"]
    stage: ClassVar = Stage.PROCESSING
    draws: ClassVar = False
    linear: ClassVar[bool] = False
    limits: ClassVar = ("The noise suppressor is a simple one; those of products differ.",)
    max_attenuation_db: Annotated[float, Field(ge=0, le=40, description="the most that noise is attenuated")] = 15.0

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"noise suppression by up to {self.max_attenuation_db:g} dB"

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        rate, most = scene.sample_rate_hz, self.max_attenuation_db
        return scene.processed(("noise_suppressor", most), lambda mixture: suppress_noise(mixture, rate, most))
