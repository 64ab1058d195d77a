"""What is settled for a step before it is applied: its random streams, and what the planner dealt to it."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

import numpy as np

from augment.dealt import Dealt
from augment.profiles.library import Library
from augment.scene.track import Shelf
from augment.streams import generator

T = TypeVar("T", bound=Dealt)


class Stage(IntEnum):
    """Stages of the signal chain, in the order in which sound passes through them."""

    SOURCE = 1
    ROOM = 2
    NOISE = 3
    MICROPHONE = 4
    ELECTRICAL = 5
    PROCESSING = 6
    CHANNEL = 7


@dataclass(frozen=True)
class Block:
    """Utterances with the same noise and the same random draws.

    Attributes:
        number: Together with the seed it names every random draw.
        longest: Length in samples of the longest of them that is rendered.
        shared: Noise that they share, made once at that length: each utterance hears the beginning of it.
    """

    number: int
    longest: int
    shared: Shelf = field(default_factory=Shelf, repr=False, compare=False)


@dataclass(frozen=True)
class Draw:
    """What is settled for one step in one block.

    Attributes:
        name: Seed, block, factor, family and step, which name this draw's random streams.
        library: Profiles and recordings.
        block: The block.
        dealt: What the planner dealt to this step for the block; None for a step that is dealt nothing.
    """

    name: tuple[str | int, ...]
    library: Library
    block: Block
    dealt: Dealt | None = None

    def given(self, kind: type[T]) -> T:
        """What the planner dealt to this step, which asks for that kind of thing."""
        assert isinstance(self.dealt, kind), f"step {self.step} is dealt a {kind.__name__} by the planner"
        return self.dealt

    @property
    def step(self) -> str:
        return "/".join(str(part) for part in self.name[-3:])

    def stream(self, decision: str) -> np.random.Generator:
        """Random generator for one decision, in its initial state."""
        return generator(*self.name, decision)

    def setting_stream(self, decision: str) -> np.random.Generator:
        """Random generator for a decision that all blocks share, such as the places in a room."""
        return generator(self.name[0], *self.name[2:], decision)
