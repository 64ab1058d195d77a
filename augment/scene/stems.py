"""The parts of a scene: stems, what was requested of them, and the room that they are in."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.convolution import ImpulseResponse
from augment.acoustics.spectrum import Weighting
from augment.scene.track import Shelf, Track


@dataclass(frozen=True)
class NoiseRequest:
    """What was requested of a noise stem, and where it comes from.

    Attributes:
        step: Name of the step within its condition: ``factor/family/step``.
        source: Recording or profile.
        snr_db: Requested SNR; None for a noise whose level was given in another way.
        start_s: Where in the recording it starts; None for synthesised noise.
        segment: Name of the noise segment, a cluster for statistics; None for synthesised noise.
        continued: Whether the recording ended before the utterance and was continued by a cross-fade.
        level_by: How its level was set: by SNR; by sound pressure level at a distance, with the decay of the free field
            or of the room; or by a level of the device itself.
        distance_m: From the source to the microphone, if its level was given for a distance.
        acoustic: Whether it is sound at the microphone, or equivalent to it; otherwise it has no sound pressure level.
        talkers: How many talkers babble.
        talker_ids: Their utterances.
    """

    step: str
    source: str
    snr_db: float | None = None
    start_s: float | None = None
    segment: str | None = None
    continued: bool = False
    level_by: Literal[
        "snr", "dba, free field", "dba, room", "dba of the direct sound", "dba at the microphone", "device"
    ] = "snr"
    distance_m: float | None = None
    acoustic: bool = True
    talkers: int | None = None
    talker_ids: str | None = None


@dataclass(frozen=True)
class Stem:
    """The speech or one noise of a scene.

    Attributes:
        track: The sound, before the gain.
        gain: Factor by which it is multiplied.
        request: What was requested of a noise; None for speech.
        measured: What was measured of a noise where it was added.
    """

    track: Track
    gain: float = 1.0
    request: NoiseRequest | None = None
    measured: dict[str, float | None] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, samples: Signal, sample_rate_hz: int) -> "Stem":
        """A stem of samples of shape (n,), at a gain of 1.

        Example:
            >>> Stem.of(np.full(8, 0.5), 16000).power(Weighting())
            0.25
        """
        return cls(Track(samples, sample_rate_hz, Shelf()))

    @property
    def samples(self) -> Signal:
        """Before the gain, shape (n,)."""
        return self.track.samples

    @property
    def active(self) -> NDArray[np.bool_] | None:
        """Where an intermittent noise is on, shape (n,); None for a steady one."""
        return self.track.active

    def signal(self) -> Signal:
        """Samples with the gain applied, shape (n,)."""
        return self.track.samples * self.gain

    def scaled(self, factor: float) -> "Stem":
        return replace(self, gain=self.gain * factor)

    def through(self, response: ImpulseResponse) -> "Stem":
        return replace(self, track=self.track.through(response))

    def power(self, weighting: Weighting) -> float:
        """Mean square over the active part, under a weighting."""
        return self.track.power(weighting) * self.gain**2

    def speech_level_dbov(self, weighting: Weighting) -> float:
        """P.56 active level in dBov under a weighting; ``-inf`` if no speech is found."""
        return self.track.speech_level(weighting, self.gain).active_level_dbov


@dataclass(frozen=True)
class Alone:
    """The speech without noise, taken through the steps after mixing: computed only when its level is asked for.

    Attributes:
        start: The speech at the point of mixing.
        noises: How many noises it was mixed with.
        steps: For each step the gain before it, its name (equal names, equal results), and what it does to samples.
    """

    start: Stem
    noises: int
    steps: tuple[tuple[float, Hashable, Callable[[Signal], Signal]], ...] = ()

    def through(self, name: Hashable, process: Callable[[Signal], Signal], gain: float) -> "Alone":
        """The speech alone with one more step, which is preceded by a gain."""
        return replace(self, steps=(*self.steps, (gain, name, process)))

    def level_dbov(self, weighting: Weighting, gain: float) -> float:
        """P.56 active level in dBov after the last step and the gain that follows it, under a weighting."""
        track, before = self.start.track, self.start.gain
        for first, name, process in self.steps:
            track, before = track.processed(name, process, before * first), 1.0
        return track.speech_level(weighting, before * gain).active_level_dbov


@dataclass(frozen=True)
class Room:
    """The room that a scene is in.

    Attributes:
        name: Equal names, equal responses.
        noise_response: Takes the name of a noise step and its distance in m (None for any place), and gives the impulse
            response from there to the microphone, with the direct sound at sample 0; None if no path is known.
        absolute: Whether responses keep the decay with distance, a direct sound of 1.0 being that at 1 m. Otherwise the
            direct sound is 1.0 at whatever distance.
    """

    name: Hashable
    noise_response: Callable[[str, float | None], ImpulseResponse | None] = field(compare=False)
    absolute: bool = True
