"""Noise of equipment, synthesised from figures."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.edge_line import edge_line
from augment.columns import NOISE, Column
from augment.errors import Fault, ProfileError
from augment.perturb.noise_step import Loudness, Noise, NoiseStep, Place
from augment.perturb.words import NO_TITLES, Titles, called
from augment.profiles.library import Library, Need
from augment.profiles.refigured import WORDS, NewFigures
from augment.scene import Draw, Scene, Weighting

RECORDS = (
    Column("fundamental_hz", float, "frequency of the tones of a noise, where the recipe changes it", "Hz"),
    Column("pulse_rate_hz", float, "knocks a second of a noise, where the recipe changes it", "Hz"),
    Column("burst_rate_hz", float, "bursts a second of a noise, where the recipe changes it", "Hz"),
    Column("modulation_rate_hz", float, "swings a second of the level of a noise, where the recipe changes it", "Hz"),
    Column("on_share", float, "share of the time in which a noise is on, where the recipe changes it"),
)
"""Columns that have the names of the fields."""


class EquipmentNoise(NewFigures, Place, NoiseStep):
    """Periodic and steady noise of equipment or a room, synthesised from a profile, at a given SNR or level.

    Models drifting tones, pulse trains and bursts with their own regularity, and shaped noise. It never ends and never
    repeats. Intermittent noise is measured while it is on, and is heard at the very beginning of every item. In a room
    it has a path of its own. Without ``snr_db`` and ``level_dba`` it is as loud as its profile says.

    ``fundamental_hz``, ``pulse_rate_hz``, ``burst_rate_hz``, ``modulation_rate_hz`` and ``on_share`` take the place of
    the profile's own figure: of the loudest component that has one, and of all that have the same.

    In a recipe::

        {kind: equipment_noise, profile: mri_epi, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem.
    Random: phases, drift, the times of pulses and bursts, the broadband noise; the same for a whole block.
    Reference: SNR after ITU-T P.56 (speech) and RMS (noise), in the recipe's band; the profile names its sources.
    """

    kind: Literal["equipment_noise"]
    knows_its_level: ClassVar[bool] = True
    records: ClassVar = RECORDS
    limits: ClassVar = ("Equipment noise is synthesised from figures; profiles say which of them are estimates.",)
    profile: Annotated[str, Field(min_length=1, description="bundled profile, or a YAML file relative to the recipe")]

    def subject(self, titles: Titles = NO_TITLES) -> str:
        given = self.given()
        told = ", ".join(WORDS[name].format(value) for name, value in given.items())
        return f"{called(self.profile, titles)} ({told})" if given else called(self.profile, titles)

    def columns(self) -> tuple[Column, ...]:
        given = self.given()
        return (*(column for column in self.records if column.name in given), *NOISE)

    def needs(self) -> tuple[Need, ...]:
        return (Need("profile", "noise_profile", self.profile),)

    def remarks(self, library: Library, sample_rate_hz: int, snr: Weighting) -> tuple[str, ...]:
        """A strong line on an edge of the band in which SNR is defined, and figures that new ones leave alone."""
        figures, told = self.new_figures(), tuple[str, ...]()
        if figures.given():
            kept = dict.fromkeys(found.told() for found in library.refigured(self.profile, figures).kept)
            told = (f"noise {self.profile}: as they were, {', '.join(kept)}",) if kept else ()
        if self.snr_db is None or snr.band_hz is None:
            return told
        profile = library.noise_profile(self.profile, figures)
        key = ("spectrum", self.profile, sample_rate_hz, figures)
        spectrum = library.once(key, lambda: profile.spectrum(sample_rate_hz))
        found = edge_line(spectrum, sample_rate_hz, snr.band_hz)
        return told if found is None else (*told, f"noise {self.profile}: {found}")

    def clashes(self, library: Library) -> Iterator[tuple[str, Fault]]:
        """Figures that the profile does not have or does not go with: each by itself, or all together."""
        try:
            library.noise_profile(self.profile)
        except ProfileError:
            return  # told of the profile itself
        given = self.given()
        every = [(name, NewFigures(**{name: value})) for name, value in given.items()]
        every += [(next(reversed(given)), self.new_figures())] if len(given) > 1 else []
        for name, figures in every:
            try:
                library.noise_profile(self.profile, figures)
            except ProfileError as error:
                yield from ((name, fault) for fault in error.faults)

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        return super().apply(scene, draw).noted(**self.given())

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """The synthesised noise; a level in dB(A) is that of the machine, whatever the utterance and the rate."""
        library, rate, figures = draw.library, scene.sample_rate_hz, self.new_figures()
        profile = library.noise_profile(self.profile, figures)
        return Noise(
            self.profile,
            lambda samples, lead: library.noise(self.profile, samples, rate, draw.stream, lead, figures),
            lambda: library.once(("noise level", self.profile, figures), profile.a_level_db),
            None if profile.level is None else Loudness(profile.level.dba, profile.level.at_m),
        )
