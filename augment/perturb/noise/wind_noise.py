"""Wind at the microphone."""

from typing import Annotated, Literal

from pydantic import Field

from augment.acoustics.colour import gusts, noise, wind_density
from augment.acoustics.shaping import a_level_of_density_db
from augment.perturb.noise_step import Noise, NoiseStep
from augment.perturb.words import NO_TITLES, Titles
from augment.profiles.components import Sound
from augment.scene import Draw, Scene


class WindNoise(NoiseStep):
    """Rumble of wind at a microphone, with gusts, at a given level.

    Models the pressure of turbulent air at an unprotected microphone: a spectrum flat up to a corner, -7 dB per octave
    above, and a level that wanders. estimate: corner, gusts and their speed are typical values, measured on no device.
    Most of it lies below 100 Hz, outside the usual SNR band: it sounds louder than its SNR suggests.

    In a recipe::

        {kind: wind_noise, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem. It never ends and never repeats; gusts do not overload the microphone.
    Random: the noise and the gusts; the same for a whole block.
    Reference: slope of pressure in isotropic turbulence (f^-7/3); all else estimate.
    """

    kind: Literal["wind_noise"]
    corner_hz: Annotated[
        float, Field(ge=20, le=500, description="where the spectrum begins to fall; a stronger wind, a higher corner")
    ] = 100.0
    gust_db: Annotated[
        float, Field(ge=0, le=10, description="standard deviation of the level; 0 for a steady wind")
    ] = 4.0
    gust_s: Annotated[float, Field(ge=0.1, le=60, description="time after which a gust is forgotten")] = 1.0

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return "wind"

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """The noise, 0 dBov over a long time, always on; a level in dB(A) is its long-term level."""
        rate = scene.sample_rate_hz
        key = ("density", self.kind, self.corner_hz, rate)
        density = draw.library.once(key, lambda: wind_density(self.corner_hz, rate))

        def sound(samples: int, lead: int) -> Sound:
            steady = noise(samples, draw.stream, density)
            return steady * gusts(samples, rate, draw.stream, self.gust_db, self.gust_s), None

        return Noise("wind", sound, lambda: a_level_of_density_db(density, rate))
