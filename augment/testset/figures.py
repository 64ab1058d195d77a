"""The figures behind the pictures of a data sheet, taken of the very data that its items were made with.

They are written beside the set (``figures.json``), so that the pictures follow from the set's own files.
"""

import dataclasses
import itertools
import json
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from augment.acoustics.portrait import DecayPortrait, NoisePortrait, decay_portrait, noise_portrait
from augment.acoustics.room import RoomMeasures, room_measures, whole_decay
from augment.corpus.survey import Trying
from augment.design.conditions import ChainStep
from augment.design.plan import Plan
from augment.design.wording import Wording, capital, thing, wording_of
from augment.errors import AudioError, Fault, ProfileError, RenderError, TestSetError
from augment.files.json_text import strict_json
from augment.perturb.noise_step import NoiseStep
from augment.profiles.microphone import DevicePortrait
from augment.render import RenderSpec
from augment.scene import Block, Draw, Scene, Stage, Stem
from augment.streams import generator
from augment.testset.portions import job_of

LISTENED_S = 10
"""A noise is looked at for so long at most: recordings and voices no longer than utterances hear them."""
MOST_SOUNDS, MOST_PLACES = 8, 4
"""How many of the segments, and of the places in a room, that were dealt are looked at: the first that blocks have."""
PROBE_DBOV = -26.0
LONGEST_RESPONSE_S = 6
MOST_KEPT = 64
"""Portraits of noises that are dealt nothing are kept: many sets have the same."""
LARGEST, LOUDEST_DB = 1e6, 300.0
"""No figure is larger, and no level further from 0 dB."""
SLOWEST_RATE_HZ = 1000


@dataclass(frozen=True)
class NoiseFigures:
    """A noise that conditions hear, whatever its levels.

    Attributes:
        name: What it is called.
        steps: Steps that play it.
        portrait: As the first blocks hear it; None if it cannot be heard by itself, or was gone at the end.
    """

    name: str
    steps: tuple[str, ...]
    portrait: NoisePortrait | None


@dataclass(frozen=True)
class DeviceFigures:
    """A device with a frequency response.

    Attributes:
        name: What it is called.
        profile: Name of the profile.
        portrait: Its response.
    """

    name: str
    profile: str
    portrait: DevicePortrait


@dataclass(frozen=True)
class RoomFigures:
    """A room, with a talker at a distance or in measured positions.

    Attributes:
        name: What it is called.
        places: Responses that the first blocks have.
    """

    name: str
    places: tuple[DecayPortrait, ...]


@dataclass(frozen=True)
class SetFigures:
    """All of them.

    Attributes:
        noises: Noises, in the order of the conditions.
        devices: The same of devices.
        rooms: The same of rooms.
    """

    noises: tuple[NoiseFigures, ...] = ()
    devices: tuple[DeviceFigures, ...] = ()
    rooms: tuple[RoomFigures, ...] = ()

    def portraits(self) -> Iterator[NoisePortrait | DevicePortrait | DecayPortrait]:
        """Everything of which a picture is drawn."""
        yield from (noise.portrait for noise in self.noises if noise.portrait is not None)
        yield from (device.portrait for device in self.devices)
        yield from (place for room in self.rooms for place in room.places)

    def unnamed(self) -> "SetFigures":
        """The same without the names of things, which are words."""
        return SetFigures(
            tuple(dataclasses.replace(noise, name="") for noise in self.noises),
            tuple(dataclasses.replace(device, name="") for device in self.devices),
            tuple(dataclasses.replace(room, name="") for room in self.rooms),
        )

    def written(self) -> bytes:
        """As JSON."""
        text = json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=None, separators=(",", ": "))
        return (text.replace('{"name"', '\n{"name"') + "\n").encode()


def read_figures(data: bytes, place: str) -> SetFigures:
    """What :meth:`SetFigures.written` gives.

    Raises:
        TestSetError: It is damaged.

    Example:
        >>> read_figures(SetFigures((NoiseFigures("A fan", ("noise/fan/wind",), None),)).written(), "f.json").noises
        (NoiseFigures(name='A fan', steps=('noise/fan/wind',), portrait=None),)
    """
    try:
        said = strict_json(data.decode())
        found = TypeAdapter(SetFigures).validate_python(said)
        if not all(abs(number) <= LARGEST for number in _numbers(said)) or not all(map(_drawable, found.portraits())):
            raise ValueError("it holds figures that no picture can be drawn of")
    except (ValueError, RecursionError) as error:
        told = str(error).splitlines()[0]
        raise TestSetError(Fault(place, f"cannot be read: {told}", "fetch the set again")) from None
    return found


