"""Automatic gain control."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.dynamics import automatic_gain
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles
from augment.scene import Draw, Scene, Stage


class AutomaticGain(Perturbation):
    """Automatic gain control, as phones and conference systems have it.

    Models a feed-forward control without a speech detector: it starts at 0 dB, turns loud sounds down with the attack
    time, and turns up with the release time whatever is quiet, the noise between words included.

    In a recipe::

        {kind: automatic_gain, target_dbov: -20, attack_ms: 10, release_ms: 500, max_gain_db: 20}

    Keeps: length, timing.
    Changes: level over time. Detector: mean square, 5 ms; gain smoothed in dB.
    Random: nothing.
    Reference: Giannoulis, Massberg and Reiss 2012. estimate: the ranges that devices use (attack 5 to 20 ms, release
        0.2 to 2 s, highest gain 20 to 30 dB).
    """

    kind: Literal["automatic_gain"]
    stage: ClassVar = Stage.PROCESSING
    draws: ClassVar = False
    linear: ClassVar[bool] = False
    target_dbov: Annotated[float, Field(ge=-50, le=-6, description="RMS level that it brings the signal to")] = -20.0
    attack_ms: Annotated[float, Field(ge=1, le=1000, description="time constant while the gain falls")] = 10.0
    release_ms: Annotated[float, Field(ge=1, le=10_000, description="time constant while the gain rises")] = 500.0
    max_gain_db: Annotated[float, Field(ge=0, le=60, description="highest gain")] = 20.0

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"automatic gain to {self.target_dbov:g} dBov"

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        rate = scene.sample_rate_hz
        figures = (self.target_dbov, self.attack_ms, self.release_ms, self.max_gain_db)
        return scene.processed(("automatic_gain", *figures), lambda mixture: automatic_gain(mixture, rate, *figures))
