"""What all noises have in common: a level, a path to the microphone, and a row in the manifest."""

import json
import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from augment.acoustics.convolution import ImpulseResponse, whole_chunks
from augment.acoustics.levels import db
from augment.errors import RenderError
from augment.perturb import Perturbation
from augment.profiles.components import Sound
from augment.scene import A_WEIGHTED, Draw, NoiseRequest, Scene, Sounding, Stage, Track

LEVEL_FIELDS = frozenset({"snr_db", "level_dba", "distance_m", "at_m"})
"""What decides the level and not the samples; the distance decides them in a room, and is named beside it."""
LEAST_SNR_DB = -30.0


@dataclass(frozen=True, eq=False)
class Heard:
    """The noise of a block, as long as its longest utterance.

    Attributes:
        dry: As it is.
        wet: As it comes to the microphone; the same thing in the free field.
    """

    dry: Sounding
    wet: Sounding

    @property
    def nbytes(self) -> int:
        """What it holds."""
        return self.dry.nbytes + self.wet.nbytes


class NoiseStep(Perturbation):
    """Base of noises without a place: they come from everywhere, or hold their room already.

    A noise says what sounds (:meth:`sound`) and what it is called (:meth:`named`); its level is set here.
    """

    stage: ClassVar = Stage.NOISE
    snr_db: Annotated[
        float | None, Field(ge=-30, le=60, description="P.56 speech level minus noise level; or give level_dba")
    ] = None
    level_dba: Annotated[
        float | None, Field(ge=0, le=140, description="A-weighted sound pressure level; the SNR falls out")
    ] = None

    knows_its_level: ClassVar[bool] = False
    """Whether it has a level of its own where the recipe gives none."""

    @model_validator(mode="after")
    def _one_level(self) -> "NoiseStep":
        given = [name for name in ("snr_db", "level_dba") if getattr(self, name) is not None]
        if len(given) == 2 or not (given or self.knows_its_level):
            raise ValueError(f"expected one of 'snr_db' and 'level_dba', found {'both' if given else 'neither'}")
        return self

    def wanted_dba(self, draw: Draw) -> float:
        """Level in dB(A) that it is brought to, where it has no SNR."""
        assert self.level_dba is not None, "a noise has an SNR or a level"
        return self.level_dba

    def named(self, draw: Draw) -> str:
        """What the manifest calls the source."""
        return self.kind

    def sound(self, draw: Draw, samples: int, sample_rate_hz: int, lead: int) -> Sound:
        """What sounds, at any level.

        The beginning of what a larger number of samples gives, bit for bit: it is asked for once for a whole block.

        Args:
            draw: The draw of this step.
            samples: Wanted length.
            sample_rate_hz: Samples a second.
            lead: Samples wanted in front of them: a room must have heard the noise before. 0 for a noise without a
                place.

        Returns:
            Noise, and where it is on, both of shape (lead + samples,).
        """
        raise TypeError(f"{type(self).__name__} has no sound()")

    def identity(self, draw: Draw) -> Hashable:
        """What decides the samples beside the draw: everything but the level."""
        return json.dumps(self.model_dump(mode="json", exclude=set(LEVEL_FIELDS)), sort_keys=True)

    def told(self, draw: Draw, scene: Scene) -> dict[str, Any]:
        """More about the source for the manifest: fields of :class:`~augment.scene.NoiseRequest`."""
        return {}

    def absolute(self) -> bool:
        """A level in dB(A) needs to know how loud the speech is."""
        return self.snr_db is None

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Add the noise.

        Raises:
            RenderError: It is silent, or nothing of it lies in the band in which the SNR is defined.
        """
        path = self._path(scene, draw)
        place = None if scene.room is None else (scene.room.name, self._distance_m())
        name = (self.kind, draw.name, self.identity(draw), place)
        heard = draw.block.shared.once(name, lambda: self._heard(scene, draw, path))
        track = heard.wet.beginning(scene.samples, scene.shelf)
        request = NoiseRequest(draw.step, self.named(draw), **self._level(scene, path), **self.told(draw, scene))
        after = scene.with_noise(track, request, self._own_gain_db(scene, draw, path, heard, track))
        snr_db = after.noises[-1].measured["snr_db"]
        if self.snr_db is None and snr_db is not None and snr_db < LEAST_SNR_DB:
            reached = f"the noise would be {-snr_db:.0f} dB above the speech; at most {-LEAST_SNR_DB:.0f} dB are made"
            raise RenderError(f"step {draw.step}: {reached}")
        return after

    def _own_gain_db(
        self, scene: Scene, draw: Draw, path: ImpulseResponse | None, heard: "Heard", track: Track
    ) -> float | None:
        """Gain that brings it to its level in dB(A); None for a noise at an SNR."""
        if self.snr_db is not None:
            return None
        dry = heard.dry.beginning(scene.samples, scene.shelf)
        return self.wanted_dba(draw) + self._gain_db(scene, draw, path, self._level_of(draw, dry, track))

    def _level_of(self, draw: Draw, dry: Track, wet: Track) -> float:
        """A-weighted level that stands for ``level_dba``, of the noise as it is and as it comes to the microphone."""
        return self.own_level_db(draw, dry)

    def _heard(self, scene: Scene, draw: Draw, path: ImpulseResponse | None) -> "Heard":
        """The noise of the block: as it is, and as it comes to the microphone."""
        rate = scene.sample_rate_hz
        if path is None:
            dry = Sounding(*self.sound(draw, draw.block.longest, rate, 0), rate)
            return Heard(dry, dry)
        lead = path.taps.size - 1
        dry = Sounding(*self.sound(draw, whole_chunks(draw.block.longest, path), rate, lead), rate, lead)
        return Heard(dry, dry.through(path))

    def own_level_db(self, draw: Draw, dry: Track) -> float:
        """A-weighted level that stands for ``level_dba``, on the noise's own scale.

        That of the stretch itself, unless a noise knows the level of the thing behind it: a machine is not turned up
        in an utterance in which it happens to be softer, or in a test set that cannot hold its highest tones.

        Args:
            draw: The draw of this step.
            dry: The noise beside the utterance, without a room.
        """
        return db(dry.power(A_WEIGHTED))

    def _path(self, scene: Scene, draw: Draw) -> ImpulseResponse | None:
        """Impulse response of the noise's own path; None for a noise without a place."""
        return None

    def _distance_m(self) -> float | None:
        return None

    def _level(self, scene: Scene, path: ImpulseResponse | None) -> dict[str, Any]:
        """How its level is set, as the manifest says it."""
        return {"snr_db": self.snr_db, "level_by": "dba at the microphone" if self.snr_db is None else "snr"}

    def _gain_db(self, scene: Scene, draw: Draw, path: ImpulseResponse | None, own_db: float) -> float:
        """Gain for the samples less the wanted level in dB(A)."""
        if scene.full_scale_dbspl is None:
            raise RenderError(f"step {draw.step}: the recipe does not say how loud the speech is")
        return -scene.full_scale_dbspl - own_db