def _numbers(said: Any) -> Iterator[float]:
    if isinstance(said, dict | list):
        for value in said.values() if isinstance(said, dict) else said:
            yield from _numbers(value)
    elif isinstance(said, int | float):
        yield float(said)


def _drawable(portrait: NoisePortrait | DevicePortrait | DecayPortrait) -> bool:
    """Whether its curves have points, and its axes a length."""
    if isinstance(portrait, DecayPortrait):
        levels = (*portrait.curve_db, *portrait.energy_db)
        return portrait.step_s > 0 and len(portrait.curve_db) > 1 and _heard_of(levels)
    if portrait.sample_rate_hz < SLOWEST_RATE_HZ:
        return False
    if isinstance(portrait, DevicePortrait):
        frequencies = [hz for hz, _ in portrait.points]
        rising = all(map(operator.lt, frequencies, frequencies[1:]))
        return len(frequencies) > 1 and frequencies[0] > 0 and rising and _heard_of(db for _, db in portrait.points)
    bands = (*portrait.third_octaves_db, *portrait.rhythm)
    levels = (*(db for _, db in bands), *portrait.envelope_db, *(line.level_db for line in portrait.lines))
    told = bool(portrait.third_octaves_db) and (portrait.swing_hz is None) == (not portrait.rhythm)
    return told and all(hz > 0 for hz, _ in bands) and _heard_of(levels)


def _heard_of(levels_db: Iterable[float]) -> bool:
    return all(abs(level) <= LOUDEST_DB for level in levels_db)


def set_figures(plan: Plan, trying: Trying = map) -> SetFigures:
    """Figures of everything that the conditions of a plan name.

    Args:
        plan: With what was dealt.
        trying: Where noises are listened to.

    Raises:
        ProfileError: A profile, or a recording, is gone or has changed.
        AudioError: A file of noise or speech cannot be read.
    """
    seen = _Seen(plan, wording_of(plan), job_of(plan.loaded, plan.conditions).spec)
    return SetFigures(tuple(seen.noises(trying)), tuple(seen.devices()), tuple(seen.rooms()))


_KEPT: dict[tuple[Any, ...], NoisePortrait | None] = {}


def _keep(key: tuple[Any, ...], found: NoisePortrait | None) -> None:
    """Keep a portrait that its key decides; when there are too many, the oldest go first."""
    while len(_KEPT) >= MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)))
    _KEPT[key] = found


@dataclass(frozen=True)
class _Listening:
    """Takes portraits of noises, in whatever process it is called.

    Attributes:
        spec: How they are rendered.
    """

    spec: RenderSpec

    def __call__(self, drawn: tuple[ChainStep, Sequence[Draw]]) -> tuple[NoisePortrait | None, bool]:
        """What a step adds to a scene in which nothing else is, and whether its data were there.

        None if it cannot be heard.
        """
        step, draws = drawn
        rate, perturbation = self.spec.sample_rate_hz, step.perturbation
        if isinstance(perturbation, NoiseStep):  # its spectrum and rhythm are the same at any level
            perturbation = perturbation.model_copy(update={"snr_db": 0.0, "level_dba": None})
        probe = generator("portrait").standard_normal(LISTENED_S * rate) * 10 ** (PROBE_DBOV / 20)
        sounds = []
        for draw in draws:
            try:
                stem = perturbation.apply(self.spec.scene(probe[: draw.block.longest]), draw).noises[-1]
            except RenderError:  # heard beside speech only, or too far from it
                continue
            except (ProfileError, AudioError):  # gone, or changed since it was planned: its items failed, and say so
                return None, False
            sounds.append((stem.signal(), stem.active))
        return noise_portrait(sounds, rate) if sounds else None, True


