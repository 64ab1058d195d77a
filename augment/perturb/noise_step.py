"""What all noises have in common: a level, ways to the microphone, and a row in the manifest."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, Field, model_validator

from augment.acoustics.convolution import ImpulseResponse, convolve_in_chunks, whole_chunks
from augment.acoustics.levels import db
from augment.errors import RenderError
from augment.perturb import Perturbation
from augment.profiles.components import Sound
from augment.scene import A_WEIGHTED, Draw, NoiseRequest, Scene, Sounding, Stage, Track

LEVEL_FIELDS = frozenset({"snr_db", "level_dba", "distance_m", "at_m", "level_at"})
"""What decides the level and not the samples; the distance decides them in a room, and is named beside it."""
LEAST_SNR_DB = -30.0


@dataclass(frozen=True)
class Loudness:
    """An A-weighted sound pressure level, and the distance from its source for which it is meant."""

    dba: float
    at_m: float = 1.0


@dataclass(frozen=True)
class Noise:
    """What sounds.

    Attributes:
        name: What the manifest calls it.
        sound: For a length and a lead, both in samples, noise at any level and where it is on: both of shape
            (lead + length,), or the noise of shape (paths, lead + length). The lead is what a room has heard before.
            A shorter sound is the beginning of a longer one, bit for bit: it is made once for a whole block.
        own_dba: A-weighted level of the thing on the scale of ``sound``, in dB: a machine is not turned up in an
            utterance in which it happens to be softer, or in a test set that cannot hold its highest tones. None for
            noise that has no level but that of what is heard.
        loudness: How loud it is where the recipe gives no level; None where nobody knows.
        paths: Ways to the microphone that it knows itself: one for each of the places where it sounds.
        told: More for the manifest: fields of :class:`~augment.scene.NoiseRequest`.
    """

    name: str
    sound: Callable[[int, int], Sound]
    own_dba: Callable[[], float] | None = None
    loudness: Loudness | None = None
    paths: tuple[ImpulseResponse, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    def heard(self, paths: tuple[ImpulseResponse, ...], longest: int, sample_rate_hz: int) -> Sounding:
        """The noise of a block as it comes to the microphone; without paths as it is."""
        lead = max((path.taps.size for path in paths), default=1) - 1
        sound, active = self.sound(max((whole_chunks(longest, path) for path in paths), default=longest), lead)
        parts = sound.reshape(len(paths) or 1, -1)
        if not paths:
            return Sounding(parts[0], active, sample_rate_hz)
        wet = [convolve_in_chunks(part, path, lead) for part, path in zip(parts, paths, strict=True)]
        return Sounding(np.sum(wet, axis=0), active, sample_rate_hz, lead)


class NoiseStep(Perturbation):
    """Base of all noises. They come from everywhere or hold their room already, unless :class:`Place` stands before it.

    Attributes:
        knows_its_level: Whether it has a level of its own where the recipe gives none.
    """

    stage: ClassVar = Stage.NOISE
    knows_its_level: ClassVar[bool] = False
    snr_db: Annotated[
        float | None, Field(ge=-30, le=60, description="P.56 speech level minus noise level; or give level_dba")
    ] = None
    level_dba: Annotated[
        float | None, Field(ge=0, le=140, description="A-weighted sound pressure level; the SNR falls out")
    ] = None

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        given = [name for name in ("snr_db", "level_dba") if getattr(self, name) is not None]
        if len(given) == 2 or not (given or self.knows_its_level):
            raise ValueError(f"expected one of 'snr_db' and 'level_dba', found {'both' if given else 'neither'}")
        return self

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """What sounds: all that a noise has to say."""
        raise TypeError(f"{type(self).__name__} has no noise()")

    def absolute(self) -> bool:
        """A level in dB(A) needs to know how loud the speech is."""
        return self.snr_db is None

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Add the noise.

        Raises:
            RenderError: It is silent, or nothing of it lies in the band in which the SNR is defined.
        """
        noise, place = self.noise(scene, draw), self if isinstance(self, Place) else None
        paths = noise.paths if place is None else place.paths(scene, draw.step, self.absolute())
        distance_m = None if place is None else place.distance_m
        room = None if scene.room is None else (scene.room.name, distance_m)
        name = (draw.name, draw.dealt, self.model_dump_json(exclude=set(LEVEL_FIELDS)), room)
        heard = draw.block.shared.once(name, lambda: noise.heard(paths, draw.block.longest, scene.sample_rate_hz))
        track = heard.beginning(scene.samples, scene.shelf)
        level: dict[str, Any] = {"snr_db": self.snr_db, "level_by": "snr", "distance_m": distance_m}
        gain_db = None
        if self.absolute():
            level["level_by"], gain_db = self._to_level(scene, draw, noise, bool(paths), track)
        after = scene.with_noise(track, NoiseRequest(draw.step, noise.name, **level, **noise.told), gain_db)
        snr_db = after.noises[-1].measured["snr_db"]
        if self.absolute() and snr_db is not None and snr_db < LEAST_SNR_DB:
            reached = f"the noise would be {-snr_db:.0f} dB above the speech; at most {-LEAST_SNR_DB:.0f} dB are made"
            raise RenderError(f"step {draw.step}: {reached}")
        return after

    def wanted(self, noise: Noise) -> Loudness | None:
        """Level that a noise without an SNR is brought to: the recipe's, or its own."""
        if self.level_dba is None:
            return noise.loudness
        return Loudness(self.level_dba, (isinstance(self, Place) and self.at_m) or 1.0)

    def _to_level(self, scene: Scene, draw: Draw, noise: Noise, has_path: bool, heard: Track) -> tuple[str, float]:
        """How its level in dB(A) is meant, and the gain that brings it there."""
        wanted = self.wanted(noise)
        if wanted is None:
            message = f"the profile '{noise.name}' does not say how loud it is: give snr_db or level_dba"
            raise RenderError(f"step {draw.step}: {message}")
        if scene.full_scale_dbspl is None:
            raise RenderError(f"step {draw.step}: the recipe does not say how loud the speech is")
        if not isinstance(self, Place) or self.level_at == "microphone":
            known = None if isinstance(self, Place) else noise.own_dba
            own_db = db(heard.power(A_WEIGHTED)) if known is None else known()
            return "dba at the microphone", wanted.dba + (-scene.full_scale_dbspl - own_db)
        assert noise.own_dba is not None, "what stands somewhere has a level of its own"
        # Taps that hold the decay begin at 1 m; in the free field the level falls by 6 dB with twice the distance.
        level_by, away_m = "dba, free field", self.distance_m or wanted.at_m
        if has_path and scene.room is not None:
            level_by, away_m = ("dba, room", 1.0) if scene.room.absolute else ("dba of the direct sound", away_m)
        gain_db = -scene.full_scale_dbspl - noise.own_dba() - 20 * math.log10(away_m / wanted.at_m)
        return level_by, wanted.dba + gain_db


