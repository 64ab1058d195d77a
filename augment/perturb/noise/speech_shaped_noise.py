"""Noise with the long-term spectrum of speech."""

from typing import Annotated, Literal

from pydantic import Field

from augment.acoustics.colour import BYRNE_LTASS_DB, noise, third_octave_density
from augment.acoustics.shaping import Density, a_level_of_density_db
from augment.dealt.spectrum import ChosenSpectrum, Spectrum
from augment.perturb.noise_step import NoiseStep
from augment.profiles.components import Sound
from augment.scene import Draw, Track


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
        Literal["byrne", "corpus"],
        Field(description="whose speech: byrne, the international average of 1994, or corpus, the chosen utterances"),
    ] = "byrne"

    def asks(self) -> ChosenSpectrum | None:
        """The spectrum of the chosen utterances, which the planner measures."""
        return ChosenSpectrum("spectrum") if self.spectrum == "corpus" else None

    def named(self, draw: Draw) -> str:
        """Source for the manifest."""
        return f"speech-shaped noise ({self.spectrum})"

    def sound(self, draw: Draw, samples: int, sample_rate_hz: int, lead: int) -> Sound:
        """The noise, always on; shape (samples,)."""
        return noise(samples, draw.stream, self._density(draw, sample_rate_hz)), None

    @staticmethod
    def _density(draw: Draw, sample_rate_hz: int) -> Density:
        levels: dict[int, float] = BYRNE_LTASS_DB
        if isinstance(draw.dealt, Spectrum):
            levels = {round(centre): level for centre, level in draw.dealt.third_octaves_db}
        return third_octave_density(levels, sample_rate_hz)

    def own_level_db(self, draw: Draw, dry: Track) -> float:
        """Level of the noise over a long time, the same in every utterance."""
        return a_level_of_density_db(self._density(draw, dry.sample_rate_hz), dry.sample_rate_hz)
