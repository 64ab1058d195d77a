"""What is decided for a step before it is applied: its random streams, and what the planner dealt to it."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from augment.acoustics.channels import ChannelChoice
from augment.profiles.library import Library
from augment.streams import generator


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
class Voice:
    """An utterance of the corpus that sounds in a babble.

    Attributes:
        utterance: Its id.
        speaker: Who speaks.
        audio: Path of its file as the manifest writes it.
        offset_s: Start in the file; None for the whole file.
        duration_s: Length, where it has a start.
        sha256: Of the file.
        channel: Of the file; None where it does not matter.
    """

    utterance: str
    speaker: str
    audio: str
    offset_s: float | None
    duration_s: float | None
    sha256: str
    channel: ChannelChoice = None


@dataclass(frozen=True)
class Babble:
    """Talkers that the planner dealt to a block.

    Attributes:
        talkers: For each talker, the utterances that follow one another.
    """

    talkers: tuple[tuple[Voice, ...], ...]


@dataclass(frozen=True)
class Spectrum:
    """A long-term spectrum that the planner measured.

    Attributes:
        third_octaves_db: Relative level by third-octave band: centre in Hz and level in dB.
    """

    third_octaves_db: tuple[tuple[float, float], ...]


Dealt = Segment | Babble | Spectrum
"""What a planner deals to a step in a block."""


@dataclass(frozen=True)
class Draw:
    """Everything that is decided for one step in one block.

    Attributes:
        name: Seed, block, factor, family and step: the name of this draw's random streams.
        library: Profiles and recordings.
        dealt: What the planner dealt to the block, for a step that plays recordings or voices.
    """

    name: tuple[str | int, ...]
    library: Library
    dealt: Dealt | None = None

    @property
    def step(self) -> str:
        """``factor/family/step``."""
        return "/".join(str(part) for part in self.name[-3:])

    @property
    def block(self) -> int:
        """Number of the block."""
        return int(str(self.name[1]).split()[-1])

    def stream(self, decision: str) -> np.random.Generator:
        """The random generator of one decision, in its initial state."""
        return generator(*self.name, decision)

    def setting_stream(self, decision: str) -> np.random.Generator:
        """The random generator of a decision that all blocks share, such as the places of a room."""
        return generator(self.name[0], *self.name[2:], decision)
