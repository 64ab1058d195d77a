"""Noise of equipment, synthesised from figures."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.edge_line import edge_line
from augment.errors import RenderError
from augment.perturb.noise_step import SourceNoise
from augment.profiles.components import Sound
from augment.profiles.library import Library, Need
from augment.profiles.noise import Level
from augment.scene import Draw, Track, Weighting


class EquipmentNoise(SourceNoise):
    """Periodic and steady noise of equipment or a room, synthesised from a profile, at a given SNR or level.

    Models tones with drift, pulse trains and bursts with their own regularity, and shaped noise. It has no length and
    never repeats. Noise that pauses is measured while it is on, and every item meets it at once. In a room it has a
    path of its own. Without ``snr_db`` and ``level_dba`` it is as loud as its profile says.

    In a recipe::

        {kind: equipment_noise, profile: mri_epi, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem.
    Random: phases, drift, the times of pulses and bursts, the broadband noise; the same for a whole block.
    Reference: SNR after ITU-T P.56 (speech) and RMS (noise), in the recipe's band; the profile names its sources.
    """

    kind: Literal["equipment_noise"]
    limits: ClassVar = ("Equipment noise is synthesised from figures; profiles say which of them are estimates.",)
    profile: Annotated[str, Field(min_length=1, description="bundled profile, or a YAML file relative to the recipe")]

    def needs(self) -> tuple[Need, ...]:
        """The profile."""
        return (Need("profile", "noise_profile", self.profile),)

    def remarks(self, library: Library, sample_rate_hz: int, snr: Weighting) -> tuple[str, ...]:
        """A strong line on an edge of the band in which its SNR is defined."""
        if self.snr_db is None or snr.band_hz is None:
            return ()
        profile = library.noise_profile(self.profile)
        key = ("spectrum", self.profile, sample_rate_hz)
        spectrum = library.once(key, lambda: profile.spectrum(sample_rate_hz))
        found = edge_line(spectrum, sample_rate_hz, snr.band_hz)
        return () if found is None else (f"noise {self.profile}: {found}",)

    knows_its_level: ClassVar[bool] = True

    def wanted_dba(self, draw: Draw) -> float:
        """Without SNR and level, the machine is as loud as its profile says.

        Raises:
            RenderError: The profile does not say it.
        """
        return self._own_level(draw).dba if self.level_dba is None else self.level_dba

    def meant_for_m(self, draw: Draw) -> float:
        """Distance in m for which the level is given: the profile's, where the level is the profile's."""
        return self._own_level(draw).at_m if self.level_dba is None else super().meant_for_m(draw)

    def _own_level(self, draw: Draw) -> Level:
        level = draw.library.noise_profile(self.profile).level
        if level is None:
            message = f"the profile '{self.profile}' does not say how loud it is: give snr_db or level_dba"
            raise RenderError(f"step {draw.step}: {message}")
        return level

    def named(self, draw: Draw) -> str:
        """The profile."""
        return self.profile

    def sound(self, draw: Draw, samples: int, sample_rate_hz: int, lead: int) -> Sound:
        """The synthesised noise."""
        return draw.library.noise(self.profile, samples, sample_rate_hz, draw.stream, lead)

    def own_level_db(self, draw: Draw, dry: Track) -> float:
        """Level of the machine, the same in every utterance and at every sample rate."""
        profile = draw.library.noise_profile(self.profile)
        return draw.library.once(("noise level", self.profile), profile.a_level_db)
