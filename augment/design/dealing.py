"""Dealing to every step that asks for something, in the blocks that meet it."""

from functools import partial

from augment.dealt import Asked, Exposure, Stock, Table
from augment.design.conditions import ChainStep
from augment.design.listeners import Listeners


def exposures(stock: Stock, listeners: Listeners) -> dict[str, Exposure]:
    """Deal for every step that asks for something; by :attr:`ChainStep.plays`.

    A block that never meets a source takes none of it, so that nothing is heard twice before all has been heard.

    Args:
        stock: What is dealt from.
        listeners: Blocks, who is in them, and which conditions they meet.

    Raises:
        ProfileError: Recordings cannot be used.
        DesignError: The corpus has not enough other voices for a babble.
    """
    steps: dict[str, tuple[ChainStep, Asked, list[int]]] = {}
    for number, condition in enumerate(listeners.turns.conditions):
        for step in condition.chain:
            if step.asked:
                steps.setdefault(step.plays, (step, step.asked, []))[2].append(number)
    met = [listeners.turns.of_block(block) for block in range(listeners.selection.per_group)]
    found = {}
    for played, (step, asked, playing) in steps.items():
        blocks = [block for block, heard in enumerate(met) if not set(playing).isdisjoint(heard)]
        found[played] = asked.deal(Table(step, blocks, stock, partial(listeners.in_turns, blocks, playing)))
    return found
