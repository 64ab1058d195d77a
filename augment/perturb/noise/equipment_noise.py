"""Noise of equipment, synthesised from figures."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.edge_line import edge_line
from augment.perturb.noise_step import Loudness, Noise, NoiseStep, Place
from augment.perturb.words import NO_TITLES, Titles, called
from augment.profiles.library import Library, Need
from augment.scene import Draw, Scene, Weighting


class EquipmentNoise(Place, NoiseStep):
    """Periodic and steady noise of equipment or a room, synthesised from a profile, at a given SNR or level.

    Models drifting tones, pulse trains and bursts with their own regularity, and shaped noise. It never ends and never
    repeats. Intermittent noise is measured while it is on, and is heard at the very beginning of every item. In a room
    it has a path of its own. Without ``snr_db`` and ``level_dba`` it is as loud as its profile says.

    In a recipe::

        {kind: equipment_noise, profile: mri_epi, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem.
    Random: phases, drift, the times of pulses and bursts, the broadband noise; the same for a whole block.
    Reference: SNR after ITU-T P.56 (speech) and RMS (noise), in the recipe's band; the profile names its sources.
    """

    kind: Literal["equipment_noise"]
    knows_its_level: ClassVar[bool] = True
    limits: ClassVar = ("Equipment noise is synthesised from figures; profiles say which of them are estimates.",)
    profile: Annotated[str, Field(min_length=1, description="bundled profile, or a YAML file relative to the recipe")]

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return called(self.profile, titles)

    def needs(self) -> tuple[Need, ...]:
        return (Need("profile", "noise_profile", self.profile),)

    def remarks(self, library: Library, sample_rate_hz: int, snr: Weighting) -> tuple[str, ...]:
        """A strong line on an edge of the band in which SNR is defined."""
        if self.snr_db is None or snr.band_hz is None:
            return ()
        profile = library.noise_profile(self.profile)
        key = ("spectrum", self.profile, sample_rate_hz)
        spectrum = library.once(key, lambda: profile.spectrum(sample_rate_hz))
        found = edge_line(spectrum, sample_rate_hz, snr.band_hz)
        return () if found is None else (f"noise {self.profile}: {found}",)

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """The synthesised noise; a level in dB(A) is that of the machine, whatever the utterance and the rate."""
        library, rate = draw.library, scene.sample_rate_hz
        profile = library.noise_profile(self.profile)
        return Noise(
            self.profile,
            lambda samples, lead: library.noise(self.profile, samples, rate, draw.stream, lead),
            lambda: library.once(("noise level", self.profile), profile.a_level_db),
            None if profile.level is None else Loudness(profile.level.dba, profile.level.at_m),
        )
