"""The components of a noise profile: tones, knocks, shaped noise, and what they have in common.

Levels are in dB relative to one another, of sound pressure. Every component states the source of its figures.
"""

import itertools
from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from augment.acoustics import Signal
from augment.acoustics import synthesis as synth
from augment.acoustics.knocks import pulse_kernel, pulses, random_knocks

Frequency = Annotated[float, Field(ge=1, le=100_000)]
LevelDb = Annotated[float, Field(ge=-120, le=160)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Share = Annotated[float, Field(ge=0, le=1)]
Sound = tuple[Signal, NDArray[np.bool_] | None]
"""Samples, and where they are audible; None for always."""
MOST_OVERLAP = 0.7
"""Share of the period within which a knock must have fallen by 60 dB and ended, with room for jitter."""


class Figures(BaseModel):
    """Base of everything in a profile: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Modulation(Figures):
    """Sinusoidal swing of the level."""

    rate_hz: Annotated[float, Field(gt=0, le=200, description="swings a second")]
    depth: Annotated[Share, Field(description="0 for none, 1 for down to silence")]


class Bursts(Figures):
    """On and off, with a regularity of its own."""

    on_s: Annotated[Seconds, Field(description="length of a burst")]
    off_s: Annotated[Seconds, Field(description="mean length of a pause")]
    ramp_s: Annotated[float, Field(ge=0, le=60, description="rise and fall inside the burst")] = 0.0
    jitter: Annotated[float, Field(ge=0, le=0.5, description="deviation of the pause, as a share of it")] = 0.0


class Component(Figures):
    """What every component has."""

    source: Annotated[str, Field(min_length=3, description="where the figures come from, or 'estimate: ...'")]
    modulation: Annotated[Modulation | None, Field(description="swing of the level")] = None
    bursts: Annotated[Bursts | None, Field(description="on and off")] = None

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int = 0) -> Sound:
        """Samples before modulation and bursts, and where they are audible (None for always), (lead + samples,)."""
        raise TypeError(f"{type(self).__name__} is not a component of its own")

    def sound(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int = 0) -> Sound:
        """Samples with modulation and bursts, and where they are audible, shapes (lead + samples,)."""
        part, on = self.render(samples, sample_rate_hz, streams, lead)
        if self.modulation is not None:
            swing = self.modulation
            part = part * synth.modulation(samples, sample_rate_hz, streams("swing"), swing.rate_hz, swing.depth, lead)
        if self.bursts is not None:
            b, draws = self.bursts, (streams("bursts"), streams("bursts before"))
            level, open_ = synth.bursts(
                samples, sample_rate_hz, draws[0], b.on_s, b.off_s, b.ramp_s, b.jitter, lead, draws[1]
            )
            part, on = part * level, open_ if on is None else on & open_
        return part, on

    def first_s(self) -> float:
        """Latest time of the first knock, in s."""
        # At t = 0 a burst lasts on for min(0.1 s, its length) at least: a knock in the first half of that is in it.
        return synth.AT_ONCE_S if self.bursts is None else min(synth.AT_ONCE_S, self.bursts.on_s) / 2


class Harmonics(Component):
    """Tones locked to one fundamental that drifts."""

    kind: Literal["harmonics"]
    fundamental_hz: Annotated[Frequency, Field(description="frequency of the first harmonic")]
    levels_db: Annotated[
        dict[Annotated[int, Field(ge=1, le=400)], LevelDb],
        Field(min_length=1, description="RMS level of each harmonic by its number"),
    ]
    drift_hz: Annotated[float, Field(ge=0, le=100, description="standard deviation of the fundamental")] = 0.0
    drift_time_s: Annotated[Seconds, Field(description="time after which it has forgotten where it was")] = 2.0

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int = 0) -> Sound:
        wander = (self.drift_hz, self.drift_time_s)
        return synth.harmonics(
            samples, sample_rate_hz, streams, self.fundamental_hz, self.levels_db, *wander, lead
        ), None


class Resonance(Figures):
    """One decaying sine of a pulse."""

    frequency_hz: Annotated[Frequency, Field(description="frequency of the sine")]
    level_db: Annotated[LevelDb, Field(description="level against the other resonances")] = 0.0
    decay_s: Annotated[float, Field(ge=0.0005, le=5, description="time to fall by 60 dB")]

    def figures(self) -> tuple[float, float, float]:
        return self.frequency_hz, self.level_db, self.decay_s


class Pulses(Component):
    """A train of knocks."""

    kind: Literal["pulses"]
    rate_hz: Annotated[float, Field(ge=0.01, le=1000, description="knocks a second")]
    level_db: Annotated[LevelDb, Field(description="RMS level of the train")]
    resonances: Annotated[tuple[Resonance, ...], Field(min_length=1, description="what a knock sounds like")]
    jitter: Annotated[float, Field(ge=0, le=0.5, description="deviation of the interval, as a share of it")] = 0.0
    spread_db: Annotated[float, Field(ge=0, le=20, description="deviation of the level between pulses")] = 0.0

    @model_validator(mode="after")
    def _apart(self) -> "Pulses":
        overlap = self.rate_hz * max(resonance.decay_s for resonance in self.resonances)
        if overlap > MOST_OVERLAP:
            raise ValueError(
                f"the pulses ring into one another (rate_hz x decay_s is {overlap:.2g}, at most {MOST_OVERLAP}), which "
                "makes tones whose level is not level_db: describe them as harmonics of rate_hz"
            )
        return self

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int = 0) -> Sound:
        kernel = pulse_kernel(sample_rate_hz, [r.figures() for r in self.resonances])
        regularity = (self.rate_hz, self.jitter, self.spread_db, self.first_s(), lead)
        train, on = pulses(samples, sample_rate_hz, streams, kernel, *regularity)
        return train * 10 ** (self.level_db / 20), on


class Knocks(Component):
    """Knocks at random times: a Poisson process."""

    kind: Literal["knocks"]
    rate_hz: Annotated[float, Field(ge=0.01, le=1000, description="mean number of knocks a second")]
    level_db: Annotated[LevelDb, Field(description="RMS level over a long time")]
    resonances: Annotated[tuple[Resonance, ...], Field(min_length=1, description="what a knock sounds like")]
    spread_db: Annotated[float, Field(ge=0, le=20, description="deviation of the level between knocks")] = 0.0

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int = 0) -> Sound:
        kernel = pulse_kernel(sample_rate_hz, [r.figures() for r in self.resonances])
        train, on = random_knocks(
            samples, sample_rate_hz, streams, kernel, self.rate_hz, self.spread_db, self.first_s(), lead
        )
        return train * 10 ** (self.level_db / 20), on


class OctaveNoise(Component):
    """Steady Gaussian noise with given octave-band levels."""

    kind: Literal["octave_noise"]
    octave_levels_db: Annotated[
        dict[Frequency, LevelDb], Field(min_length=1, description="level by octave-band centre in Hz")
    ]

    @model_validator(mode="after")
    def _octaves(self) -> "OctaveNoise":
        _check_neighbours("octave", self.octave_levels_db, (1.9, 2.1))
        return self

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int = 0) -> Sound:
        draws = (streams("noise"), streams("noise before"))
        return synth.octave_noise(samples, sample_rate_hz, draws[0], self.octave_levels_db, lead, draws[1]), None


class ThirdOctaveNoise(Component):
    """Steady Gaussian noise with given third-octave-band levels."""

    kind: Literal["third_octave_noise"]
    third_octave_levels_db: Annotated[
        dict[Annotated[float, Field(ge=10, le=100_000)], LevelDb],
        Field(min_length=1, description="level by third-octave-band centre in Hz"),
    ]

    @model_validator(mode="after")
    def _third_octaves(self) -> "ThirdOctaveNoise":
        _check_neighbours("third_octave", self.third_octave_levels_db, (1.2, 1.32))
        return self

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int = 0) -> Sound:
        draws, levels = (streams("noise"), streams("noise before")), self.third_octave_levels_db
        return synth.third_octave_noise(samples, sample_rate_hz, draws[0], levels, lead, draws[1]), None


def _check_neighbours(band: str, centres: Iterable[float], ratio: tuple[float, float]) -> None:
    for low, high in itertools.pairwise(sorted(centres)):
        if not ratio[0] <= high / low <= ratio[1]:
            words = band.replace("_", "-")
            raise ValueError(f"{band}_levels_db: {low:g} and {high:g} Hz are not neighbouring {words} bands")
