"""Noise with the long-term spectrum of speech."""

from typing import Annotated, Literal

from pydantic import Field

from augment.acoustics.colour import BYRNE_LTASS_DB, noise, third_octave_density
from augment.perturb.noise_step import NoiseStep, Sound
from augment.scene import Draw


class SpeechShapedNoise(NoiseStep):
    """Steady Gaussian noise with the long-term average spectrum of speech, at a given level.

    Models many people talking far away, with no gaps to listen into: it covers all speech sounds about alike.

    In a recipe::

        {kind: speech_shaped_noise, snr_db: 5}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem, from all sides and so without the room's echo. It has no length and never repeats.
    Random: the noise; the same for a whole block.
    Reference: Byrne et al. 1994 (JASA 96:2108), twelve languages, men and women; within 0.5 dB in third octaves.
    """

    kind: Literal["speech_shaped_noise"]
    spectrum: Annotated[
        Literal["byrne"], Field(description="whose speech: byrne, the international average of 1994")
    ] = "byrne"

    def named(self, draw: Draw) -> str:
        """Source for the manifest."""
        return f"speech-shaped noise ({self.spectrum})"

    def sound(self, draw: Draw, samples: int, sample_rate_hz: int, lead: int) -> Sound:
        """The noise, +70 dBov, always on; shape (lead + samples,)."""
        return noise(samples, draw.stream, third_octave_density(BYRNE_LTASS_DB, sample_rate_hz), lead), None
