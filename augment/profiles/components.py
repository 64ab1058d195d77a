"""The components of a noise profile: tones, shaped noise, and what all components have in common.

Levels are in dB relative to one another, of sound pressure. Every component states the source of its figures.
"""

import itertools
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from augment.acoustics import Signal
from augment.acoustics import synthesis as synth
from augment.acoustics.levels import db
from augment.profiles.clocks import Bursts, Clocks, Gates, Modulation, Shared
from augment.profiles.figures import Figures, Frequency, LevelDb, Name, Seconds, Times, one_of

Sound = tuple[Signal, NDArray[np.bool_] | None]
"""Samples, and where they are audible; None for always."""
Modulations = Annotated[tuple[Modulation, ...], Field(min_length=1)]
OctaveLevels = Annotated[dict[Frequency, LevelDb], Field(min_length=1, description="level by octave-band centre in Hz")]
ThirdOctaveLevels = Annotated[
    dict[Annotated[float, Field(ge=10, le=100_000)], LevelDb],
    Field(min_length=1, description="level by third-octave-band centre in Hz"),
]


def _one_or_several(given: Any) -> str:
    return "several" if isinstance(given, list | tuple) else "one"


OneOrSeveral = Annotated[
    Annotated[Modulation, Tag("one")] | Annotated[Modulations, Tag("several")], Discriminator(_one_or_several)
]


class Component(Figures):
    """What every component has."""

    grown: ClassVar = frozenset({"gate"})
    source: Annotated[str, Field(min_length=3, description="where the figures come from, or 'estimate: ...'")]
    modulation: Annotated[OneOrSeveral | None, Field(description="swing of the level, or several")] = None
    bursts: Annotated[Bursts | None, Field(description="on and off")] = None
    gate: Annotated[Name | None, Field(description="gate of the profile, in place of bursts")] = None

    @model_validator(mode="after")
    def _one_gate(self) -> "Component":
        if self.bursts is not None and self.gate is not None:
            raise ValueError("expected at most one of 'bursts' and 'gate', found both")
        return self

    @property
    def modulations(self) -> tuple[Modulation, ...]:
        """All swings of its level."""
        some = self.modulation
        return some if isinstance(some, tuple) else () if some is None else (some,)

    @property
    def own_clock(self) -> str | None:
        """The clock that its sound itself keeps to."""
        return None

    def clocks(self) -> tuple[str, ...]:
        """Names of all clocks that it keeps to, without that of its gate."""
        named = (self.own_clock, *(swing.clock for swing in self.modulations))
        return tuple(name for name in named if name is not None)

    def level(self) -> float:
        """RMS level by its figures, in dB, before modulation and while it is on."""
        raise TypeError(f"{type(self).__name__} is not a component of its own")

    def check_on(self, clocks: Clocks) -> None:
        """Check what depends on the clocks that it keeps to.

        Raises:
            ValueError: It does not go with them.
        """

    def ahead(self, streams: synth.Streams, clocks: Clocks, open_s: float | None) -> float | None:
        """How far its clock must have turned at the beginning for it to be heard at once; None if it does not matter.

        Args:
            streams: Of its clock.
            clocks: Of the profile.
            open_s: How long the noise stays on, if it comes and goes.
        """
        return None

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int, shared: Shared) -> Sound:
        """Samples before modulation and bursts, and where they are audible (None for always), (lead + samples,)."""
        raise TypeError(f"{type(self).__name__} is not a component of its own")

    def sound(
        self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int = 0, shared: Shared | None = None
    ) -> Sound:
        """Samples with modulation and bursts, and where they are audible, shapes (lead + samples,)."""
        shared = shared or Shared(streams)
        part, on = self.render(samples, sample_rate_hz, streams, lead, shared)
        for number, swing in enumerate(self.modulations):
            which = f"swing {number}" if number else "swing"
            part = part * swing.level(samples, sample_rate_hz, streams, which, lead, shared)
        if self.bursts is not None:
            level, open_ = self.bursts.level(samples, sample_rate_hz, streams, lead, shared)
        elif self.gate is not None:
            level, open_ = shared.gate(self.gate, samples, sample_rate_hz, lead)
        else:
            return part, on
        return part * level, open_ if on is None else on & open_

    def open_s(self, gates: Gates, clocks: Clocks) -> float | None:
        """How long it stays on at least; None for always."""
        switch = self.bursts if self.gate is None else gates[self.gate]
        return None if switch is None else switch.open_s(clocks)


def first_s(open_s: float | None) -> float:
    """Latest time of the first knock, in s, of a noise that stays on so long."""
    # At t = 0 a burst lasts on for min(0.1 s, its length) at least: a knock in the first half of that is in it.
    return synth.AT_ONCE_S if open_s is None else min(synth.AT_ONCE_S, open_s) / 2


