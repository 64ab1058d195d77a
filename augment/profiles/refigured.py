"""A noise profile with other figures: its rhythm or its frequency changed, and all that belongs to it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationError

from augment.errors import Fault, ProfileError
from augment.files.misfits import misfits
from augment.profiles.clocks import ClockGate
from augment.profiles.components import Component, Tones
from augment.profiles.figures import Figures, Frequency
from augment.profiles.knocks import Knocks, Pulses
from augment.profiles.noise import NoiseProfile

SAME = 0.002
"""Two figures that differ by less, as a share of them, are one: figures in profiles are rounded."""
Path = tuple[str | int, ...]


class NewFigures(Figures):
    """Figures in place of those that a profile has; each is that of the loudest component which has one."""

    grown: ClassVar = frozenset({"fundamental_hz", "pulse_rate_hz", "burst_rate_hz", "modulation_rate_hz", "on_share"})
    fundamental_hz: Annotated[
        Frequency | None, Field(description="frequency of its tones, in place of the profile's")
    ] = None
    pulse_rate_hz: Annotated[
        float | None, Field(ge=0.01, le=1000, description="knocks a second, in place of the profile's")
    ] = None
    burst_rate_hz: Annotated[
        float | None, Field(ge=0.01, le=1000, description="bursts a second, in place of the profile's")
    ] = None
    modulation_rate_hz: Annotated[
        float | None, Field(ge=0.01, le=200, description="swings of the level a second, in place of the profile's")
    ] = None
    on_share: Annotated[
        float | None, Field(gt=0, lt=1, description="share of the time in which it is on, in place of the profile's")
    ] = None

    def given(self) -> dict[str, float]:
        """The figures that are given, by name."""
        return {name: getattr(self, name) for name in NewFigures.model_fields if getattr(self, name) is not None}

    def new_figures(self) -> "NewFigures":
        """These figures alone."""
        return NewFigures(**self.given())


AS_IT_IS = NewFigures()
"""No figure is replaced."""
WORDS = {
    "fundamental_hz": "tones of {:g} Hz",
    "pulse_rate_hz": "pulses {:g} a second",
    "burst_rate_hz": "bursts {:g} a second",
    "modulation_rate_hz": "swells {:g} a second",
    "on_share": "on for {:.3g} of the time",
}
"""What a figure of a profile is, in words."""


@dataclass(frozen=True)
class Found:
    """A figure that a profile has.

    Attributes:
        name: Field of :class:`NewFigures`.
        value: In Hz, or a share.
        path: Where it is: of a component, a clock, or a gate.
        level_db: Level of the component that has it.
        times: Turns for each one of the clock, if it is on one.
        of_bursts: Whether it follows from the lengths of bursts and pauses, which are at the path.
        random: Whether it is a mean number of what comes at random times: if it equals another figure, that is chance.
    """

    name: str
    value: float
    path: Path
    level_db: float
    times: float = 1.0
    of_bursts: bool = False
    random: bool = False

    @property
    def place(self) -> Path:
        """What it is told from other figures by: bursts have a rate and a share, which change one by one."""
        return (*self.path, self.name) if self.of_bursts else self.path

    def told(self) -> str:
        return WORDS[self.name].format(self.value)


def figures_of(profile: NoiseProfile) -> list[Found]:
    """All figures of a profile that can be replaced.

    Example:
        >>> from pathlib import Path
        >>> from augment.profiles.library import Library
        >>> [found.told() for found in figures_of(Library(Path()).noise_profile("mains_hum_50"))]
        ['tones of 50 Hz']
    """
    every = list(enumerate(profile.components))
    found = [one for number, component in every for one in _of_component(profile, number, component)]
    if not any(one.name == "pulse_rate_hz" for one in found):  # a train is the rhythm where there is one
        found += [
            Found("pulse_rate_hz", component.rate_hz, ("components", number, "rate_hz"), component.level(), random=True)
            for number, component in every
            if isinstance(component, Knocks)
        ]
    return found


def _of_component(profile: NoiseProfile, number: int, component: Component) -> Iterator[Found]:
    path, level = ("components", number), component.level()

    def rate(name: str, own: float | None, where: Path, clock: str | None, times: float) -> Found:
        if clock is None:
            assert own is not None
            return Found(name, own, where, level)
        return Found(name, profile.clocks[clock].rate_hz * times, ("clocks", clock, "rate_hz"), level, times)

    if isinstance(component, Tones):
        where: Path = (*path, "fundamental_hz")
        yield rate("fundamental_hz", component.fundamental_hz, where, component.clock, component.times)
    if isinstance(component, Pulses):
        yield rate("pulse_rate_hz", component.rate_hz, (*path, "rate_hz"), component.clock, component.times)
    for index, swing in enumerate(component.modulations):
        several = (index,) if isinstance(component.modulation, tuple) else ()
        where = (*path, "modulation", *several, "rate_hz")
        yield rate("modulation_rate_hz", swing.rate_hz, where, swing.clock, swing.times)
    switch = component.bursts if component.gate is None else profile.gates[component.gate]
    if switch is None:
        return
    where = (*path, "bursts") if component.gate is None else ("gates", component.gate)
    if isinstance(switch, ClockGate):
        yield rate("burst_rate_hz", None, where, switch.clock, switch.times)
        yield Found("on_share", switch.share, (*where, "share"), level)
    else:
        period = switch.on_s + switch.off_s
        yield Found("burst_rate_hz", 1 / period, where, level, of_bursts=True)
        yield Found("on_share", switch.on_s / period, where, level, of_bursts=True)


@dataclass(frozen=True)
class Refigured:
    """A profile with other figures.

    Attributes:
        profile: The changed profile.
        kept: Figures of the same kinds that stay as they were.
    """

    profile: NoiseProfile
    kept: tuple[Found, ...]


def refigured(profile: NoiseProfile, name: str, figures: NewFigures) -> Refigured:
    """A profile with its main figures replaced, and with them those that are the same.

    Args:
        profile: The profile.
        name: What it is called.
        figures: What is to be replaced.

    Raises:
        ProfileError: It has no such figure, or does not go with the new one.
    """
    given, had = figures.given(), figures_of(profile)
    changes: dict[Path, tuple[Found, float]] = {}
    for field, value in given.items():
        main = max((found for found in had if found.name == field), key=lambda found: found.level_db, default=None)
        if main is None:
            raise ProfileError(Fault("", f"'{name}' has no {field}", _told(had)))
        for found in had:
            if found.name != field and (found.name in given or "on_share" in (found.name, field)):
                continue
            if found is not main and (found.random or main.random):
                continue
            if abs(found.value / main.value - 1) <= SAME:
                wanted = value / found.times
                _, other = changes.setdefault(found.place, (found, wanted))
                if other != wanted:
                    message = f"{field} is {value:g}, and another figure of the same clock has a value of its own"
                    raise ProfileError(Fault("", message, "they turn together: give one of them"))
    kept = tuple(found for found in had if found.name in given and found.place not in changes)
    return Refigured(_validated(profile, name, list(changes.values())), kept)


def _told(had: list[Found]) -> str:
    told = dict.fromkeys(f"{found.name}: {found.value:.5g}" for found in had)
    return f"it has {', '.join(told)}" if told else "it has no figure that can be replaced"


def _validated(profile: NoiseProfile, name: str, changes: Sequence[tuple[Found, float]]) -> NoiseProfile:
    data = profile.model_dump(exclude_unset=True)
    for found, value in changes:
        holder: Any = data
        for part in found.path[:-1]:
            holder = holder[part]
        last = found.path[-1]
        holder[last] = _burst(holder[last], found.name, value) if found.of_bursts else value
    text = json.dumps(data)
    try:
        return NoiseProfile.model_validate_json(text)
    except ValidationError as problem:
        told = misfits(problem, NoiseProfile, json.loads(text))
        where = [".".join(map(str, at.location)) for at in told]
        raise ProfileError(
            Fault("", f"'{name}' with this figure: {place}: {at.message}", at.remedy)
            for place, at in zip(where, told, strict=True)
        ) from None


def _burst(written: dict[str, Any], name: str, value: float) -> dict[str, Any]:
    """Bursts at another rate with their share of the time, or with another share at their rate."""
    on_s, off_s = written["on_s"], written["off_s"]
    period = 1 / value if name == "burst_rate_hz" else on_s + off_s
    share = on_s / (on_s + off_s) if name == "burst_rate_hz" else value
    ramp = {"ramp_s": min(written["ramp_s"], share * period / 2)} if "ramp_s" in written else {}
    return {**written, "on_s": share * period, "off_s": (1 - share) * period, **ramp}
