"""Dealing to every step that asks for something, in the blocks that meet it."""

from collections.abc import Iterable, Sequence

from augment.dealt import Exposure, Stock, Table
from augment.design.conditions import ChainStep
from augment.design.crossing import dealt_in_turns
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
    steps: dict[str, tuple[ChainStep, list[int]]] = {}
    for number, condition in enumerate(listeners.turns.conditions):
        for step in condition.chain:
            if step.plays:
                steps.setdefault(step.plays, (step, []))[1].append(number)
    met = [listeners.turns.of_block(block) for block in range(listeners.selection.per_group)]
    found = {}
    for played, (step, playing) in steps.items():
        blocks = [block for block, heard in enumerate(met) if not set(playing).isdisjoint(heard)]
        found[played] = dealt_to(step, blocks, stock, listeners, playing)
    return found


def dealt_to(
    step: ChainStep, blocks: Sequence[int], stock: Stock, listeners: Listeners, conditions: Iterable[int] = ()
) -> Exposure:
    """What the blocks that play one step are dealt.

    Args:
        step: A step that asks for something.
        blocks: Those that play it, in their order.
        stock: What is dealt from.
        listeners: Who is in the blocks.
        conditions: Those in which it is played.

    Raises:
        ProfileError: Recordings cannot be used.
        DesignError: The corpus has not enough other voices.
    """
    assert step.asked is not None, "only a step that asks is dealt something"

    def in_turns(cards: int, name: tuple[str | int, ...]) -> list[int]:
        return list(map(int, dealt_in_turns(cards, listeners.places(blocks, conditions), name)))

    return step.asked.deal(Table(step, blocks, stock, in_turns))