class Tones(Component):
    """What harmonics and partials have in common: a fundamental that drifts, of their own or of a clock."""

    grown: ClassVar = Component.grown | {"clock", "times"}
    drift_hz: Annotated[float, Field(ge=0, le=100, description="standard deviation of the fundamental")] = 0.0
    drift_time_s: Annotated[Seconds, Field(description="time after which it has forgotten where it was")] = 2.0
    clock: Annotated[Name | None, Field(description="clock that they keep to, in place of fundamental_hz")] = None
    fundamental_hz: Annotated[
        Frequency | None, Field(validate_default=True, description="frequency to which the tones have their ratios")
    ] = None
    times: Times = 1.0
    wander_db: Annotated[float, Field(ge=0, le=12, description="standard deviation of their common level")] = 0.0
    wander_time_s: Annotated[Seconds, Field(description="time after which it has forgotten how loud it was")] = 1.0

    @field_validator("fundamental_hz")
    @classmethod
    def _one_of(cls, value: Any, found: ValidationInfo) -> Any:
        return one_of(value, found, "clock")

    @model_validator(mode="after")
    def _on_clock(self) -> "Tones":
        own = self.model_fields_set & {"drift_hz", "drift_time_s"}
        if self.clock is not None and own:
            raise ValueError(f"the clock has the drift: leave out {' and '.join(sorted(own))}")
        if self.clock is None and "times" in self.model_fields_set:
            raise ValueError("'times' is that of a clock: name one, or leave it out")
        return self

    @property
    def own_clock(self) -> str | None:
        return self.clock

    def turning(
        self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int, shared: Shared
    ) -> tuple[Signal, float]:
        """Angle of the fundamental in radians, and its frequency in Hz without drift."""
        if self.clock is not None:
            clock = shared.clocks[self.clock]
            return self.times * clock.phase(samples, lead), self.times * clock.rate_hz
        assert self.fundamental_hz is not None
        wander = (self.drift_hz, self.drift_time_s)
        return synth.turned(samples, sample_rate_hz, streams, self.fundamental_hz, *wander, lead), self.fundamental_hz

    def wandering(self, tones: Signal, sample_rate_hz: int, streams: synth.Streams, lead: int) -> Signal:
        """Tones whose level wanders."""
        if self.wander_db == 0:
            return tones
        figures = (self.wander_db, self.wander_time_s)
        return tones * synth.wander(tones.size - lead, sample_rate_hz, streams, *figures, lead)


class Harmonics(Tones):
    """Tones locked to one fundamental that drifts."""

    kind: Literal["harmonics"]
    levels_db: Annotated[
        dict[Annotated[int, Field(ge=1, le=400)], LevelDb],
        Field(min_length=1, description="RMS level of each harmonic by its number"),
    ]

    def level(self) -> float:
        return sum_db(self.levels_db.values())

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int, shared: Shared) -> Sound:
        phase, fundamental_hz = self.turning(samples, sample_rate_hz, streams, lead, shared)
        tones = synth.harmonics(phase, sample_rate_hz, streams, fundamental_hz, self.levels_db)
        return self.wandering(tones, sample_rate_hz, streams, lead), None


class Partials(Tones):
    """Tones at any ratios to one fundamental, which they keep while it drifts: a bar, a pair of gears."""

    kind: Literal["partials"]
    levels_db: Annotated[
        dict[Annotated[float, Field(ge=0.01, le=400)], LevelDb],
        Field(min_length=1, description="RMS level of each partial by its ratio to the fundamental"),
    ]

    def level(self) -> float:
        return sum_db(self.levels_db.values())

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int, shared: Shared) -> Sound:
        phase, fundamental_hz = self.turning(samples, sample_rate_hz, streams, lead, shared)
        tones = synth.partials(phase, sample_rate_hz, streams, fundamental_hz, self.levels_db)
        return self.wandering(tones, sample_rate_hz, streams, lead), None


class OctaveNoise(Component):
    """Steady Gaussian noise with given octave-band levels."""

    kind: Literal["octave_noise"]
    octave_levels_db: OctaveLevels

    @model_validator(mode="after")
    def _octaves(self) -> "OctaveNoise":
        check_octaves("octave_levels_db", self.octave_levels_db)
        return self

    def level(self) -> float:
        return sum_db(self.octave_levels_db.values())

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int, shared: Shared) -> Sound:
        draws = (streams("noise"), streams("noise before"))
        return synth.octave_noise(samples, sample_rate_hz, draws[0], self.octave_levels_db, lead, draws[1]), None


class ThirdOctaveNoise(Component):
    """Steady Gaussian noise with given third-octave-band levels."""

    kind: Literal["third_octave_noise"]
    third_octave_levels_db: ThirdOctaveLevels

    @model_validator(mode="after")
    def _third_octaves(self) -> "ThirdOctaveNoise":
        check_third_octaves("third_octave_levels_db", self.third_octave_levels_db)
        return self

    def level(self) -> float:
        return sum_db(self.third_octave_levels_db.values())

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int, shared: Shared) -> Sound:
        draws, levels = (streams("noise"), streams("noise before")), self.third_octave_levels_db
        return synth.third_octave_noise(samples, sample_rate_hz, draws[0], levels, lead, draws[1]), None


def sum_db(levels_db: Iterable[float]) -> float:
    """Level of the sum of parts that do not know of one another.

    Example:
        >>> round(sum_db([0.0, 0.0]), 2)
        3.01
    """
    return db(sum(10 ** (level / 10) for level in levels_db))


def check_octaves(field: str, centres: Iterable[float]) -> None:
    """Check that bands are neighbours.

    Raises:
        ValueError: They are not.
    """
    _check_neighbours(field, "octave", centres, (1.9, 2.1))


def check_third_octaves(field: str, centres: Iterable[float]) -> None:
    """Check that bands are neighbours.

    Raises:
        ValueError: They are not.
    """
    _check_neighbours(field, "third-octave", centres, (1.2, 1.32))


def _check_neighbours(field: str, band: str, centres: Iterable[float], ratio: tuple[float, float]) -> None:
    for low, high in itertools.pairwise(sorted(centres)):
        if not ratio[0] <= high / low <= ratio[1]:
            raise ValueError(f"{field}: {low:g} and {high:g} Hz are not neighbouring {band} bands")