@dataclass(frozen=True)
class _Seen:
    """A plan, whose things are looked at."""

    plan: Plan
    wording: Wording
    spec: RenderSpec

    def _alike(self, wanted: Callable[[ChainStep], bool]) -> list[list[ChainStep]]:
        """Steps that are the same thing, in the order in which they are first met."""
        found: dict[str, list[ChainStep]] = {}
        for step in (step for condition in self.plan.conditions for step in condition.chain if wanted(step)):
            found.setdefault(thing(step), []).append(step)
        return list(found.values())

    def noises(self, trying: Trying) -> Iterator[NoiseFigures]:
        """Noises, whatever their levels."""
        every = self._alike(lambda step: step.perturbation.is_noise())
        known, keys = dict[int, NoisePortrait | None](), dict[int, tuple[Any, ...]]()
        waiting = dict[int, tuple[ChainStep, Sequence[Draw]]]()
        for number, (step, *_) in enumerate(every):
            try:
                key = None if step.asked else self._key(step)
                if key is not None and key in _KEPT:
                    known[number] = _KEPT[key]
                    continue
                waiting[number] = step, list(self._draws(step, MOST_SOUNDS))
                keys |= {} if key is None else {number: key}
            except (ProfileError, AudioError):  # as above
                known[number] = None
        portraits = trying(_Listening(self.spec), waiting.values())
        for number, (portrait, there) in zip(waiting, portraits, strict=True):
            known[number] = portrait
            if there and number in keys:
                _keep(keys[number], portrait)
        for number, same in enumerate(every):
            paths = tuple(dict.fromkeys(step.path for step in same))
            yield NoiseFigures(capital(self.wording.subject(same[0])), paths, known[number])

    def _key(self, step: ChainStep) -> tuple[Any, ...]:
        """What decides the portrait of a noise that is dealt nothing."""
        data = tuple(self.spec.library.digest(need) for need in step.perturbation.needs())
        names = [field.name for field in dataclasses.fields(self.spec) if field.name != "library"]
        return (step.path, thing(step), data, tuple(getattr(self.spec, name) for name in names))

    def _draws(self, step: ChainStep, most: int) -> Iterator[Draw]:
        """What the first blocks that have something of their own are dealt; one block where nothing is dealt.

        A block hears what it is dealt for as long as its longest utterance lasts, and what follows is in no file.
        """
        lengths = self._lengths(step) if step.asked else {0: LISTENED_S * self.spec.sample_rate_hz}
        dealt = self.plan.exposures[step.plays].dealt if step.asked else {0: None}
        seen: set[str] = set()
        for number, samples in lengths.items():
            given = dealt[number]
            content = "" if given is None else json.dumps(given.content(), sort_keys=True, default=str)
            if content in seen or len(seen) == most:
                continue
            seen.add(content)
            name = (self.spec.seed, f"block {number}", step.factor, step.family, step.name)
            block = Block(number, min(samples, LISTENED_S * self.spec.sample_rate_hz))
            yield Draw(name, self.spec.library, block, given)

    def _lengths(self, step: ChainStep) -> dict[int, int]:
        """Samples of the longest utterance of each block that meets the step, by the block's number."""
        own = (step.path, thing(step))
        meets = [c.name for c in self.plan.conditions if own in ((other.path, thing(other)) for other in c.chain)]
        return self.plan.table.longest_samples(meets)

    def devices(self) -> Iterator[DeviceFigures]:
        """Devices with a response."""
        chain = itertools.chain.from_iterable(condition.chain for condition in self.plan.conditions)
        needs = dict.fromkeys(need for step in chain for need in step.perturbation.needs() if need.kind == "microphone")
        for need in needs:
            portrait = self.plan.loaded.library.microphone(need.name).portrait(self.spec.sample_rate_hz)
            yield DeviceFigures(self.wording.titles[need.name], need.name, portrait)

    def rooms(self) -> Iterator[RoomFigures]:
        """Rooms."""
        for same in self._alike(lambda step: step.perturbation.stage == Stage.ROOM):
            places = [_decay(self.spec, same[0], draw) for draw in self._draws(same[0], MOST_PLACES)]
            yield RoomFigures(capital(self.wording.subject(same[0])), tuple(places))


def _decay(spec: RenderSpec, step: ChainStep, draw: Draw) -> DecayPortrait:
    """A click in place of speech: what comes out of the room is its response."""
    rate = spec.sample_rate_hz
    click = np.zeros(LONGEST_RESPONSE_S * rate)
    click[0] = 1.0
    scene = step.perturbation.apply(Scene(Stem.of(click, rate), (), rate, spec.snr, None, spec.talker_m), draw)
    response = np.trim_zeros(scene.speech.signal(), "b")
    whole, told = whole_decay(response), scene.noted_values()
    measures = room_measures(response, 0, rate, whole)
    if "room_t30_s" in told:  # measured of the response as it was recorded, before its noise was cut off
        names = ("room_t30_s", "room_t30_range", "room_c50_db", "room_drr_db")
        measures = RoomMeasures(*(told[name] for name in names))
    return decay_portrait(str(told.get("room_position", "")), response, rate, whole, measures)
