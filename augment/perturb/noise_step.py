"""What all noises have in common: a level, a path to the microphone, and a row in the manifest."""

import json
import math
from collections.abc import Hashable
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from augment.acoustics import Signal
from augment.acoustics.filters import convolve
from augment.acoustics.levels import db, power
from augment.acoustics.spectrum import weigh
from augment.perturb import Perturbation
from augment.profiles.components import Sound
from augment.scene import Draw, NoiseRequest, Scene, Stage

LEVEL_FIELDS = frozenset({"snr_db", "level_dba", "distance_m", "at_m"})


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

    @model_validator(mode="after")
    def _one_level(self) -> "NoiseStep":
        if (self.snr_db is None) == (self.level_dba is None):
            found = "neither" if self.snr_db is None else "both"
            raise ValueError(f"expected one of 'snr_db' and 'level_dba', found {found}")
        return self

    def named(self, draw: Draw) -> str:
        """What the manifest calls the source."""
        return self.kind

    def sound(self, draw: Draw, samples: int, sample_rate_hz: int, lead: int) -> Sound:
        """What sounds, at any level.

        Args:
            draw: The draw of this step.
            samples: Length of the speech.
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
        return self.level_dba is not None

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Add the noise.

        Raises:
            RenderError: It is silent, or nothing of it lies in the band in which the SNR is defined.
        """
        taps = self._path(scene, draw)
        place = None if scene.room is None else (scene.room.name, self._distance_m())
        history = (self.kind, draw.name, self.identity(draw), scene.speech.samples.size, place)
        samples, active, level_dba = scene.memo.once(history, lambda: self._heard(scene, draw, taps))
        request = NoiseRequest(draw.step, self.named(draw), **self._level(scene, taps), **self.told(draw, scene))
        own = None if self.level_dba is None else self._gain_db(scene, taps, level_dba)
        return scene.with_noise(samples, request, history, active, own)

    def _heard(
        self, scene: Scene, draw: Draw, taps: NDArray[np.float64] | None
    ) -> tuple[Signal, NDArray[np.bool_] | None, float]:
        """The noise at the microphone, where it is on, and the A-weighted level that stands for ``level_dba``."""
        lead = 0 if taps is None else taps.size - 1
        dry, on = self.sound(draw, scene.speech.samples.size, scene.sample_rate_hz, lead)
        active = None if on is None or on[lead:].all() else on[lead:]
        wet = dry if taps is None else convolve(dry, taps)
        return wet[lead:], active, self.a_level_db(draw, dry[lead:], scene.sample_rate_hz, active)

    def a_level_db(self, draw: Draw, sound: Signal, sample_rate_hz: int, active: NDArray[np.bool_] | None) -> float:
        """A-weighted level of what :meth:`sound` gives, on its own scale.

        That of the stretch itself, unless a noise knows the level of the thing behind it: a machine is not turned up
        in an utterance in which it happens to be softer, or in a test set that cannot hold its highest tones.
        """
        return a_level_dbov(sound, sample_rate_hz, active)

    def _path(self, scene: Scene, draw: Draw) -> NDArray[np.float64] | None:
        """Impulse response of the noise's own path; None for a noise without a place."""
        return None

    def _distance_m(self) -> float | None:
        return None

    def _level(self, scene: Scene, taps: NDArray[np.float64] | None) -> dict[str, Any]:
        """How its level is set, as the manifest says it."""
        return {"snr_db": self.snr_db, "level_by": "snr" if self.level_dba is None else "dba at the microphone"}

    def _gain_db(self, scene: Scene, taps: NDArray[np.float64] | None, own_db: float) -> float:
        """Gain for the samples so that the noise has its level in dB(A)."""
        assert self.level_dba is not None, "called for a noise with a level in dB(A)"
        assert scene.full_scale_dbspl is not None, "the recipe was checked to say how loud the speech is"
        return self.level_dba - scene.full_scale_dbspl - own_db


def a_level_dbov(signal: Signal, sample_rate_hz: int, active: NDArray[np.bool_] | None) -> float:
    """A-weighted level of a noise of shape (n,) over its active part."""
    heard = weigh(signal, sample_rate_hz, None, a_weighted=True)
    return db(power(heard if active is None else heard[active]))


class SourceNoise(NoiseStep):
    """Base of noises that come from a place: a room gives them a path of their own."""

    distance_m: Annotated[
        float | None, Field(gt=0, le=100, description="from the noise to the microphone, for level_dba and rooms")
    ] = None
    at_m: Annotated[float, Field(gt=0, le=100, description="distance at which level_dba was measured")] = 1.0

    def _path(self, scene: Scene, draw: Draw) -> NDArray[np.float64] | None:
        return None if scene.room is None else scene.room.noise_response(draw.step, self.distance_m)

    def _distance_m(self) -> float | None:
        return self.distance_m

    def _in_room(self, scene: Scene, taps: NDArray[np.float64] | None) -> bool:
        return taps is not None and scene.room is not None and scene.room.absolute

    def _level(self, scene: Scene, taps: NDArray[np.float64] | None) -> dict[str, Any]:
        way = "snr"
        if self.level_dba is not None:
            way = "dba, room" if self._in_room(scene, taps) else "dba, free field"
        return {"snr_db": self.snr_db, "level_by": way, "distance_m": self.distance_m}

    def _gain_db(self, scene: Scene, taps: NDArray[np.float64] | None, own_db: float) -> float:
        # A room's taps hold the decay from 1 m on; in the free field the level falls by 6 dB with twice the distance.
        away_m = 1.0 if self._in_room(scene, taps) else (self.distance_m or self.at_m)
        return super()._gain_db(scene, taps, own_db) - 20 * math.log10(away_m / self.at_m)
