"""Alarms in a noise profile: tone pulses with exact times, checked against IEC 60601-1-8 if they claim to follow it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from augment.acoustics import synthesis as synth
from augment.acoustics.alarm import AlarmPattern, Priority, alarm, departures_from_iec_60601_1_8
from augment.profiles.clocks import Shared
from augment.profiles.components import Component, Sound, sum_db
from augment.profiles.figures import Frequency, LevelDb

Ramp = Annotated[float, Field(ge=0, le=1)]


class Alarm(Component):
    """Bursts of tone pulses. Lengths and gaps are measured between points at 90 % of the amplitude."""

    kind: Literal["alarm"]
    pulse_s: Annotated[float, Field(ge=0.01, le=10, description="length of a pulse")]
    rise_s: Annotated[Ramp, Field(description="time from 10 % to 90 %")]
    fall_s: Annotated[Ramp | None, Field(description="time from 90 % to 10 %; rise_s if it is left out")] = None
    spacings_s: Annotated[
        tuple[Annotated[float, Field(ge=0.01, le=10)], ...],
        Field(max_length=49, description="gaps between the pulses of a burst, one fewer than there are pulses"),
    ] = ()
    interval_s: Annotated[float, Field(ge=0.01, le=600, description="gap between two bursts")]
    jitter: Annotated[float, Field(ge=0, le=0.5, description="deviation of the interval, as a share of it")] = 0.0
    pulse_hz: Annotated[
        tuple[Frequency, ...],
        Field(min_length=1, max_length=50, description="pulse frequency: one for all pulses, or one for each"),
    ]
    levels_db: Annotated[
        dict[Annotated[float, Field(ge=0.01, le=400)], LevelDb],
        Field(min_length=1, description="RMS level of each partial at the height of a pulse, by its multiple"),
    ]
    standard: Annotated[
        Literal["iec_60601_1_8"] | None, Field(description="the standard that the alarm claims to follow")
    ] = None
    priority: Annotated[Priority | None, Field(description="the standard's priority that it claims to have")] = None

    @model_validator(mode="after")
    def _consistent(self) -> "Alarm":
        pulses = len(self.spacings_s) + 1
        if len(self.pulse_hz) not in {1, pulses}:
            raise ValueError(
                f"pulse_hz has {len(self.pulse_hz)} values for {pulses} pulses (spacings_s has one gap fewer than "
                "there are pulses); expected one for all, or one for each"
            )
        for given in ("bursts", "gate"):
            if getattr(self, given) is not None:
                raise ValueError(f"an alarm has pauses of its own (spacings_s, interval_s): leave out '{given}'")
        gap, ramps = min([*self.spacings_s, self.interval_s]), self.rise_s + self._fall_s()
        if ramps > gap:
            raise ValueError(
                f"the pulses run into one another: rise and fall take {ramps:g} s, and the shortest gap is {gap:g} s"
            )
        if (self.standard is None) != (self.priority is None):
            raise ValueError("'standard' and 'priority' belong together: state both or neither")
        if self.priority is not None:
            departures = departures_from_iec_60601_1_8(self.pattern(), self.priority)
            if departures:
                raise ValueError(
                    f"this is no {self.priority}-priority alarm by IEC 60601-1-8: {'; '.join(departures)}. "
                    "A device that does not follow the standard leaves out 'standard' and 'priority'"
                )
        return self

    def _fall_s(self) -> float:
        return self.rise_s if self.fall_s is None else self.fall_s

    def pattern(self) -> AlarmPattern:
        return AlarmPattern(
            self.pulse_s,
            self.rise_s,
            self._fall_s(),
            self.interval_s,
            self.pulse_hz,
            self.levels_db,
            self.spacings_s,
            self.jitter,
        )

    def level(self) -> float:
        return sum_db(self.levels_db.values())

    def render(self, samples: int, sample_rate_hz: int, streams: synth.Streams, lead: int, shared: Shared) -> Sound:
        return alarm(samples, sample_rate_hz, streams, self.pattern(), lead)
