"""Background of an empty room, by its noise criterion."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.colour import nc_density, nc_level_dba, noise
from augment.perturb.noise_step import Loudness, Noise, NoiseStep
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene


class RoomNoise(NoiseStep):
    """Steady background of a room on a noise criterion (NC) curve.

    Models ventilation and building noise in an empty room: bedrooms and wards NC 25-35, offices and classrooms
    30-35, shops and restaurants 35-40, laboratories 40-45, kitchens and computer rooms 45-55. The curve is the upper
    bound for such a room; few rooms reach it in every octave. Without ``snr_db`` and ``level_dba`` the
    noise is as loud as the curve says: NC 40 is about 49 dB(A).

    In a recipe::

        {kind: room_noise, nc: 40, snr_db: 15}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem. It never ends and never repeats.
    Random: the noise; the same for a whole block.
    Reference: NC curves, 63 Hz to 8 kHz, interpolated linearly between tabulated ones; within 0.5 dB in octaves.
    """

    kind: Literal["room_noise"]
    knows_its_level: ClassVar[bool] = True
    nc: Annotated[
        float, Field(ge=15, le=60, description="noise criterion: shape of the spectrum, and its level in a real room")
    ]

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return f"background of a room (NC-{self.nc:g})"

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """The noise, always on, in units of 20 uPa: its level is that of the curve, whatever the sample rate."""
        curve_dba = draw.library.once(("level", self.kind, self.nc), lambda: nc_level_dba(self.nc))
        return Noise(
            f"room NC-{self.nc:g}",
            lambda samples, lead: (noise(samples, draw.stream, nc_density(self.nc, scene.sample_rate_hz)), None),
            lambda: curve_dba,
            Loudness(curve_dba),
        )
