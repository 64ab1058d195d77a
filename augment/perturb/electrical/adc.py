"""Analogue-to-digital converter."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics import Signal
from augment.acoustics.converter import convert
from augment.columns import Column
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene, Stage


class Adc(Perturbation):
    """Analogue-to-digital converter: resolution, dither, and clipping where its input is set too high.

    Models a converter whose full scale may lie below that of the file: with ``full_scale_dbov: -15`` peaks of speech at
    -26 dBov are clipped. Fewer bits raise its noise: 16 bits -101.1 dBov, 8 bits -52.9 dBov re its full scale.

    In a recipe::

        {kind: adc, bits: 12, full_scale_dbov: -12, dither: tpdf}

    Keeps: length, timing, level.
    Changes: adds rounding noise or dither, and clips; clipped samples are counted.
    Random: the dither; the same for a whole block.
    Reference: uniform quantiser; Lipshitz, Wannamaker and Vanderkooy 1992 (dither of triangular density).
    """

    kind: Literal["adc"]
    stage: ClassVar = Stage.ELECTRICAL
    linear: ClassVar[bool] = False
    records: ClassVar = (Column("adc_clipped_samples", int, "samples that the converter clipped"),)
    bits: Annotated[int, Field(ge=8, le=24, description="resolution; the file itself has 16")] = 16
    full_scale_dbov: Annotated[
        float,
        Field(ge=-40, le=0, description="where it clips, as the level of a square wave; 0: the file's full scale"),
    ] = 0.0
    dither: Annotated[Literal["none", "tpdf"], Field(description="none, or triangular dither of two steps")] = "none"

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"{self.bits}-bit converter" + (
            f" clipping at {self.full_scale_dbov:g} dBov" if self.full_scale_dbov else ""
        )

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        name = ("adc", draw.name if self.dither == "tpdf" else None, self.bits, self.full_scale_dbov)

        def converted(mixture: Signal) -> tuple[Signal, int]:
            dither = draw.stream("dither") if self.dither == "tpdf" else None
            return convert(mixture, self.bits, self.full_scale_dbov, dither)

        clipped = converted(scene.mixture())[1]
        return scene.processed(name, lambda mixture: converted(mixture)[0]).noted(adc_clipped_samples=clipped)
