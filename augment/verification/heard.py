"""An audio file that was decoded, with its row and its condition; and what was found out about such files."""

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
        row: Of the manifest.
        condition: Of the item.
        pcm: Shape (n,).
        sample_rate_hz: Samples a second.
    """

    row: dict[str, Any]
    condition: Condition
    pcm: NDArray[np.int16]
    sample_rate_hz: int

    @property
    def path(self) -> tuple[ChainStep, ...]:
        """What the speech passes: the chain without its noises."""
        return tuple(step for step in self.condition.chain if not step.perturbation.is_noise())

    @property
    def noisy(self) -> bool:
        """Whether its chain adds noise."""
        return len(self.path) < len(self.condition.chain)

    @property
    def linear(self) -> bool:
        """Whether files of the same path may be subtracted."""
        return all(step.perturbation.linear for step in self.condition.chain)

    @property
    def rooms(self) -> bool:
        """Whether its speech is heard in a room."""
        return any(step.perturbation.stage is Stage.ROOM for step in self.condition.chain)

    def number(self, name: str) -> float | None:
        """A finite number of the row; None where there is none."""
        value = self.row.get(name)
        fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        return float(value) if fits and value is not None else None

    @property
    def gain(self) -> float:
        """Factor from the source to the file."""
        return float(10 ** ((self.number("gain_db") or 0.0) / 20))

    @property
    def signal(self) -> Signal:
        """Samples, full scale 1.0."""
        return self.pcm / FULL_SCALE

    def meter(self, definition: Weighting) -> SpeechMeter:
        """P.56 on the file as a definition sees it, where it holds speech alone: to be read at any gain."""
        seen = self.signal if definition.flat else through(self.signal, self.sample_rate_hz, definition)
        return SpeechMeter(seen, self.sample_rate_hz)


@dataclass
class Findings:
    """What comparing files told.

    Attributes:
        faults: Paths and what is wrong with them.
        compared: Items that were held against another one of their utterance.
        alone: Items for which there is no other one of the same speech without noise.
        idle: Conditions whose steps did nothing to how many utterances, though they may.
    """

    faults: list[tuple[str, str]] = field(default_factory=list)
    compared: int = 0
    alone: int = 0
    idle: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Findings") -> None:
        """What comparing other files told."""
        self.faults += other.faults
        self.compared, self.alone = self.compared + other.compared, self.alone + other.alone
        for name, count in other.idle.items():
            self.idle[name] = self.idle.get(name, 0) + count

    def tell(self, item: Heard, message: str) -> None:
        """Something is wrong with an item."""
        self.faults.append((str(item.row["audio_filepath"]), message))
