"""White, pink and brown noise."""

from typing import Annotated, Literal

from pydantic import Field

from augment.acoustics.colour import Colour, colour_density, noise
from augment.acoustics.shaping import a_level_of_density_db
from augment.perturb.noise_step import Noise, NoiseStep
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene


class ColouredNoise(NoiseStep):
    """White, pink or brown Gaussian noise at a given level.

    Models steady noise without a source: 0, -3.01 or -6.02 dB per octave from 20 Hz to the Nyquist frequency. From one
    third-octave band to the next the level of white noise rises by 1 dB, that of pink noise stays, and that of brown
    noise falls by 1 dB.

    In a recipe::

        {kind: coloured_noise, colour: pink, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem, diffuse and so without the reverberation of a room. It never ends and never repeats.
    Random: the noise; the same for a whole block.
    Reference: power as 1, 1/f, 1/f^2; within 0.5 dB in third octaves from 63 Hz to 6.3 kHz.
    """

    kind: Literal["coloured_noise"]
    colour: Annotated[
        Colour, Field(description="white (0 dB per octave), pink (-3.01 dB) or brown (-6.02 dB, mostly rumble)")
    ]

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return f"{self.colour} noise"

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """The noise, 0 dBov, always on; a level in dB(A) is its long-term level."""
        rate = scene.sample_rate_hz
        density = draw.library.once(("density", self.colour, rate), lambda: colour_density(self.colour, rate))
        return Noise(
            f"{self.colour} noise",
            lambda samples, lead: (noise(samples, draw.stream, density), None),
            lambda: a_level_of_density_db(density, rate),
        )