class SourceNoise(NoiseStep):
    """Base of noises that come from a place: a room gives them a path of their own.

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

    def meant_for_m(self, draw: Draw) -> float:
        """Distance in m for which the level is given."""
        return 1.0 if self.at_m is None else self.at_m

    def _path(self, scene: Scene, draw: Draw) -> ImpulseResponse | None:
        if scene.room is None:
            return None
        path = scene.room.noise_response(draw.step, self.distance_m)
        if path is None and self.snr_db is None and self.level_at == "source":
            raise RenderError(
                f"step {draw.step}: the room has no path for noises, so that a level at a distance cannot be told: "
                "give noise_source, level_at: microphone, or snr_db"
            )
        return path

    def _distance_m(self) -> float | None:
        return self.distance_m

    def _level_of(self, draw: Draw, dry: Track, wet: Track) -> float:
        return db(wet.power(A_WEIGHTED)) if self.level_at == "microphone" else super()._level_of(draw, dry, wet)

    def _level(self, scene: Scene, path: ImpulseResponse | None) -> dict[str, Any]:
        return {"snr_db": self.snr_db, "level_by": self._way(scene, path), "distance_m": self.distance_m}

    def _way(self, scene: Scene, path: ImpulseResponse | None) -> str:
        if self.snr_db is not None:
            return "snr"
        if self.level_at == "microphone":
            return "dba at the microphone"
        if path is None or scene.room is None:
            return "dba, free field"
        return "dba, room" if scene.room.absolute else "dba of the direct sound"

    def _gain_db(self, scene: Scene, draw: Draw, path: ImpulseResponse | None, own_db: float) -> float:
        gain_db = super()._gain_db(scene, draw, path, own_db)
        if self.level_at == "microphone":
            return gain_db
        # Taps that hold the decay begin at 1 m; in the free field the level falls by 6 dB with twice the distance.
        meant_m = self.meant_for_m(draw)
        away_m = 1.0 if self._way(scene, path) == "dba, room" else (self.distance_m or meant_m)
        return gain_db - 20 * math.log10(away_m / meant_m)
