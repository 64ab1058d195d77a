"""Parametric noise: equipment and ambience described by figures, synthesised at any length.

A profile is a sum of components. Their levels are in dB relative to one another, of sound pressure; the step that uses
the profile sets the level of the whole. Every component states the source of its figures.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from augment.acoustics import synthesis as synth
from augment.acoustics.clock import Clock
from augment.acoustics.edge_line import FineSpectrum, fine_spectrum
from augment.acoustics.filters import INFRASOUND_HZ
from augment.acoustics.levels import db, power
from augment.acoustics.spectrum import weighted_power
from augment.profiles.alarm import Alarm
from augment.profiles.clocks import ClockFigures, ClockGate, Gate, Shared, of_clock, of_gate
from augment.profiles.components import Component, Harmonics, OctaveNoise, Partials, Sound, ThirdOctaveNoise
from augment.profiles.figures import Figures, Name
from augment.profiles.fluctuating import FluctuatingNoise
from augment.profiles.knocks import Knocks, Pulses
from augment.streams import generator

__all__ = ["Figures", "Harmonics", "Level", "NoiseProfile", "Sound"]

FAINT_DB = 10.0
"""A part so far below the loudest raises their sum by 10 lg(1.1) = 0.4 dB only."""
JUDGED_S = 10

AnyComponent = Annotated[
    Harmonics | Partials | Pulses | Knocks | Alarm | OctaveNoise | ThirdOctaveNoise | FluctuatingNoise,
    Field(discriminator="kind"),
]


class Level(Figures):
    """How loud the source is in reality, while it is on."""

    dba: Annotated[float, Field(ge=0, le=160, description="A-weighted sound pressure level in dB, while it sounds")]
    at_m: Annotated[float, Field(ge=0.05, le=100, description="distance that it is meant for")]
    source: Annotated[str, Field(min_length=3, description="where the figure comes from, or 'estimate: ...'")]


class NoiseProfile(Figures):
    """A noise described by figures.

    Attributes:
        title: What it is, in one line.
        about: What it models, and what not.
        level: How loud it typically is, and where.
        clocks: What components keep to, by name.
        gates: What opens and closes components together, by name.
        components: Its parts; they sound together.
    """

    grown: ClassVar = frozenset({"clocks", "gates"})
    title: Annotated[str, Field(min_length=3, description="what it is, in one line")]
    about: Annotated[str, Field(min_length=3, description="what it models, and what not")]
    level: Annotated[Level | None, Field(description="how loud it typically is, and where")] = None
    clocks: Annotated[dict[Name, ClockFigures], Field(description="what components keep to, by name")] = {}
    gates: Annotated[dict[Name, Gate], Field(description="what opens and closes components together, by name")] = {}
    components: Annotated[tuple[AnyComponent, ...], Field(min_length=1, description="its parts; they sound together")]

    def __hash__(self) -> int:
        # Some figures are in dictionaries, which have no hash.
        return hash(self.model_dump_json())

    @model_validator(mode="after")
    def _known_names(self) -> "NoiseProfile":
        faults = [*misnamed(self)] or [*unfit(self)]
        if faults:
            raise ValidationError.from_exception_data("NoiseProfile", faults)
        return self

    def shared(self, sample_rate_hz: int, streams: synth.Streams) -> Shared:
        """Its clocks and gates, as they are while it is rendered.

        Of slow clocks it matters how far they have turned at the beginning: what is on one must be heard at once. The
        loudest component that comes and goes with the clock decides it.
        """
        clocks = {}
        for name, figures in self.clocks.items():
            draws = of_clock(streams, name)
            ahead = self._ahead(name, streams)
            ahead = float(draws("ahead").uniform()) if ahead is None else ahead
            clocks[name] = Clock(sample_rate_hz, draws, figures.rate_hz, figures.drift_hz, figures.drift_time_s, ahead)
        return Shared(streams, clocks, self.gates)

    def _ahead(self, clock: str, streams: synth.Streams) -> float | None:
        """How far a clock must have turned at the beginning; None if nothing depends on it."""
        for component in sorted(self.components, key=lambda part: part.level(), reverse=True):
            if component.own_clock == clock:
                open_s = component.open_s(self.gates, self.clocks)
                ahead = component.ahead(of_clock(streams, clock), self.clocks, open_s)
                if ahead is not None:
                    return ahead
            gate = None if component.gate is None else self.gates[component.gate]
            if component.gate is not None and isinstance(gate, ClockGate) and gate.clock == clock:
                return gate.ahead(of_gate(streams, component.gate), self.clocks)
        return None

    def prominent(self, sample_rate_hz: int) -> tuple[bool, ...]:
        """For each component, whether the noise counts as on while this component is.

        A component 10 dB or more below the loudest, or beyond the Nyquist frequency, must not turn an intermittent
        noise into a steady one. This is judged on ten seconds that are the same for every item, not on the item itself.
        """
        return _prominent(self, sample_rate_hz)

    def audible_share(self, sample_rate_hz: int) -> float | None:
        """Share of its power above infrasound (20 Hz), in ten seconds that are the same for every item.

        None if there is none: all of it lies above half the sample rate.
        """
        noise, on = _ten_seconds(self, sample_rate_hz)
        whole = weighted_power(noise, sample_rate_hz, active=on)
        return (
            weighted_power(noise, sample_rate_hz, (INFRASOUND_HZ, math.inf), active=on) / whole if whole > 0 else None
        )

    def spectrum(self, sample_rate_hz: int) -> FineSpectrum:
        """Its spectrum, in ten seconds that are the same for every item."""
        return fine_spectrum(_ten_seconds(self, sample_rate_hz)[0], sample_rate_hz)

    def a_level_db(self, sample_rate_hz: int = 48_000) -> float:
        """A-weighted level of the profile on its own relative scale, in dB, while it is on.

        ``level.dba`` less this is the gain of the whole profile. It belongs to the source and not to the test set: at a
        low rate a drill whose tone lies above the Nyquist frequency would have its rumble raised instead, so take it at
        48 kHz. Measured on ten seconds that are the same for every item.

        Args:
            sample_rate_hz: Samples a second; what lies above half of it does not count.
        """
        noise, on = _ten_seconds(self, sample_rate_hz)
        return db(weighted_power(noise, sample_rate_hz, a_weighted=True, active=on))

    def render(
        self,
        samples: int,
        sample_rate_hz: int,
        streams: synth.Streams,
        prominent: tuple[bool, ...] | None = None,
        lead: int = 0,
    ) -> Sound:
        """Synthesise the noise.

        Args:
            samples: Wanted length n.
            sample_rate_hz: Samples a second.
            streams: Named random generators; each component has names of its own.
            prominent: Result of :meth:`prominent`, if already known.
            lead: Samples of sound before the beginning, for a room to respond to. What follows them is the same as
                without a lead, and a longer lead ends with the shorter one.

        Returns:
            Noise of shape (lead + n,) at the profile's own relative level, and where it is on, shape (lead + n,), or
            None for a steady noise. Both are the beginning of what a larger n gives.
        """
        total = np.zeros(lead + samples)
        active = np.zeros(lead + samples, dtype=np.bool_)
        counted = self.prominent(sample_rate_hz) if prominent is None else prominent
        shared = self.shared(sample_rate_hz, streams)
        for index, (component, counts) in enumerate(zip(self.components, counted, strict=True)):

            def named(name: str, index: int = index) -> np.random.Generator:
                return streams(f"component {index} {name}")

            part, on = component.sound(samples, sample_rate_hz, named, lead, shared)
            total += part
            if counts:
                active |= True if on is None else on
        return total, None if active.all() else active


@lru_cache(maxsize=256)  # every plan loads its profiles again, and asks them the same
def _prominent(profile: NoiseProfile, sample_rate_hz: int) -> tuple[bool, ...]:
    levels, shared = [], profile.shared(sample_rate_hz, lambda name: generator("prominent", name))
    for index, component in enumerate(profile.components):

        def named(name: str, index: int = index) -> np.random.Generator:
            return generator("prominent", index, name)

        part, on = component.sound(JUDGED_S * sample_rate_hz, sample_rate_hz, named, 0, shared)
        levels.append(db(power(part if on is None else part[on])))
    return tuple(level > max(levels) - FAINT_DB for level in levels)


@lru_cache(maxsize=8)  # of 1 to 4 MB each
def _ten_seconds(profile: NoiseProfile, sample_rate_hz: int) -> Sound:
    """The noise that is measured and judged; not to be written to."""
    return profile.render(JUDGED_S * sample_rate_hz, sample_rate_hz, lambda name: generator("a level", name))


def misnamed(profile: NoiseProfile) -> Iterator[InitErrorDetails]:
    """Faults: clocks and gates that are named and not there, or there and not named."""
    named: dict[str, set[str]] = {"clock": set(), "gate": set()}
    places: list[tuple[tuple[str | int, ...], Figures]] = [
        (("gates", name), gate) for name, gate in profile.gates.items()
    ]
    places += [(("components", n), part) for n, part in enumerate(profile.components)]
    uses = [use for place, part in places for use in _uses(place, part)]
    for place, name in uses:
        kind = str(place[-1])
        known = profile.clocks if kind == "clock" else profile.gates
        named[kind].add(name)
        if name not in known:
            there = f"the profile has {', '.join(sorted(known))}" if known else f"the profile has no {kind}s"
            yield _fault(place, f"there is no {kind} '{name}': {there}")
    for kind, known in (("clock", profile.clocks), ("gate", profile.gates)):
        for name in known:
            if name not in named[kind]:
                yield _fault((f"{kind}s", name), f"nothing uses the {kind} '{name}': leave it out")


def _uses(place: tuple[str | int, ...], part: Figures) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Names of clocks and gates in a gate or a component, with their places."""
    for kind in ("clock", "gate"):
        name = getattr(part, kind, None)
        if name is not None:
            yield (*place, kind), name
    if isinstance(part, Component):
        for number, swing in enumerate(part.modulations):
            if swing.clock is not None:
                several = (number,) if isinstance(part.modulation, tuple) else ()
                yield (*place, "modulation", *several, "clock"), swing.clock


def unfit(profile: NoiseProfile) -> Iterator[InitErrorDetails]:
    """Faults: components that do not go with the clock that they keep to."""
    for number, component in enumerate(profile.components):
        try:
            component.check_on(profile.clocks)
        except ValueError as error:
            yield _fault(("components", number), str(error))


def _fault(place: tuple[str | int, ...], message: str) -> InitErrorDetails:
    told = PydanticCustomError("value_error", "{error}", {"error": message})
    return InitErrorDetails(type=told, loc=place, input=None)
