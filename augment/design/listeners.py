"""Who meets what is dealt to a block: its conditions, and of each group the speaker and the text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from augment.design.assignment import Schedule
from augment.design.crossing import NONE, Places, Whole, dealt_in_turns, distinct
from augment.design.selection import Selection
from augment.design.selection.grouping import UNKNOWN_SPEAKER

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Listeners:
    """The blocks of a selection, and who is in them.

    Attributes:
        selection: Chosen utterances and their blocks.
        turns: Which block meets which condition.
    """

    selection: Selection
    turns: Schedule
    _kept: dict[tuple[tuple[int, ...], tuple[int, ...]], Places] = field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def _people(self) -> tuple[list[Whole], list[Whole]]:
        """Speakers of each group, and texts of each group, as numbers by block."""
        frame = self.selection.frame.sort("group", "block")
        parts = [part for _, part in frame.group_by("group", maintain_order=True)]
        return [numbered(p["speaker"], UNKNOWN_SPEAKER) for p in parts], [numbered(p["text"]) for p in parts]

    def in_turns(
        self, blocks: Sequence[int], conditions: Iterable[int], cards: int, name: Sequence[str | int]
    ) -> list[int]:
        """Deal cards to blocks so that conditions and speakers have each equally often, and texts where it can be.

        Texts are those of each group, which compare within it; so a group that is built like another changes nothing.

        Args:
            blocks: Those that are dealt something, in their order.
            conditions: Those in which it is heard.
            cards: How many different ones there are.
            name: Of the random stream.

        Returns:
            The card of each block.
        """
        columns = () if self.turns.crossed else tuple(conditions)
        key = (tuple(blocks), columns)
        if key not in self._kept:
            self._kept[key] = self._sorted(*key)
        return [int(card) for card in dealt_in_turns(cards, self._kept[key], name)]

    def _sorted(self, blocks: tuple[int, ...], conditions: tuple[int, ...]) -> Places:
        of = np.array(blocks, dtype=np.int64)
        speakers, texts = self._people
        must = distinct([*self._columns(blocks, conditions), *(own[of] for own in speakers)])
        may = distinct(own[of] for own in texts)
        chains = tuple((family,) for family in (*must, *may)[:2])
        return Places(np.zeros(of.size, dtype=np.int64), chains, must, may)

    def _columns(self, blocks: Sequence[int], conditions: Iterable[int]) -> list[Whole]:
        """Conditions as families: those that share no block are classes of one."""
        met = [set(self.turns.of_block(block)) for block in blocks]
        families: list[Whole] = []
        for number, condition in enumerate(conditions):
            heard = np.array([condition in own for own in met], dtype=bool)
            free = next((f for f in families if not (f[heard] != NONE).any()), None)
            if free is None:
                free = np.full(len(blocks), NONE, dtype=np.int64)
                families.append(free)
            free[heard] = number
        return families


def numbered(values: "polars.Series", nobody: str | None = None) -> Whole:
    """Equal values as equal numbers from 0 on; ``NONE`` for those that are nobody's.

    Example:
        >>> import polars
        >>> numbered(polars.Series(["b", "a", "b", None]), "a").tolist()
        [1, -1, 1, -1]
    """
    numbers = (values.rank("dense") - 1).fill_null(NONE).to_numpy().astype(np.int64)
    if nobody is None:
        return np.asarray(numbers)
    return np.where((values == nobody).fill_null(value=True).to_numpy(), NONE, numbers)
