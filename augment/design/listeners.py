"""Dealing to blocks with regard to who hears it: a block's conditions, and each group's speaker and text in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from augment.dealt import Asked, Dealt, Exposure, Stock, Table
from augment.design.assignment import Schedule
from augment.design.conditions import ChainStep
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

    @cached_property
    def _people(self) -> tuple[list[Whole], list[Whole]]:
        """Speakers of each group, and texts of each group, as numbers by block."""
        frame = self.selection.frame.sort("group", "block")
        parts = [part for _, part in frame.group_by("group", maintain_order=True)]
        return [as_numbers(p["speaker"], UNKNOWN_SPEAKER) for p in parts], [as_numbers(p["text"]) for p in parts]

    def exposures(self, stock: Stock) -> dict[str, Exposure]:
        """Deal for every step that asks for something; keyed by :attr:`ChainStep.plays`.

        A block that never meets a source takes nothing from it, so that nothing is heard twice before all has been
        heard. What one step dealt, another that is heard together with it may have to leave to other blocks.

        Args:
            stock: What is dealt from.

        Raises:
            ProfileError: Recordings cannot be used.
            DesignError: The corpus has not enough other voices for a babble.
        """
        steps: dict[str, tuple[ChainStep, Asked, list[int]]] = {}
        for number, condition in enumerate(self.turns.conditions):
            for step in condition.chain:
                if step.asked:
                    steps.setdefault(step.plays, (step, step.asked, []))[2].append(number)
        met = [self.turns.of_block(block) for block in range(self.selection.per_group)]
        places, found = cache(self._places), dict[str, Exposure]()

        def in_turns(blocks: tuple[int, ...], at: tuple[int, ...], cards: int, name: Sequence[str | int]) -> list[int]:
            return list(map(int, dealt_in_turns(cards, places(blocks, at), name)))

        for played, (step, asked, playing) in steps.items():
            own = set(playing)
            blocks = tuple(block for block, heard in enumerate(met) if not own.isdisjoint(heard))
            told = () if self.turns.crossed else tuple(playing)
            heard = ((other, asks) for other, (_, asks, at) in steps.items() if not own.isdisjoint(at))
            beside = partial(_dealt_by, [(asks, found[other]) for other, asks in heard if other in found])
            found[played] = asked.deal(Table(step, blocks, stock, partial(in_turns, blocks, told), beside))
        return found

    def _places(self, blocks: tuple[int, ...], conditions: tuple[int, ...]) -> Places:
        """Blocks as places to deal to, evenly for conditions and speakers first, and for texts where possible.

        Texts are taken by group, since they are compared within one; so adding a group built like another changes
        nothing.
        """
        of = np.array(blocks, dtype=np.int64)
        speakers, texts = self._people
        must = distinct([*self._columns(blocks, conditions), *(own[of] for own in speakers)])
        may = distinct(own[of] for own in texts)
        chains = tuple((family,) for family in (*must, *may)[:2])
        return Places(np.zeros(of.size, dtype=np.int64), chains, must, may)

    def _columns(self, blocks: Sequence[int], conditions: Iterable[int]) -> list[Whole]:
        """Conditions as families: conditions that share no block are classes of one family."""
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


def _dealt_by(exposures: Sequence[tuple[Asked, Exposure]], block: int) -> list[tuple[Asked, Dealt]]:
    """What a block was dealt by some of them, and what was asked for."""
    return [(asked, exposure.dealt[block]) for asked, exposure in exposures if block in exposure.dealt]


def as_numbers(values: "polars.Series", nobody: str | None = None) -> Whole:
    """Equal values as equal numbers from 0 on; ``NONE`` for missing ones and for the one that stands for nobody.

    Example:
        >>> import polars
        >>> as_numbers(polars.Series(["b", "a", "b", None]), "a").tolist()
        [1, -1, 1, -1]
    """
    numbers = (values.rank("dense") - 1).fill_null(NONE).to_numpy().astype(np.int64)
    if nobody is None:
        return np.asarray(numbers)
    return np.where((values == nobody).fill_null(value=True).to_numpy(), NONE, numbers)
