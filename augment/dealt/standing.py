"""Where a block's talker, microphone and noises are: positions in a measured room, placements in a simulated one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from augment.dealt import Asked, Dealt, Exposure, Table, unused_beside
from augment.notes import Note
from augment.profiles.library import Library


@dataclass(frozen=True)
class Standing(Dealt):
    """Where a block's talker, microphone and noises are in a room.

    Attributes:
        position: Name of the talker's position, or number of the placement from 1.
        number: Its index among those of the room, from 0.
        noise: Index of the first noise's position, from 0; None if noises share the positions of the talkers.
    """

    position: str
    number: int
    noise: int | None = None

    def content(self) -> Any:
        """The indices alone: what is at these positions is part of the room's own digest."""
        return [self.number, self.noise]

    def labels(self) -> dict[str, str]:
        """The talker's position, and that of the noises if they have positions of their own."""
        found = {"positions": self.position}
        return found if self.noise is None else {**found, "positions of noises": str(self.noise + 1)}


@dataclass(frozen=True)
class Positions(Asked):
    """Asks for positions of a measured room.

    Attributes:
        room: Impulse response, or folder of them, for the talkers.
        noises: The same for noises; None if they share the positions of the talkers.
    """

    room: str
    noises: str | None = None

    @property
    def folders(self) -> list[str]:
        """Those of the two that are given."""
        return [self.room] if self.noises is None else [self.room, self.noises]

    @property
    def name(self) -> str:
        """Both."""
        return " ".join(self.folders)

    def unused(self, library: Library) -> list[Note]:
        """Notes on files that are not audio."""
        return [note for folder in self.folders for note in unused_beside(folder, "impulse_response", library)]

    def deal(self, table: Table) -> Exposure:
        """Deal positions; errors as for :meth:`Asked.deal`."""
        positions = table.stock.library.positions
        names, *others = ([position.name for position in positions(folder)] for folder in self.folders)
        return _stood(table, ", ".join(self.folders), names, [len(own) for own in others])


@dataclass(frozen=True)
class Placements(Asked):
    """Asks for placements in a simulated room.

    Attributes:
        room: Profile of the room.
        number: How many placements there are.
    """

    room: str
    number: int

    @property
    def name(self) -> str:
        """How many."""
        return str(self.number)

    def deal(self, table: Table) -> Exposure:
        """Deal them."""
        names = [str(number + 1) for number in range(self.number)]
        return _stood(table, self.room, names)


def _stood(table: Table, source: str, names: Sequence[str], noises: Sequence[int] = ()) -> Exposure:
    """Deal positions with these names to talkers, and with these numbers to noises that have their own."""
    step, blocks = table.step, table.blocks
    stream = (table.stock.seed, "stand", step.factor, step.family, step.name)
    talkers = table.in_turns(len(names), (*stream, "talker"))
    others = [table.in_turns(number, (*stream, "noise")) for number in noises]
    stands = [Standing(names[n], n, *own) for n, *own in zip(talkers, *others, strict=True)]
    dealt = dict(zip(blocks, stands, strict=True))
    return Exposure(step.path, source, dealt, len(names), reuse=-(-len(blocks) // len(names)), crossed=True)
