"""Carbon microphone of an old telephone."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics import Signal
from augment.acoustics.carbon import carbon
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene, Stage


class Carbon(Perturbation):
    """Carbon microphone of an old telephone: narrow-band, shrill, distorted, and noisy during speech.

    Models the capsule's resonance, granules whose resistance follows the pressure, noise that rises and falls with the
    speech, and the band of the line. It has a response of its own: no ``microphone`` is needed as well.

    In a recipe::

        {kind: carbon, drive_db: 0}

    Keeps: length, timing, and the active level of the speech, measured on the speech alone.
    Changes: spectrum (300-3400 Hz, peak near 2 kHz). A 1 kHz sine of -26 dBov is distorted by 8 % at 0 dB drive, 16 %
        at 6 dB and 24 % at 12 dB.
    Random: the noise of the granules, 30 dB below their signal; the same for a whole block.
    Reference: structure after Oksanen and Välimäki 2011 (DAFx-11). estimate: all figures.
    """

    kind: Literal["carbon"]
    stage: ClassVar = Stage.MICROPHONE
    linear: ClassVar[bool] = False
    limits: ClassVar = ("The carbon microphone follows a published structure; all its figures are estimates.",)
    drive_db: Annotated[
        float, Field(ge=-20, le=15, description="how much harder than nominal (speech at -26 dBov) it is driven")
    ] = 0.0

    def words(self, titles: Titles = NO_TITLES) -> str:
        return "carbon microphone" + (f" driven by {self.drive_db:+g} dB" if self.drive_db else "")

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        rate, drive = scene.sample_rate_hz, self.drive_db
        name = ("carbon", draw.name, drive)

        def process(mixture: Signal) -> Signal:
            return carbon(mixture, rate, drive, draw.stream("granules"))

        return scene.processed(name, process, keep_speech_level=True)
