"""Overload of a microphone."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.overload import overload
from augment.errors import RenderError
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene, Stage


class Overload(Perturbation):
    """Distortion of a microphone near its acoustic overload point (AOP).

    Models the data sheet's figure: at the AOP a 1 kHz sine is distorted by 10 %, 9 dB below by 1 %, 0.35 dB above it
    hits a hard limit. It needs to know how loud the speech is.

    In a recipe::

        {kind: overload, aop_dbspl: 120}

    Keeps: length, timing, and everything that is 20 dB or more below the AOP.
    Changes: loud speech and noise together; harmonics above the Nyquist frequency do not fold back.
    Random: nothing.
    Reference: AOP as the level of 10 % total harmonic distortion. estimate: the curve, x - 4/27 x^3 and then a limit.
    """

    kind: Literal["overload"]
    stage: ClassVar = Stage.MICROPHONE
    draws: ClassVar = False
    linear: ClassVar[bool] = False
    needs_spl: ClassVar[bool] = True
    aop_dbspl: Annotated[
        float, Field(ge=103, le=150, description="dB SPL at which a 1 kHz sine is distorted by 10 %; phones 118 to 125")
    ]

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"overload point {self.aop_dbspl:g} dB SPL"

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Bend the mixture.

        Raises:
            RenderError: How loud the speech is, is not known.
        """
        if scene.full_scale_dbspl is None:
            raise RenderError(f"step {draw.step}: the level of the speech in dB SPL is not known")
        aop_dbov = self.aop_dbspl - scene.full_scale_dbspl
        return scene.processed(("overload", aop_dbov), lambda mixture: overload(mixture, aop_dbov))