class Place(BaseModel):
    """A noise that stands somewhere: a room gives it a path of its own.

    A level in dB(A) is that of the source at a distance in the free field, as data sheets give it; or, with ``level_at:
    microphone``, what a meter beside the microphone shows, room and all.
    """

    distance_m: Annotated[
        float | None,
        Field(gt=0, le=100, description="from the noise to the microphone; at_m, or any place of a room, if not given"),
    ] = None
    at_m: Annotated[
        float | None, Field(gt=0, le=100, description="distance for which level_dba is given; 1 if not given")
    ] = None
    level_at: Annotated[
        Literal["source", "microphone"],
        Field(description="where level_dba is meant: at_m from the source in the free field, or at the microphone"),
    ] = "source"

    def paths(self, scene: Scene, step: str, absolute: bool) -> tuple[ImpulseResponse, ...]:
        """Its way to the microphone; none in the free field, and in a room that knows none.

        Args:
            scene: Before it.
            step: Its name.
            absolute: Whether it is brought to a level in dB(A), for which a room must know a way.
        """
        path = None if scene.room is None else scene.room.noise_response(step, self.distance_m)
        if scene.room is not None and path is None and absolute and self.level_at == "source":
            raise RenderError(
                f"step {step}: the room has no path for noises, so that a level at a distance cannot be told: "
                "give noise_source, level_at: microphone, or snr_db"
            )
        return () if path is None else (path,)
