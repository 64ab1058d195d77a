"""The parts of a scene: stems, what they were asked to be, and the room that they sound in."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal

T = TypeVar("T")


@dataclass(frozen=True)
class SnrDefinition:
    """What "SNR" means: P.56 active level of the speech minus RMS level of the noise, both seen through this.

    Attributes:
        band_hz: Frequency band; None for all frequencies.
        a_weighted: Under A-weighting too.
    """

    band_hz: tuple[float, float] | None = None
    a_weighted: bool = False


FULL_BAND = SnrDefinition()
A_WEIGHTED = SnrDefinition(a_weighted=True)


class Memo:
    """Results that conditions of one utterance share; the least used are forgotten when it grows too large."""

    def __init__(self, largest_bytes: int = 256 * 2**20) -> None:
        self._largest = largest_bytes
        self._held = 0
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The value of a key; computed if it is not held.

        Example:
            >>> memo = Memo()
            >>> memo.once("a", lambda: 1), memo.once("a", lambda: 2)
            (1, 1)
        """
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._kept[key] = compute()
            self._held += self._size(self._kept[key])
            while self._held > self._largest and len(self._kept) > 1:
                self._held -= self._size(self._kept.popitem(last=False)[1])
        value: T = self._kept[key]
        return value

    @staticmethod
    def _size(value: Any) -> int:
        parts = value if isinstance(value, tuple) else (value,)
        return sum(part.nbytes if isinstance(part, np.ndarray) else 64 for part in parts)


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
        samples: Before the gain, shape (n,).
        gain: Factor.
        history: How the samples came about; equal histories, equal samples.
        active: Where a noise that pauses is on, shape (n,); None for always.
        request: For a noise.
        measured: What was measured of a noise where it came in.
    """

    samples: Signal
    gain: float
    history: tuple[Hashable, ...]
    active: NDArray[np.bool_] | None = None
    request: NoiseRequest | None = None
    measured: dict[str, float | None] = field(default_factory=dict, compare=False)

    def signal(self) -> Signal:
        """Samples with the gain applied, shape (n,)."""
        return self.samples * self.gain


@dataclass(frozen=True)
class Alone:
    """Speech without noise through the steps behind a mixture: computed only when somebody asks.

    Attributes:
        start: The speech where it was mixed.
        noises: How many noises it was mixed with.
        steps: For each step: gain before it, name, and what it does to samples.
    """

    start: Stem
    noises: int
    steps: tuple[tuple[float, Hashable, Callable[[Signal], Signal]], ...] = ()

    def through(self, name: Hashable, process: Callable[[Signal], Signal], gain: float) -> "Alone":
        """The same after one more step."""
        return replace(self, steps=(*self.steps, (gain, name, process)))

    def names(self) -> Hashable:
        """Equal names, equal samples."""
        return (self.start.history, self.start.gain, tuple((gain, name) for gain, name, _ in self.steps))

    def signal(self, memo: Memo) -> Signal:
        """Samples after the last step, before the gain that follows it, shape (n,)."""
        if not self.steps:
            return self.start.signal()
        gain, _, process = self.steps[-1]
        before = replace(self, steps=self.steps[:-1])
        return memo.once(("alone", self.names()), lambda: process(before.signal(memo) * gain))


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
    noise_response: Callable[[str, float | None], NDArray[np.float64] | None] = field(compare=False)
    absolute: bool = True
