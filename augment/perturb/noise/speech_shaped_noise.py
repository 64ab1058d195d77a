"""Noise with the long-term spectrum of speech."""

from typing import Annotated, Literal

from pydantic import Field

from augment.acoustics.colour import BYRNE_LTASS_DB, noise, third_octave_density
from augment.acoustics.shaping import a_level_of_density_db
from augment.dealt.spectrum import ChosenSpectrum, Spectrum
from augment.perturb.noise_step import Noise, NoiseStep
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene


class SpeechShapedNoise(NoiseStep):
    """Steady Gaussian noise with the long-term average spectrum of speech, at a given level.

    Models many people talking far away, with no gaps to listen into: it masks all speech sounds about equally.

    In a recipe::

        {kind: speech_shaped_noise, snr_db: 5}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem, diffuse and so without the reverberation of a room. It never ends and never repeats.
    Random: the noise; the same for a whole block.
    Reference: Byrne et al. 1994 (JASA 96:2108), twelve languages, men and women; within 0.5 dB in third octaves.
    """

    kind: Literal["speech_shaped_noise"]
    spectrum: Annotated[
        Literal["byrne", "corpus"],
        Field(description="whose speech: byrne, the international average of 1994, or corpus, the chosen utterances"),
    ] = "byrne"

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return "speech-shaped noise" + (" of this corpus" if self.spectrum == "corpus" else "")

    def asks(self) -> ChosenSpectrum | None:
        """The spectrum of the chosen utterances, if it is wanted; the planner measures it."""
        return ChosenSpectrum("spectrum") if self.spectrum == "corpus" else None

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """The noise, always on; a level in dB(A) is its long-term level."""
        rate, levels = scene.sample_rate_hz, BYRNE_LTASS_DB
        if isinstance(draw.dealt, Spectrum):
            levels = {round(centre): level for centre, level in draw.dealt.third_octaves_db}
        key = ("density", self.kind, draw.dealt, rate)
        density = draw.library.once(key, lambda: third_octave_density(levels, rate))
        return Noise(
            f"speech-shaped noise ({self.spectrum})",
            lambda samples, lead: (noise(samples, draw.stream, density), None),
            lambda: a_level_of_density_db(density, rate),
        )
