"""Electronic noise of a microphone."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.self_noise import a_weighted_level_db, electronic_noise
from augment.errors import RenderError
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene, Sounding, Stage


class SelfNoise(Perturbation):
    """Electronic noise of a microphone, by its equivalent input noise level (EIN).

    Models the hiss that a data sheet states as a signal-to-noise ratio: EIN = 94 dB SPL less that ratio. It matters
    where speech is quiet: far from the microphone. It must know how loud the speech is.

    In a recipe::

        {kind: self_noise, ein_dba: 33}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem whose A-weighted level, over all frequencies of the test set, is the EIN.
    Random: the noise; the same for a whole block.
    Reference: IEC 61672-1 (A-weighting). estimate: the spectrum, white with a rise of 3 dB an octave below 1 kHz.
    """

    kind: Literal["self_noise"]
    stage: ClassVar = Stage.MICROPHONE
    needs_spl: ClassVar[bool] = True
    ein_dba: Annotated[
        float, Field(ge=0, le=80, description="A-weighted equivalent input noise level in dB SPL; phones 30 to 34")
    ]

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return "self-noise"

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"self-noise of {self.ein_dba:g} dB(A)"

    def is_noise(self) -> bool:
        return True

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Add the noise.

        Raises:
            RenderError: How loud the speech is, is not known.
        """
        if scene.full_scale_dbspl is None:
            raise RenderError(f"step {draw.step}: the level of the speech in dB SPL is not known")
        rate = scene.sample_rate_hz

        def make() -> Sounding:
            return Sounding(electronic_noise(draw.block.longest, rate, draw.stream("noise")), None, rate)

        track = draw.block.shared.once(("self_noise", draw.name), make).beginning(scene.samples, scene.shelf)
        # The noise has power 1, and is a_weighted_level_db dB under A-weighting; 0 dBov is full_scale_dbspl dB SPL.
        gain_db = self.ein_dba - scene.full_scale_dbspl - a_weighted_level_db(rate)
        return scene.with_device_noise(track, draw.step, "self-noise", gain_db)
