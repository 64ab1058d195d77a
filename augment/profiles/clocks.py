"""What components of a noise profile share: clocks that they keep to, and gates that open and close them together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from augment.acoustics import Signal
from augment.acoustics import synthesis as synth
from augment.acoustics.bursts import SHORTEST, BurstPattern, bursts
from augment.acoustics.clock import Clock, gate, swing
from augment.acoustics.synthesis import AT_ONCE_S, Streams
from augment.profiles.figures import Figures, Name, Seconds, Share, Times, one_of

MOST_DRIFT = 0.1
"""Largest deviation of a clock's rate, as a share of it: a clock must not turn back."""
Level = tuple[Signal, NDArray[np.bool_]]
"""Gain of a noise that comes and goes, and where it is on."""
Start = Annotated[Share | None, Field(description="where in a turn of the clock; drawn at random if not given")]


class ClockFigures(Figures):
    """Something that turns, to which components keep."""

    rate_hz: Annotated[float, Field(ge=0.01, le=20_000, description="turns a second")]
    drift_hz: Annotated[float, Field(ge=0, le=100, description="standard deviation of the rate")] = 0.0
    drift_time_s: Annotated[Seconds, Field(description="time after which it has forgotten where it was")] = 2.0

    @model_validator(mode="after")
    def _onwards(self) -> "ClockFigures":
        if self.drift_hz > (most := MOST_DRIFT * self.rate_hz):
            raise ValueError(
                f"drift_hz is {self.drift_hz:g} at a rate_hz of {self.rate_hz:g}; expected at most a tenth of it, "
                f"{most:g}: a clock does not turn back"
            )
        return self


Clocks = Mapping[str, ClockFigures] | Mapping[str, Clock]
"""Clocks by name, as figures or while they turn."""


class Bursts(Figures):
    """On and off, with a regularity of its own."""

    grown: ClassVar = frozenset({"on_spread", "level_spread_db"})
    on_s: Annotated[Seconds, Field(description="mean length of a burst")]
    off_s: Annotated[Seconds, Field(description="mean length of a pause")]
    ramp_s: Annotated[float, Field(ge=0, le=60, description="rise and fall inside the burst")] = 0.0
    jitter: Annotated[float, Field(ge=0, le=0.5, description="deviation of the pause, as a share of it")] = 0.0
    on_spread: Annotated[float, Field(ge=0, le=1, description="deviation of the length, as a share of it")] = 0.0
    level_spread_db: Annotated[float, Field(ge=0, le=20, description="deviation of the level between bursts")] = 0.0

    def open_s(self, clocks: Clocks) -> float:
        """How long it stays open at least."""
        return self.on_s * (SHORTEST if self.on_spread else 1)

    def level(self, samples: int, sample_rate_hz: int, streams: Streams, lead: int, shared: "Shared") -> Level:
        """Gain and where it is open, shapes (lead + samples,)."""
        figures = (self.on_s, self.off_s, self.ramp_s, self.jitter, self.on_spread, self.level_spread_db)
        return bursts(samples, sample_rate_hz, streams, BurstPattern(*figures), lead)


class ClockGate(Figures):
    """Open for a share of each turn of a clock."""

    clock: Name
    times: Times = 1.0
    share: Annotated[float, Field(gt=0, lt=1, description="share of a turn for which it is open")]
    start: Start = None
    ramp_s: Annotated[float, Field(ge=0, le=60, description="rise and fall while it is open")] = 0.0

    def rate_hz(self, clocks: Clocks) -> float:
        """How often a second it opens."""
        return clocks[self.clock].rate_hz * self.times

    def open_s(self, clocks: Clocks) -> float:
        """How long it stays open."""
        return self.share / self.rate_hz(clocks)

    def start_of(self, streams: Streams) -> float:
        """Where in a turn of the clock it opens."""
        return float(streams("start").uniform()) if self.start is None else self.start

    def level(self, samples: int, sample_rate_hz: int, streams: Streams, lead: int, shared: "Shared") -> Level:
        """Gain and where it is open, shapes (lead + samples,)."""
        clock = shared.clocks[self.clock]
        turns = self.times * (clock.turns(samples, lead) - self.start_of(streams))
        return gate(turns, self.share, self.ramp_s * clock.rate_hz * self.times)

    def ahead(self, streams: Streams, clocks: Clocks) -> float:
        """How far the clock has turned at the beginning if the gate is open then, for 0.1 s more if it ever is."""
        latest = self.share - min(self.share, AT_ONCE_S * self.rate_hz(clocks))
        return self.start_of(streams) + float(streams("ahead").uniform(0, latest)) / self.times


def _kind_of_gate(given: Any) -> str:
    return "clock" if isinstance(given, ClockGate) or (isinstance(given, dict) and "clock" in given) else "bursts"


Gates = Mapping[str, Bursts | ClockGate]
Gate = Annotated[Annotated[Bursts, Tag("bursts")] | Annotated[ClockGate, Tag("clock")], Discriminator(_kind_of_gate)]


class Modulation(Figures):
    """Sinusoidal swing of the level."""

    grown: ClassVar = frozenset({"clock", "times", "start"})
    depth: Annotated[Share, Field(description="0 for none, 1 for down to silence")]
    clock: Annotated[Name | None, Field(description="clock that it keeps to, in place of rate_hz")] = None
    rate_hz: Annotated[float | None, Field(gt=0, le=200, validate_default=True, description="swings a second")] = None
    times: Times = 1.0
    start: Annotated[Start, Field(description="where in a turn of the clock it is loudest")] = None

    @field_validator("rate_hz")
    @classmethod
    def _one_of(cls, value: Any, found: ValidationInfo) -> Any:
        return one_of(value, found, "clock")

    @model_validator(mode="after")
    def _on_clock(self) -> "Modulation":
        if self.clock is None and self.model_fields_set & {"times", "start"}:
            raise ValueError("'times' and 'start' are those of a clock: name one, or leave them out")
        return self

    def level(
        self, samples: int, sample_rate_hz: int, streams: Streams, which: str, lead: int, shared: "Shared"
    ) -> Signal:
        """Gain, shape (lead + samples,)."""
        if self.clock is None:
            assert self.rate_hz is not None
            return synth.modulation(samples, sample_rate_hz, streams(which), self.rate_hz, self.depth, lead)
        start = float(streams(which).uniform()) if self.start is None else self.start
        return swing(self.times * (shared.clocks[self.clock].turns(samples, lead) - start), self.depth)


@dataclass(frozen=True)
class Shared:
    """What the components of a profile share while they are rendered.

    Attributes:
        streams: Of the profile as a whole.
        clocks: By name.
        gates: By name.
    """

    streams: Streams
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    gates: Gates = field(default_factory=dict)

    def gate(self, name: str, samples: int, sample_rate_hz: int, lead: int) -> Level:
        """Gain and where it is open: the same for all components that have the gate."""
        return self.gates[name].level(samples, sample_rate_hz, of_gate(self.streams, name), lead, self)


def of_gate(streams: Streams, name: str) -> Streams:
    """The random streams of a gate."""
    return lambda stream: streams(f"gate {name} {stream}")


def of_clock(streams: Streams, name: str) -> Streams:
    """The random streams of a clock."""
    return lambda stream: streams(f"clock {name} {stream}")
