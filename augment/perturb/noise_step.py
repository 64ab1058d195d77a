"""What all noises have in common: a level, paths to the microphone, and columns in the manifest."""

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
from augment.perturb.words import NO_TITLES, Titles
from augment.profiles.components import Sound
from augment.scene import A_WEIGHTED, Draw, NoiseRequest, Scene, Sounding, Stage, Track

LEVEL_FIELDS = frozenset({"snr_db", "level_dba", "distance_m", "at_m", "level_at"})
"""Fields that set the level and not the samples; the distance, which in a room sets both, is named beside them."""
LEAST_SNR_DB = -30.0


@dataclass(frozen=True)
class Loudness:
    """An A-weighted sound pressure level, and the distance from the source at which it holds."""

    dba: float
    at_m: float = 1.0


@dataclass(frozen=True)
class Noise:
    """A noise as its step describes it.

    Attributes:
        name: What the manifest calls it.
        sound: Takes a length and a lead in samples, and gives noise at any level and where it is on: both of shape
            (lead + length,), or noise of shape (paths, lead + length). A room responds to the lead before the
            beginning. A shorter sound is the beginning of a longer one, bit for bit, and made once for a whole block.
        own_dba: A-weighted level of the source in dB, on the scale of ``sound``: a machine is not turned up in an
            utterance where it happens to be softer, or in a test set whose rate cannot hold its highest tones. None for
            noise whose level is that of the excerpt heard.
        loudness: How loud it is if the recipe gives no level; None if that is not known.
        paths: Impulse responses to the microphone that the noise brings itself, one for each place where it sounds.
        told: More for the manifest: fields of :class:`~augment.scene.NoiseRequest`.
    """

    name: str
    sound: Callable[[int, int], Sound]
    own_dba: Callable[[], float] | None = None
    loudness: Loudness | None = None
    paths: tuple[ImpulseResponse, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    def heard(self, paths: tuple[ImpulseResponse, ...], longest: int, sample_rate_hz: int) -> Sounding:
        """The noise of a block as it arrives at the microphone; unchanged if there are no paths."""
        # An output sample depends on the k - 1 samples before it: with as long a lead the room is already filled.
        lead = max((path.taps.size for path in paths), default=1) - 1
        sound, active = self.sound(max((whole_chunks(longest, path) for path in paths), default=longest), lead)
        parts = sound.reshape(len(paths) or 1, -1)
        if not paths:
            return Sounding(parts[0], active, sample_rate_hz)
        wet = [convolve_in_chunks(part, path, lead) for part, path in zip(parts, paths, strict=True)]
        return Sounding(np.sum(wet, axis=0), active, sample_rate_hz, lead)


class NoiseStep(Perturbation):
    """Base of all noises: diffuse, or recorded with its room, unless :class:`Place` is listed before it.

    Attributes:
        knows_its_level: Whether it has a level of its own if the recipe gives none.
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
        """The noise itself: the one method that a noise step must have."""
        raise TypeError(f"{type(self).__name__} has no noise()")

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return self.kind.replace("_", " ")

    def words(self, titles: Titles = NO_TITLES) -> str:
        level = "its own level" if self.level_dba is None else f"{self.level_dba:g} dB(A)"
        return f"{self.subject(titles)} at {level if self.snr_db is None else f'{self.snr_db:g} dB'}"

    def absolute(self) -> bool:
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
            reached = f"the noise would be {-snr_db:.0f} dB above the speech; at most {-LEAST_SNR_DB:.0f} dB is allowed"
            raise RenderError(f"step {draw.step}: {reached}")
        return after

    def wanted(self, noise: Noise) -> Loudness | None:
        """Level to which a noise without an SNR is brought: the recipe's, or its own."""
        if self.level_dba is None:
            return noise.loudness
        return Loudness(self.level_dba, (isinstance(self, Place) and self.at_m) or 1.0)

    def _to_level(self, scene: Scene, draw: Draw, noise: Noise, has_path: bool, heard: Track) -> tuple[str, float]:
        """Where its level in dB(A) holds, and the gain in dB that brings it there."""
        wanted = self.wanted(noise)
        if wanted is None:
            message = f"the profile '{noise.name}' does not say how loud it is: give snr_db or level_dba"
            raise RenderError(f"step {draw.step}: {message}")
        if scene.full_scale_dbspl is None:
            raise RenderError(f"step {draw.step}: the recipe does not say how loud the speech is")
        if not isinstance(self, Place) or self.level_at == "microphone":
            known = None if isinstance(self, Place) else noise.own_dba
            own_db = db(heard.power(A_WEIGHTED)) if known is None else known()
            # A signal of L dBov is L + full_scale_dbspl dB SPL: the gain is the wanted level less that.
            return "dba at the microphone", wanted.dba + (-scene.full_scale_dbspl - own_db)
        if noise.own_dba is None:
            message = f"'{noise.name}' does not say how loud it is by itself: give snr_db, or level_at: microphone"
            raise RenderError(f"step {draw.step}: {message}")
        # 1/r in pressure is 20 lg(r) in dB: from at_m to away_m. A room's response that holds the decay does the rest
        # itself, from 1 m on.
        level_by, away_m = "dba, free field", self.distance_m or wanted.at_m
        if has_path and scene.room is not None:
            level_by, away_m = ("dba, room", 1.0) if scene.room.absolute else ("dba of the direct sound", away_m)
        gain_db = -scene.full_scale_dbspl - noise.own_dba() - 20 * math.log10(away_m / wanted.at_m)
        return level_by, wanted.dba + gain_db


class Place(BaseModel):
    """A noise from a place, to which a room gives a path of its own.

    A level in dB(A) is that of the source at a distance in the free field, as data sheets state it; or, with
    ``level_at: microphone``, what a meter beside the microphone shows, with the room in it.
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
        """Its path to the microphone; none in the free field, or in a room without paths for noises.

        Args:
            scene: The scene before this step.
            step: Name of this step.
            absolute: Whether it is brought to a level in dB(A), for which a room must have a path.

        Raises:
            RenderError: The room has no path, and the level is that at a distance from the source.
        """
        path = None if scene.room is None else scene.room.noise_response(step, self.distance_m)
        if scene.room is not None and path is None and absolute and self.level_at == "source":
            raise RenderError(
                f"step {step}: the room has no path for noises, so a level at a distance cannot be computed: "
                "give noise_source, level_at: microphone, or snr_db"
            )
        return () if path is None else (path,)
