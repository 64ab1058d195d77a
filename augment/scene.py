"""What a perturbation is handed: the scene before it, and its draw."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.filters import convolve
from augment.acoustics.levels import db, gain, power, speech_level
from augment.acoustics.spectrum import weigh
from augment.errors import RenderError
from augment.profiles.library import Library
from augment.streams import generator

T = TypeVar("T")
SILENT_DBOV = -120.0
LEAST_IN_BAND_DB = 30.0


class Stage(IntEnum):
    """Where in the signal chain a step stands; sound passes them in this order."""

    SOURCE = 1
    ROOM = 2
    NOISE = 3
    MICROPHONE = 4
    ELECTRICAL = 5
    PROCESSING = 6
    CHANNEL = 7


@dataclass(frozen=True)
class SnrDefinition:
    """What "SNR" means: P.56 active level of the speech minus RMS level of the noise, both seen through this.

    Attributes:
        band_hz: Frequency band; None for all frequencies.
        a_weighted: Under A-weighting too.
    """

    band_hz: tuple[float, float] | None = None
    a_weighted: bool = False


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
        snr_db: Requested SNR.
        start_s: Where in the recording it starts; None for synthesised noise.
        segment: Name of the noise segment, a cluster for the statistics; None for synthesised noise.
        continued: Whether the recording ended before the utterance and was continued by a cross-fade.
    """

    step: str
    source: str
    snr_db: float
    start_s: float | None = None
    segment: str | None = None
    continued: bool = False


@dataclass(frozen=True)
class Stem:
    """The speech or one noise of a scene.

    Attributes:
        samples: Before the gain, shape (n,).
        gain: Factor.
        history: How the samples came about; equal histories, equal samples.
        active: Where a noise that pauses is on, shape (n,); None for always.
        request: For a noise.
    """

    samples: Signal
    gain: float
    history: tuple[Hashable, ...]
    active: NDArray[np.bool_] | None = None
    request: NoiseRequest | None = None

    def signal(self) -> Signal:
        """Samples with the gain applied, shape (n,)."""
        return self.samples * self.gain


@dataclass(frozen=True)
class Scene:
    """Speech and noises at one point of a linear signal chain, kept apart. Immutable.

    Attributes:
        speech: The speech stem.
        noises: The noise stems.
        sample_rate_hz: Samples a second.
        snr: What SNR means in this test set.
        memo: Results shared by the conditions of the utterance.
    """

    speech: Stem
    noises: tuple[Stem, ...]
    sample_rate_hz: int
    snr: SnrDefinition
    memo: Memo = field(default_factory=Memo, repr=False, compare=False)

    def speech_level_db(self, definition: SnrDefinition) -> float:
        """P.56 active level of the speech in dBov, as seen through a definition; ``-inf`` where none is found."""
        stem, rate = self.speech, self.sample_rate_hz

        def measure() -> float:
            seen = weigh(stem.signal(), rate, definition.band_hz, definition.a_weighted)
            return speech_level(seen, rate).active_level_dbov

        return self.memo.once(("speech level", stem.history, stem.gain, definition), measure)

    def noise_level_db(self, stem: Stem, definition: SnrDefinition) -> float:
        """RMS level of a noise in dBov, over its active part, as seen through a definition."""

        def measure() -> float:
            seen = weigh(stem.samples, self.sample_rate_hz, definition.band_hz, definition.a_weighted)
            return db(power(seen if stem.active is None else seen[stem.active]))

        return self.memo.once(("noise level", stem.history, definition), measure) + db(stem.gain**2)

    def snr_db(self, definition: SnrDefinition) -> float | None:
        """SNR against all noises together, from the powers of their active parts; None without noise."""
        if not self.noises:
            return None
        together = sum(10 ** (self.noise_level_db(stem, definition) / 10) for stem in self.noises)
        return self.speech_level_db(definition) - db(together)

    def with_noise(
        self,
        samples: Signal,
        request: NoiseRequest,
        history: tuple[Hashable, ...],
        active: NDArray[np.bool_] | None = None,
    ) -> "Scene":
        """The scene with one more noise, at its requested SNR.

        Args:
            samples: Noise of the length of the speech.
            request: SNR and source.
            history: How the samples came about.
            active: Where the noise is on.

        Raises:
            RenderError: The noise or the speech has no power in the band in which the SNR is defined.
        """
        stem = Stem(samples, 1.0, history, active, request)
        speech, noise = self.speech_level_db(self.snr), self.noise_level_db(stem, self.snr)
        band = f"{self.snr.band_hz[0]:g}-{self.snr.band_hz[1]:g} Hz" if self.snr.band_hz else "the whole band"
        if speech == -math.inf:
            raise RenderError(f"step {request.step}: no active speech is found in {band}")
        whole = self.noise_level_db(stem, SnrDefinition())
        if whole < SILENT_DBOV:
            raise RenderError(f"step {request.step}: this stretch of the noise '{request.source}' is silent")
        if noise < whole - LEAST_IN_BAND_DB:
            share = f"less than {100 * 10 ** (-LEAST_IN_BAND_DB / 10):g} % of its power lies in {band}"
            advice = "what is heard would not be the label's noise; choose another snr.band_hz"
            raise RenderError(f"step {request.step}: the noise '{request.source}': {share}, {advice}")
        return replace(self, noises=(*self.noises, replace(stem, gain=gain(speech - noise - request.snr_db))))

    def filtered(self, name: Hashable, taps: NDArray[np.float64], advance_samples: int) -> "Scene":
        """The scene after a linear filter that everything passes.

        Args:
            name: Stands for the filter in the histories of the stems.
            taps: Impulse response, shape (k,).
            advance_samples: Delay to take out.
        """

        def through(stem: Stem) -> Stem:
            history = (*stem.history, name)
            samples = self.memo.once(history, lambda: convolve(stem.samples, taps, advance_samples))
            return replace(stem, samples=samples, history=history)

        return replace(self, speech=through(self.speech), noises=tuple(through(stem) for stem in self.noises))

    def scaled(self, factor: float) -> "Scene":
        """The scene with every stem louder or softer by one factor."""

        def louder(stem: Stem) -> Stem:
            return replace(stem, gain=stem.gain * factor)

        return replace(self, speech=louder(self.speech), noises=tuple(louder(stem) for stem in self.noises))

    def mixture(self) -> Signal:
        """Sum of all stems, shape (n,)."""
        total = self.speech.signal()
        for stem in self.noises:
            total = total + stem.signal()
        return total


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording that the planner dealt to a block.

    Attributes:
        name: Name of the recording.
        sha256: Of its file.
        start: First sample, at the test set's rate.
        round: How often the source had been dealt out completely before.
    """

    name: str
    sha256: str
    start: int
    round: int

    @property
    def label(self) -> str:
        """Name of the segment, a cluster for the statistics.

        Example:
            >>> Segment("street.wav", "e3b0", 32000, 0).label
            'street.wav@32000'
        """
        return f"{self.name}@{self.start}"


@dataclass(frozen=True)
class Draw:
    """Everything that is decided for one step in one block.

    Attributes:
        name: Seed, block, factor, family and step: the name of this draw's random streams.
        library: Profiles and recordings.
        segment: The noise segment dealt to the block, for a step that plays a recording.
    """

    name: tuple[str | int, ...]
    library: Library
    segment: Segment | None = None

    @property
    def step(self) -> str:
        """``factor/family/step``."""
        return "/".join(str(part) for part in self.name[-3:])

    def stream(self, decision: str) -> np.random.Generator:
        """The random generator of one decision, in its initial state."""
        return generator(*self.name, decision)
