"""A decoded audio file with its row and its condition, and findings about such files."""

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import SpeechMeter
from augment.acoustics.pcm import FULL_SCALE
from augment.design.conditions import ChainStep, Condition
from augment.scene import Stage, Weighting
from augment.verification.meter import through


@dataclass(frozen=True, eq=False)
class Heard:
    """One file, decoded.

    Attributes:
        row: Its row in the manifest.
        condition: Condition of the item.
        pcm: Samples, shape (n,).
        sample_rate_hz: Sample rate.
    """

    row: dict[str, Any]
    condition: Condition
    pcm: NDArray[np.int16]
    sample_rate_hz: int

    @property
    def path(self) -> tuple[ChainStep, ...]:
        """The steps that the speech passes: the chain without its noises."""
        return tuple(step for step in self.condition.chain if not step.perturbation.is_noise())

    @property
    def noisy(self) -> bool:
        """Whether its chain adds noise."""
        return len(self.path) < len(self.condition.chain)

    @property
    def linear(self) -> bool:
        """Whether files with the same path may be subtracted."""
        return all(step.perturbation.linear for step in self.condition.chain)

    @property
    def rooms(self) -> bool:
        """Whether its speech is heard in a room."""
        return any(step.perturbation.stage is Stage.ROOM for step in self.condition.chain)

    def number(self, name: str) -> float | None:
        """A finite number from the row; None if it has none."""
        value = self.row.get(name)
        fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        return float(value) if fits and value is not None else None

    @property
    def gain(self) -> float:
        """Gain factor from the source to the file."""
        return float(10 ** ((self.number("gain_db") or 0.0) / 20))

    @property
    def signal(self) -> Signal:
        """Samples, full scale 1.0."""
        return self.pcm / FULL_SCALE

    def meter(self, definition: Weighting) -> SpeechMeter:
        """P.56 meter on a file of speech alone, weighted by a definition of SNR; it can be read at any gain."""
        seen = self.signal if definition.flat else through(self.signal, self.sample_rate_hz, definition)
        return SpeechMeter(seen, self.sample_rate_hz)


@dataclass
class Findings:
    """What came of comparing files.

    Attributes:
        faults: Paths and what is wrong with them.
        compared: Number of items that were compared with another one of their utterance.
        alone: Number of items with noise for which no other file has the same speech without it.
        mingled: Number of items with several noises of which not all are always on: of their noise bounds are known.
        untreated: Number of items without noise for which no other file has the same speech without any step.
        idle: For conditions whose steps may do nothing, to how many utterances they did nothing.
        alike: Paths of items, each with that of an item that has the same samples and other steps.
    """

    faults: list[tuple[str, str]] = field(default_factory=list)
    compared: int = 0
    alone: int = 0
    mingled: int = 0
    untreated: int = 0
    idle: dict[str, int] = field(default_factory=dict)
    alike: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        """Add what came of comparing other files."""
        self.faults += other.faults
        self.alike += other.alike
        self.compared, self.alone = self.compared + other.compared, self.alone + other.alone
        self.mingled, self.untreated = self.mingled + other.mingled, self.untreated + other.untreated
        for name, count in other.idle.items():
            self.idle[name] = self.idle.get(name, 0) + count

    def tell(self, item: Heard, message: str) -> None:
        """Record that something is wrong with an item."""
        self.faults.append((str(item.row["audio_filepath"]), message))
