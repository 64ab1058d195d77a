"""The parts of a scene: stems, what they were asked to be, and the room that they sound in."""

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
    """What a noise stem was asked to be, and where it came from.

    Attributes:
        step: Name of the step within its condition: ``factor/family/step``.
        source: Recording or profile.
        snr_db: Requested SNR; None for a noise whose level was given in another way.
        start_s: Where in the recording it starts; None for synthesised noise.
        segment: Name of the noise segment, a cluster for the statistics; None for synthesised noise.
        continued: Whether the recording ended before the utterance and was continued by a cross-fade.
        level_by: How its level was set: by SNR; by sound pressure level at a distance, with the decay of the free field
            or of the room; or by a level of the device itself.
        distance_m: Of the source from the microphone, where its level was given for a distance.
        acoustic: Whether it is sound, or as good as sound, at the microphone; else it has no sound pressure.
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
        track: The sound before the gain.
        gain: Factor.
        request: For a noise.
        measured: What was measured of a noise where it came in.
    """

    track: Track
    gain: float = 1.0
    request: NoiseRequest | None = None
    measured: dict[str, float | None] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, samples: Signal, sample_rate_hz: int) -> "Stem":
        """A sound that nothing was done to, shape (n,).

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
        """Where a noise that pauses is on, shape (n,); None for always."""
        return self.track.active

    def signal(self) -> Signal:
        """Samples with the gain applied, shape (n,)."""
        return self.track.samples * self.gain

    def scaled(self, factor: float) -> "Stem":
        """The same louder or softer."""
        return replace(self, gain=self.gain * factor)

    def through(self, response: ImpulseResponse) -> "Stem":
        """The same after a response."""
        return replace(self, track=self.track.through(response))

    def power(self, weighting: Weighting) -> float:
        """Mean square over the active part, as seen through a weighting."""
        return self.track.power(weighting) * self.gain**2

    def speech_level_dbov(self, weighting: Weighting) -> float:
        """P.56 active level as seen through a weighting; ``-inf`` where no speech is found."""
        return self.track.speech_level(weighting, self.gain).active_level_dbov


@dataclass(frozen=True)
class Alone:
    """Speech without noise through the steps behind a mixture: computed only when somebody asks.

    Attributes:
        start: The speech where it was mixed.
        noises: How many noises it was mixed with.
        steps: For each step: gain before it, its name (equal names, equal results), and what it does to samples.
    """

    start: Stem
    noises: int
    steps: tuple[tuple[float, Hashable, Callable[[Signal], Signal]], ...] = ()

    def through(self, name: Hashable, process: Callable[[Signal], Signal], gain: float) -> "Alone":
        """The same after one more step."""
        return replace(self, steps=(*self.steps, (gain, name, process)))

    def level_dbov(self, weighting: Weighting, gain: float) -> float:
        """P.56 active level after the last step and the gain that follows it, as seen through a weighting."""
        track, before = self.start.track, self.start.gain
        for first, name, process in self.steps:
            track, before = track.processed(name, process, before * first), 1.0
        return track.speech_level(weighting, before * gain).active_level_dbov


@dataclass(frozen=True)
class Room:
    """The room that a scene stands in.

    Attributes:
        name: Equal names, equal responses.
        noise_response: For the name of a noise step and its distance in m (None for any place), the impulse response
            from there to the microphone, with the direct sound at sample 0; None where no path for noises is known.
        absolute: Whether responses keep the decay with distance: 1.0 is the direct sound at 1 m. Otherwise the direct
            sound is 1.0 at whatever distance.
    """

    name: Hashable
    noise_response: Callable[[str, float | None], ImpulseResponse | None] = field(compare=False)
    absolute: bool = True
