"""Parametric noise: equipment and ambience described by figures, synthesised without end.

A profile is a sum of components. Levels are dB relative to one another, as in sound pressure; the step that uses the
profile sets the level of the whole. Every component states the source of its figures.
"""

import itertools
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from augment.acoustics import Signal
from augment.acoustics import synthesis as synth
from augment.acoustics.levels import db, power
from augment.streams import generator

Frequency = Annotated[float, Field(ge=1, le=100_000)]
LevelDb = Annotated[float, Field(ge=-120, le=160)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Sound = tuple[Signal, NDArray[np.bool_] | None]
"""Samples, and where they can be heard; None for always."""
MOST_OVERLAP = 0.7
FAINT_DB = 10.0
Share = Annotated[float, Field(ge=0, le=1)]


class Figures(BaseModel):
    """Base of everything that a profile spells: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Modulation(Figures):
    """Sinusoidal swing of the level."""

    rate_hz: Annotated[float, Field(gt=0, le=200)]
    depth: Share


class Bursts(Figures):
    """On and off, with a regularity of its own."""

    on_s: Seconds
    off_s: Seconds
    ramp_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    jitter: Annotated[float, Field(ge=0, le=0.5, description="deviation of the pause, as a share of it")] = 0.0


class Component(Figures):
    """What every component has."""

    source: Annotated[str, Field(min_length=3, description="where the figures come from, or 'estimate: ...'")]
    modulation: Modulation | None = None
    bursts: Bursts | None = None

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams) -> Sound:
        """Samples before modulation and bursts, and where they can be heard (None for always), shapes (samples,)."""
        raise TypeError(f"{type(self).__name__} is not a component of its own")

    def sound(self, samples: int, sample_rate_hz: int, streams: synth.Streams) -> Sound:
        """Samples with modulation and bursts, and where they can be heard, shapes (samples,)."""
        part, on = self.render(samples, sample_rate_hz, streams)
        if self.modulation is not None:
            swing = self.modulation
            part = part * synth.modulation(samples, sample_rate_hz, streams("swing"), swing.rate_hz, swing.depth)
        if self.bursts is not None:
            b = self.bursts
            level, open_ = synth.bursts(samples, sample_rate_hz, streams("bursts"), b.on_s, b.off_s, b.ramp_s, b.jitter)
            part, on = part * level, open_ if on is None else on & open_
        return part, on


class Harmonics(Component):
    """Tones locked to one fundamental that drifts."""

    kind: Literal["harmonics"]
    fundamental_hz: Frequency
    levels_db: Annotated[dict[Annotated[int, Field(ge=1, le=400)], LevelDb], Field(min_length=1)]
    drift_hz: Annotated[float, Field(ge=0, le=100, description="standard deviation of the fundamental")] = 0.0
    drift_time_s: Seconds = 2.0

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams) -> Sound:
        """Phase-continuous tones."""
        tones = synth.harmonics(
            samples, sample_rate_hz, streams, self.fundamental_hz, self.levels_db, self.drift_hz, self.drift_time_s
        )
        return tones, None


class Resonance(Figures):
    """One decaying sine of a pulse."""

    frequency_hz: Frequency
    level_db: LevelDb = 0.0
    decay_s: Annotated[float, Field(ge=0.0005, le=5, description="time to fall by 60 dB")]


class Pulses(Component):
    """A train of knocks."""

    kind: Literal["pulses"]
    rate_hz: Annotated[float, Field(ge=0.01, le=1000)]
    level_db: LevelDb
    resonances: Annotated[tuple[Resonance, ...], Field(min_length=1)]
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

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams) -> Sound:
        """Pulse train at its RMS level."""
        kernel = synth.pulse_kernel(sample_rate_hz, [(r.frequency_hz, r.level_db, r.decay_s) for r in self.resonances])
        first_s = synth.AT_ONCE_S if self.bursts is None else min(synth.AT_ONCE_S, self.bursts.on_s) / 2
        train, on = synth.pulses(
            samples, sample_rate_hz, streams, kernel, self.rate_hz, self.jitter, self.spread_db, first_s
        )
        return train * 10 ** (self.level_db / 20), on


class OctaveNoise(Component):
    """Steady Gaussian noise with given octave-band levels."""

    kind: Literal["octave_noise"]
    octave_levels_db: Annotated[dict[Frequency, LevelDb], Field(min_length=1)]

    @model_validator(mode="after")
    def _octaves(self) -> "OctaveNoise":
        centres = sorted(self.octave_levels_db)
        for low, high in itertools.pairwise(centres):
            if not 1.9 <= high / low <= 2.1:
                raise ValueError(f"octave_levels_db: {low:g} and {high:g} Hz are not neighbouring octave bands")
        return self

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams) -> Sound:
        """Shaped noise."""
        return synth.octave_noise(samples, sample_rate_hz, streams("noise"), self.octave_levels_db), None


AnyComponent = Annotated[Harmonics | Pulses | OctaveNoise, Field(discriminator="kind")]


class NoiseProfile(Figures):
    """A noise described by figures.

    Attributes:
        title: What it is, in one line.
        about: What it models, and what not.
        components: Its parts; they sound together.
    """

    title: Annotated[str, Field(min_length=3)]
    about: Annotated[str, Field(min_length=3)]
    components: Annotated[tuple[AnyComponent, ...], Field(min_length=1)]

    def prominent(self, sample_rate_hz: int) -> tuple[bool, ...]:
        """For each component, whether it counts when the noise is said to be on.

        A part 10 dB or more under the loudest one, or one that the sample rate cannot hold, must not turn a noise that
        pauses into a steady one. Judged on ten seconds that are the same for every item, not on the item itself.
        """
        levels = []
        for index, component in enumerate(self.components):

            def named(name: str, index: int = index) -> np.random.Generator:
                return generator("prominent", index, name)

            part, on = component.sound(10 * sample_rate_hz, sample_rate_hz, named)
            levels.append(db(power(part if on is None else part[on])))
        return tuple(level > max(levels) - FAINT_DB for level in levels)

    def render(
        self, samples: int, sample_rate_hz: int, streams: synth.Streams, prominent: tuple[bool, ...] | None = None
    ) -> Sound:
        """Synthesise the noise.

        Args:
            samples: Wanted length n.
            sample_rate_hz: Samples a second.
            streams: Named random generators; each component has names of its own.
            prominent: What :meth:`prominent` says, if it has been asked already.

        Returns:
            Noise of shape (n,) at the profile's own relative level, and where it is on, shape (n,), or None for a
            noise that never pauses. Both are the beginning of what a larger n gives.
        """
        total = np.zeros(samples)
        active = np.zeros(samples, dtype=np.bool_)
        counted = self.prominent(sample_rate_hz) if prominent is None else prominent
        for index, (component, counts) in enumerate(zip(self.components, counted, strict=True)):

            def named(name: str, index: int = index) -> np.random.Generator:
                return streams(f"component {index} {name}")

            part, on = component.sound(samples, sample_rate_hz, named)
            total += part
            if counts:
                active |= True if on is None else on
        return total, None if active.all() else active
