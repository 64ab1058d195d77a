"""Where talker, microphone and noises of a block are: positions of a measured room, places of a simulated one."""

from collections.abc import Sequence

from augment.design.conditions import ChainStep
from augment.design.crossing import Places, dealt_in_turns
from augment.design.exposure import Exposure
from augment.profiles.library import Library, Need
from augment.scene import Standing


def deal_positions(step: ChainStep, library: Library, blocks: Sequence[int], places: Places, seed: int) -> Exposure:
    """Deal the positions of a room to blocks, and those of its noises where they have their own.

    Args:
        step: The room.
        library: Holds its responses.
        blocks: Those that are in it, in their order.
        places: The same, with those who are in them.
        seed: Of the recipe.

    Raises:
        ProfileError: The responses cannot be used.
    """
    own, *others = [_names(need, library) for need in step.perturbation.needs() if need.kind in ("position", "place")]
    stream = (seed, "stand", step.factor, step.family, step.name)
    talkers = dealt_in_turns(len(own), places, (*stream, "talker"))
    noises = [dealt_in_turns(len(names), places, (*stream, "noise")).tolist() for names in others]
    standing = [
        Standing(own[number], number, *(numbers[turn] for numbers in noises))
        for turn, number in enumerate(talkers.tolist())
    ]
    source = ", ".join(need.name for need in step.perturbation.needs() if need.kind not in ("position", "place"))
    reuse = -(-len(blocks) // len(own))
    return Exposure(
        step.path, source, dict(zip(blocks, standing, strict=True)), None, len(own), 0, None, reuse, crossed=True
    )


def _names(need: Need, library: Library) -> list[str]:
    """Names of positions: files of measured ones, numbers of simulated ones."""
    if need.kind == "position":
        return [position.name for position in library.positions(need.name)]
    return [str(number + 1) for number in range(int(need.name))]
