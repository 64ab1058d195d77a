"""The component whose bands live: Gaussian noise that swells and fades in each band."""

import itertools
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from augment.acoustics.fluctuation import BandSwing, fluctuating_noise
from augment.acoustics.quantiles import LevelCurve
from augment.acoustics.shaping import band_density
from augment.acoustics.spectrum import OCTAVE_EDGE, THIRD_OCTAVE_EDGE
from augment.acoustics.synthesis import Streams
from augment.profiles.clocks import Shared
from augment.profiles.components import (
    Component,
    OctaveLevels,
    Sound,
    ThirdOctaveLevels,
    check_octaves,
    check_third_octaves,
    sum_db,
)
from augment.profiles.figures import Figures, Frequency, LevelDb, Share, one_of
from augment.profiles.knocks import Quantiles, check_rising

MEETING = 0.02
"""How far the edges of two neighbouring swings may lie apart, as a share of them: figures are rounded."""


class BandSwingFigures(Figures):
    """How the level of one band swings."""

    from_hz: Annotated[Frequency, Field(description="lower edge of the band")]
    to_hz: Annotated[Frequency, Field(description="upper edge of the band")]
    level_quantiles_db: Quantiles
    modulation_db: Annotated[
        dict[Annotated[float, Field(ge=0.05, le=64)], LevelDb],
        Field(min_length=1, description="power of the swings by octave of modulation frequency, centre in Hz"),
    ]
    together: Annotated[
        Share | None,
        Field(description="share of its swings that all bands have, in place of that above"),
    ] = None

    @model_validator(mode="after")
    def _in_order(self) -> "BandSwingFigures":
        if self.from_hz >= self.to_hz:
            raise ValueError(f"the band begins at {self.from_hz:g} Hz and ends at {self.to_hz:g} Hz")
        check_rising("level_quantiles_db", self.level_quantiles_db)
        check_octaves("modulation_db", self.modulation_db)
        return self


class FluctuatingNoise(Component):
    """Gaussian noise whose level in each band has a life of its own."""

    kind: Literal["fluctuating_noise"]
    octave_levels_db: OctaveLevels | None = None
    third_octave_levels_db: Annotated[ThirdOctaveLevels | None, Field(validate_default=True)] = None
    together: Annotated[Share, Field(description="share of the swings of a band that all bands have")] = 0.0
    swings: Annotated[
        tuple[BandSwingFigures, ...], Field(min_length=1, max_length=40, description="one for each band that swings")
    ]

    @field_validator("third_octave_levels_db")
    @classmethod
    def _one_of(cls, value: Any, found: ValidationInfo) -> Any:
        return one_of(value, found, "octave_levels_db")

    @model_validator(mode="after")
    def _bands(self) -> "FluctuatingNoise":
        check_octaves("octave_levels_db", self.octave_levels_db or ())
        check_third_octaves("third_octave_levels_db", self.third_octave_levels_db or ())
        for low, high in itertools.pairwise(self.swings):
            if abs(high.from_hz / low.to_hz - 1) > MEETING:
                raise ValueError(
                    f"swings: one band ends at {low.to_hz:g} Hz and the next begins at {high.from_hz:g} Hz; expected "
                    "each to begin where the one before it ends"
                )
        return self

    def level(self) -> float:
        return sum_db((self.octave_levels_db or self.third_octave_levels_db or {}).values())

    def render(self, samples: int, sample_rate_hz: int, streams: Streams, lead: int, shared: Shared) -> Sound:
        octaves = self.octave_levels_db
        if octaves is not None:
            density = band_density(octaves, sample_rate_hz, OCTAVE_EDGE)
        else:
            density = band_density(self.third_octave_levels_db or {}, sample_rate_hz, THIRD_OCTAVE_EDGE)
        bands = tuple(
            BandSwing(
                swing.from_hz,
                swing.to_hz,
                LevelCurve.of(swing.level_quantiles_db),
                tuple(swing.modulation_db.items()),
                self.together if swing.together is None else swing.together,
            )
            for swing in self.swings
        )
        return fluctuating_noise(samples, sample_rate_hz, streams, density, bands, lead), None
