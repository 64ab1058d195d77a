"""The figures behind the pictures of a data sheet, taken of the very data that its items were made with.

They are written beside the set (``figures.json``), so that the pictures follow from the set's own files.
"""

import dataclasses
import json
import math
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from augment.acoustics.portrait import DecayPortrait, NoisePortrait, decay_portrait, noise_portrait
from augment.acoustics.room import RoomMeasures, room_measures, whole_decay
from augment.design.conditions import ChainStep
from augment.design.plan import Plan
from augment.design.wording import capital, in_words, titles_of
from augment.errors import AcoustigridError, Fault, TestSetError
from augment.files.json_text import strict_json
from augment.perturb.noise_step import LEVEL_FIELDS, NoiseStep
from augment.perturb.words import Titles
from augment.profiles.microphone import DevicePortrait
from augment.render import RenderSpec
from augment.scene import Block, Draw, Scene, Stage, Stem
from augment.streams import generator
from augment.testset.portions import job_of

LISTENED_S = 10
MOST_SOUNDS, MOST_PLACES = 8, 4
"""How many of the segments, and of the places in a room, that were dealt are looked at: the first that blocks have."""
PROBE_DBOV = -26.0
LONGEST_RESPONSE_S = 6


@dataclass(frozen=True)
class NoiseFigures:
    """A noise that conditions hear, whatever its levels.

    Attributes:
        name: What it is called.
        steps: Steps that play it.
        portrait: As it was dealt to the first blocks; None if it cannot be heard by itself.
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
        words: What speech meets in each condition, by its name.
        noises: Noises, in the order of the conditions.
        devices: The same of devices.
        rooms: The same of rooms.
    """

    words: dict[str, str] = dataclasses.field(default_factory=dict)
    noises: tuple[NoiseFigures, ...] = ()
    devices: tuple[DeviceFigures, ...] = ()
    rooms: tuple[RoomFigures, ...] = ()

    def portraits(self) -> Iterator[NoisePortrait | DevicePortrait | DecayPortrait]:
        """Everything of which a picture is drawn."""
        yield from (noise.portrait for noise in self.noises if noise.portrait is not None)
        yield from (device.portrait for device in self.devices)
        yield from (place for room in self.rooms for place in room.places)

    def written(self) -> bytes:
        """As JSON."""
        text = json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=None, separators=(",", ": "))
        return (text.replace('{"name"', '\n{"name"') + "\n").encode()


def read_figures(data: bytes, place: str) -> SetFigures:
    """What :meth:`SetFigures.written` gives.

    Raises:
        TestSetError: It is damaged.

    Example:
        >>> read_figures(SetFigures(words={"fan": "A fan"}).written(), "figures.json").words
        {'fan': 'A fan'}
    """
    try:
        said = strict_json(data.decode())
        found = TypeAdapter(SetFigures).validate_python(said)
        if not all(map(math.isfinite, _numbers(said))) or not all(map(_drawable, found.portraits())):
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
        return portrait.step_s > 0 and len(portrait.curve_db) > 1
    if isinstance(portrait, DevicePortrait):
        frequencies = [hz for hz, _ in portrait.points]
        return len(frequencies) > 1 and frequencies[0] > 0 and all(map(operator.lt, frequencies, frequencies[1:]))
    return bool(portrait.third_octaves_db) and all(hz > 0 for hz, _ in (*portrait.third_octaves_db, *portrait.rhythm))


def set_figures(plan: Plan) -> SetFigures:
    """Figures of everything that the conditions of a plan name.

    Args:
        plan: With what was dealt.

    Raises:
        ProfileError: A profile is gone.
    """
    titles = titles_of(plan.conditions, plan.loaded.library)
    spec = job_of(plan.loaded, plan.conditions).spec
    steps = [step for condition in plan.conditions for step in condition.chain]
    return SetFigures(
        {condition.name: in_words(condition, titles) for condition in plan.conditions},
        tuple(_noises(plan, spec, steps, titles)),
        tuple(_devices(plan, spec, steps, titles)),
        tuple(_rooms(plan, spec, steps, titles)),
    )


def _alike(steps: Iterable[ChainStep], apart: frozenset[str] = frozenset()) -> list[list[ChainStep]]:
    """Steps that do the same thing, in the order in which they are first met."""
    found: dict[str, list[ChainStep]] = {}
    for step in steps:
        found.setdefault(step.perturbation.model_dump_json(exclude=set(apart)), []).append(step)
    return list(found.values())


def _noises(plan: Plan, spec: RenderSpec, steps: Iterable[ChainStep], titles: Titles) -> Iterable[NoiseFigures]:
    for same in _alike((step for step in steps if step.perturbation.is_noise()), LEVEL_FIELDS | {"ein_dba"}):
        paths = tuple(dict.fromkeys(step.path for step in same))
        name = capital(same[0].perturbation.subject(titles))
        try:
            yield NoiseFigures(name, paths, _noise(plan, spec, same[0]))
        except AcoustigridError:  # heard beside speech only, or too far from it
            yield NoiseFigures(name, paths, None)


def _noise(plan: Plan, spec: RenderSpec, step: ChainStep) -> NoisePortrait:
    """What the step adds to a scene in which nothing else is, in the blocks that were dealt other things."""
    rate = spec.sample_rate_hz
    probe = generator("portrait").standard_normal(LISTENED_S * rate) * 10 ** (PROBE_DBOV / 20)
    perturbation = step.perturbation
    if isinstance(perturbation, NoiseStep):  # its spectrum and rhythm are the same at any level
        perturbation = perturbation.model_copy(update={"snr_db": 0.0, "level_dba": None})
    sounds = []
    for draw in _draws(plan, spec, step, MOST_SOUNDS, probe.size):
        stem = perturbation.apply(spec.scene(probe), draw).noises[-1]
        sounds.append((stem.signal(), stem.active))
    return noise_portrait(sounds, rate)


def _draws(plan: Plan, spec: RenderSpec, step: ChainStep, most: int, samples: int) -> Iterable[Draw]:
    """What the first blocks that have something of their own are dealt; one block where nothing is dealt."""
    dealt = plan.exposures[step.plays].dealt if step.asked else {0: None}
    seen: set[str] = set()
    for number, given in dealt.items():
        content = "" if given is None else json.dumps(given.content(), sort_keys=True, default=str)
        if content in seen or len(seen) == most:
            continue
        seen.add(content)
        name = (spec.seed, f"block {number}", step.factor, step.family, step.name)
        yield Draw(name, spec.library, Block(number, samples), given)


def _devices(plan: Plan, spec: RenderSpec, steps: Iterable[ChainStep], titles: Titles) -> Iterable[DeviceFigures]:
    needs = dict.fromkeys(need for step in steps for need in step.perturbation.needs() if need.kind == "microphone")
    for need in needs:
        portrait = plan.loaded.library.microphone(need.name).portrait(spec.sample_rate_hz)
        yield DeviceFigures(titles[need.name], need.name, portrait)


def _rooms(plan: Plan, spec: RenderSpec, steps: Iterable[ChainStep], titles: Titles) -> Iterable[RoomFigures]:
    for same in _alike(step for step in steps if step.perturbation.stage == Stage.ROOM):
        places = [_decay(spec, same[0], draw) for draw in _draws(plan, spec, same[0], MOST_PLACES, 1)]
        yield RoomFigures(capital(same[0].perturbation.subject(titles)), tuple(places))


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
