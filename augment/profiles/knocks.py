"""Components that knock: at a rate, on a clock, or at random; and what their knocks sound like."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from augment.acoustics.knock_sounds import Bank, FreshNoise, KnockSound, Ringing, pulse_kernel
from augment.acoustics.knocks import Clusters, Levels, pulses, pulses_on_clock, random_knocks
from augment.acoustics.quantiles import LevelCurve, LevelSpread
from augment.acoustics.synthesis import Streams
from augment.profiles.clocks import Clocks, Shared, Start
from augment.profiles.components import Component, Sound, first_s
from augment.profiles.figures import Figures, Frequency, LevelDb, Name, Seconds, Times, one_of

MOST_OVERLAP = 0.7
"""Share of the period within which a knock must have fallen by 60 dB and ended, with room for jitter."""
Decay = Annotated[float, Field(ge=0.0005, le=5, description="time to fall by 60 dB")]
Quantiles = Annotated[
    dict[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(ge=-120, le=120)]],
    Field(min_length=2, max_length=100, description="level by the probability of staying below it"),
]


class Resonance(Figures):
    """One decaying sine of a knock."""

    frequency_hz: Annotated[Frequency, Field(description="frequency of the sine")]
    level_db: Annotated[LevelDb, Field(description="level against the other resonances")] = 0.0
    decay_s: Decay

    def figures(self) -> tuple[float, float, float]:
        return self.frequency_hz, self.level_db, self.decay_s


class KnockBand(Figures):
    """One octave band of the noise of a knock."""

    centre_hz: Annotated[Frequency, Field(description="centre of the octave band")]
    level_db: Annotated[LevelDb, Field(description="level before it decays, against the other bands")] = 0.0
    decay_s: Decay


Resonances = Annotated[tuple[Resonance, ...], Field(min_length=1, description="what a knock sounds like")]


class BankSound(Figures):
    """One of the sounds that knocks may have: sines that ring, or noise that is new in every knock."""

    share: Annotated[float, Field(gt=0, le=1e6, description="how often, relative to the other sounds")] = 1.0
    level_db: Annotated[LevelDb, Field(description="level of its knocks against those of the other sounds")] = 0.0
    resonances: Resonances | None = None
    bands: Annotated[
        tuple[KnockBand, ...] | None,
        Field(min_length=1, validate_default=True, description="octave bands of noise that decay"),
    ] = None
    rise_s: Annotated[float, Field(ge=0, le=1, description="rise of a knock of noise, before it decays")] = 0.0

    @field_validator("bands")
    @classmethod
    def _one_of(cls, value: Any, found: ValidationInfo) -> Any:
        return one_of(value, found, "resonances")

    @model_validator(mode="after")
    def _rising(self) -> "BankSound":
        if self.bands is None and self.rise_s:
            raise ValueError("'rise_s' is that of 'bands': resonances begin at once")
        return self

    def lasts_s(self) -> float:
        """Time in which a knock falls by 60 dB."""
        return self.rise_s + max(part.decay_s for part in self.resonances or self.bands or ())

    def sound(self, sample_rate_hz: int) -> KnockSound:
        """The sound at a sample rate."""
        if self.resonances is not None:
            return Ringing(pulse_kernel(sample_rate_hz, [r.figures() for r in self.resonances]))
        bands = tuple((band.centre_hz, band.level_db, band.decay_s) for band in self.bands or ())
        return FreshNoise(sample_rate_hz, bands, self.rise_s)


class Knocking(Component):
    """What pulses and knocks have in common."""

    grown: ClassVar = Component.grown | {"sounds"}
    level_db: Annotated[LevelDb, Field(description="RMS level over a long time")]
    resonances: Resonances | None = None
    sounds: Annotated[
        tuple[BankSound, ...] | None,
        Field(
            min_length=1,
            max_length=100,
            validate_default=True,
            description="several sounds, drawn at random, in place of resonances",
        ),
    ] = None
    spread_db: Annotated[float, Field(ge=0, le=20, description="deviation of the level between knocks")] = 0.0

    @field_validator("sounds")
    @classmethod
    def _one_of(cls, value: Any, found: ValidationInfo) -> Any:
        return one_of(value, found, "resonances")

    def level(self) -> float:
        return self.level_db

    def first_s(self, shared: Shared) -> float:
        """Latest time of the first knock, in s."""
        return first_s(self.open_s(shared.gates, shared.clocks))

    def entries(self) -> Sequence[BankSound]:
        """All sounds that a knock may have."""
        return self.sounds or (BankSound(resonances=self.resonances),)

    def bank(self, sample_rate_hz: int) -> Bank:
        """The sounds at a sample rate."""
        some = self.entries()
        sounds = tuple(entry.sound(sample_rate_hz) for entry in some)
        return Bank(sounds, tuple(entry.share for entry in some), tuple(entry.level_db for entry in some))


class Pulses(Knocking):
    """A train of knocks."""

    grown: ClassVar = Knocking.grown | {"clock", "times", "start"}
    kind: Literal["pulses"]
    jitter: Annotated[
        float,
        Field(
            ge=0, le=0.5, description="deviation of the interval, or on a clock of the time, as a share of the period"
        ),
    ] = 0.0
    clock: Annotated[Name | None, Field(description="clock that they keep to, in place of rate_hz")] = None
    times: Annotated[Times, Field(description="knocks in a turn of the clock")] = 1.0
    start: Start = None
    rate_hz: Annotated[float | None, Field(ge=0.01, le=1000, validate_default=True, description="knocks a second")] = (
        None
    )

    @field_validator("rate_hz")
    @classmethod
    def _one_rate(cls, value: Any, found: ValidationInfo) -> Any:
        return one_of(value, found, "clock")

    @model_validator(mode="after")
    def _on_clock(self) -> "Pulses":
        if self.clock is None and self.model_fields_set & {"times", "start"}:
            raise ValueError("'times' and 'start' are those of a clock: name one, or leave them out")
        if self.rate_hz is not None:
            self._check_apart(self.rate_hz)
        return self

    @property
    def own_clock(self) -> str | None:
        return self.clock

    def check_on(self, clocks: Clocks) -> None:
        if self.clock is not None:
            self._check_apart(clocks[self.clock].rate_hz * self.times)

    def _check_apart(self, rate_hz: float) -> None:
        overlap = rate_hz * max(entry.lasts_s() for entry in self.entries())
        if overlap > MOST_OVERLAP:
            raise ValueError(
                f"the pulses ring into one another (rate_hz x decay_s is {overlap:.2g}, at most {MOST_OVERLAP}), which "
                "makes tones whose level is not level_db: describe them as harmonics of rate_hz"
            )

    def ahead(self, streams: Streams, clocks: Clocks, open_s: float | None) -> float | None:
        if self.clock is None or self.start is None:
            return None  # without a start they choose one themselves
        rate = clocks[self.clock].rate_hz
        latest = min(1 / (rate * self.times), first_s(open_s))
        return self.start - rate * float(streams("ahead").uniform(0, latest))

    def render(self, samples: int, sample_rate_hz: int, streams: Streams, lead: int, shared: Shared) -> Sound:
        bank, levels, latest = self.bank(sample_rate_hz), LevelSpread(self.spread_db), self.first_s(shared)
        if self.clock is None:
            assert self.rate_hz is not None
            train, on = pulses(samples, sample_rate_hz, streams, bank, self.rate_hz, self.jitter, levels, latest, lead)
        else:
            clock, start = shared.clocks[self.clock], self.start
            if start is None:  # one with which the first knock comes early
                after_s = streams("first").uniform(0, min(1 / (clock.rate_hz * self.times), latest))
                start = clock.ahead + clock.rate_hz * float(after_s)
            place = (clock, self.times, start, self.jitter)
            train, on = pulses_on_clock(samples, streams, bank, *place, levels, lead)
        return train * 10 ** (self.level_db / 20), on


class ClusterFigures(Figures):
    """Knocks that come together."""

    size: Annotated[float, Field(ge=1, le=1000, description="mean number of knocks in a cluster")]
    length_s: Annotated[Seconds, Field(description="time over which they are spread")]


class Knocks(Knocking):
    """Knocks at random times: a Poisson process, or clusters that begin as one."""

    grown: ClassVar = Knocking.grown | {"level_quantiles_db", "clusters"}
    kind: Literal["knocks"]
    rate_hz: Annotated[float, Field(ge=0.01, le=1000, description="mean number of knocks a second")]
    level_quantiles_db: Annotated[
        Quantiles | None, Field(description="distribution of the levels of knocks, in place of spread_db")
    ] = None
    clusters: Annotated[ClusterFigures | None, Field(description="how knocks come together")] = None

    @model_validator(mode="after")
    def _one_distribution(self) -> "Knocks":
        if self.level_quantiles_db is not None:
            if self.spread_db:
                raise ValueError("expected at most one of 'spread_db' and 'level_quantiles_db', found both")
            check_rising("level_quantiles_db", self.level_quantiles_db)
        return self

    def render(self, samples: int, sample_rate_hz: int, streams: Streams, lead: int, shared: Shared) -> Sound:
        levels: Levels = LevelSpread(self.spread_db)
        if self.level_quantiles_db is not None:
            levels = LevelCurve.of(self.level_quantiles_db)
        together = None if self.clusters is None else Clusters(self.clusters.size, self.clusters.length_s)
        regularity = (self.rate_hz, levels, self.first_s(shared), lead, together)
        train, on = random_knocks(samples, sample_rate_hz, streams, self.bank(sample_rate_hz), *regularity)
        return train * 10 ** (self.level_db / 20), on


def check_rising(field: str, quantiles_db: Mapping[float, float]) -> None:
    """Check that quantiles rise with their probability.

    Raises:
        ValueError: They do not.
    """
    levels = [level for _, level in sorted(quantiles_db.items())]
    if levels != sorted(levels):
        raise ValueError(f"{field}: the levels must not fall as the probability rises")
