"""Who meets which condition: every utterance all of them, or some of them in turn.

Rotated: the conditions are put on a ring, in an order drawn from the seed; block 0 meets the first k of them, block 1
the next k, and so on around the ring. Any run of successive blocks then meets every condition equally often, to within
one, and so does the whole group. All groups follow the same ring, so that a block meets the same conditions, noises and
draws in each of them; who is in which block is decided afterwards (:mod:`.seating`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from augment.design.conditions import Condition
from augment.errors import DesignError, Fault
from augment.recipe.experiment import Assignment, Budget, Rotated
from augment.streams import rank

if TYPE_CHECKING:
    import polars

FLAC_SHARE = 0.6
"""Size of a FLAC file relative to WAV: an estimate."""


@dataclass(frozen=True)
class Demands:
    """What an assignment demands of the size of a selection.

    Attributes:
        conditions: How many there are.
        assignment: What the recipe says.
        budget: What the test set may cost; None without a limit.
    """

    conditions: int
    assignment: Assignment
    budget: Budget | None = None

    def met(self, per_group: int, groups: int) -> bool:
        """Whether that many utterances fill every cell, with no more files than the budget allows.

        What a budget in hours or bytes allows depends on the chosen utterances and is not known before.

        Args:
            per_group: Utterances of each group.
            groups: How many groups there are.

        Example:
            >>> [Demands(6, Rotated(rotated=2)).met(number, 3) for number in (2, 3)]
            [False, True]
            >>> [Demands(6, "rotated", Budget(files=24)).met(number, 2) for number in (2, 4, 13)]
            [True, True, False]
        """
        files = math.inf if self.budget is None or self.budget.files is None else self.budget.files
        affordable = int(min(self.conditions, files // (per_group * groups)))
        each = self.assignment.rotated if isinstance(self.assignment, Rotated) else self.conditions
        each = affordable if self.assignment == "rotated" else each
        return 1 <= each <= affordable and each * per_group >= self.conditions


@dataclass(frozen=True)
class Schedule:
    """Which conditions each block meets.

    Attributes:
        conditions: All of them.
        each: How many each block meets.
        ring: Their order on the ring, as indices.
    """

    conditions: tuple[Condition, ...]
    each: int
    ring: tuple[int, ...]

    @property
    def crossed(self) -> bool:
        """Whether every block meets every condition."""
        return self.each == len(self.conditions)

    @property
    def period(self) -> int:
        """Number of blocks after which the conditions repeat."""
        return len(self.ring) // math.gcd(len(self.ring), self.each)

    @property
    def brings(self) -> NDArray[np.int64]:
        """Which conditions each block of a period meets, shape (period, conditions): 1 or 0."""
        found = np.zeros((self.period, len(self.ring)), dtype=np.int64)
        for block in range(self.period):
            found[block, self.of_block(block)] = 1
        return found

    def of_block(self, block: int) -> list[int]:
        """Indices of the conditions that a block meets, in the order of the conditions."""
        return self._of_turn[block % self.period]

    @cached_property
    def _of_turn(self) -> list[list[int]]:
        size = len(self.ring)
        return [
            sorted(self.ring[(block * self.each + turn) % size] for turn in range(self.each))
            for block in range(self.period)
        ]

    @cached_property
    def frame(self) -> "polars.DataFrame":
        """A row for each ``turn`` (block modulo period) and ``condition`` that meet."""
        import polars

        met = [(turn, self.conditions[c].name) for turn, own in enumerate(self._of_turn) for c in own]
        return polars.DataFrame(met, {"turn": polars.Int64, "condition": polars.String}, orient="row")


def schedule(
    conditions: tuple[Condition, ...],
    assignment: Assignment,
    budget: Budget | None,
    seconds: Sequence[float],
    output: tuple[str, int],
    seed: int,
    per_group: int,
) -> Schedule:
    """Decide which blocks meet which conditions.

    Args:
        conditions: Conditions of the design.
        assignment: What the recipe says.
        budget: What the test set may cost; None without a limit.
        seconds: Length of each chosen utterance.
        output: Format and sample rate.
        seed: The recipe's seed.
        per_group: Utterances of each group.

    Raises:
        DesignError: There are fewer conditions than each utterance is to meet, the budget does not suffice, or cells
            would be empty.
    """
    most = len(conditions)
    if budget is not None:
        most = min(most, _affordable(budget, seconds, output))
    each = assignment.rotated if isinstance(assignment, Rotated) else len(conditions)
    if each > len(conditions):
        message = f"assignment: each utterance is to meet {each} conditions, but the design has {len(conditions)}"
        fewer = f"{{rotated: {len(conditions) - 1}}}, or crossed" if len(conditions) > 1 else "crossed"
        raise DesignError(Fault("", message, f"assignment: {fewer}"))
    if assignment == "rotated":
        each = most
    if each > most or most < 1:
        raise _too_dear(budget, each, most, seconds, output)
    if each * per_group < len(conditions):
        raise _too_thin(each, per_group, len(conditions), len(seconds))
    return in_turns(conditions, each, seed)


def in_turns(conditions: tuple[Condition, ...], each: int, seed: int) -> Schedule:
    """The schedule in which every block meets a given number of the conditions.

    Args:
        conditions: Conditions of the design.
        each: How many each block meets.
        seed: The recipe's seed.
    """
    ring = sorted(range(len(conditions)), key=lambda c: rank(seed, "ring", conditions[c].name))
    return Schedule(conditions, each, tuple(ring))


def _affordable(budget: Budget, seconds: Sequence[float], output: tuple[str, int]) -> int:
    """How many conditions every utterance can meet: files, hours and bytes all grow in proportion to it."""
    found = [math.inf]
    if budget.files is not None:
        found.append(budget.files // len(seconds))
    if budget.hours is not None:
        found.append(budget.hours * 3600 / sum(seconds))
    if budget.gigabytes is not None:
        found.append(budget.gigabytes * 1e9 / size_bytes(seconds, output))
    least = min(found)
    return 10**9 if math.isinf(least) else math.floor(least * (1 + 1e-9))  # 1.13 hours must be 113 times 36 s


def size_bytes(seconds: Sequence[float], output: tuple[str, int]) -> float:
    """Size of a file of each length: exact for WAV, an estimate for FLAC.

    Example:
        >>> size_bytes([1.0], ("wav", 16000))
        32044.0
    """
    share = 1.0 if output[0] == "wav" else FLAC_SHARE
    return 2 * output[1] * sum(seconds) * share + 44 * len(seconds)


def _too_thin(each: int, per_group: int, conditions: int, utterances: int) -> DesignError:
    message = (
        f"{per_group} utterances of each group, under {each} of {conditions} conditions each, fill {each * per_group} "
        f"of {conditions} cells of a group"
    )
    turns, more = math.ceil(conditions / per_group), math.ceil(conditions / each)
    dearer = f"assignment: {{rotated: {turns}}}, or a budget of {turns * utterances} files"
    return DesignError(Fault("", message, f"{dearer}; or {more} utterances of each group; or fewer conditions"))


def _too_dear(
    budget: Budget | None, each: int, most: int, seconds: Sequence[float], output: tuple[str, int]
) -> DesignError:
    each = max(each, 1)
    files, hours = each * len(seconds), each * sum(seconds) / 3600
    gigabytes = each * size_bytes(seconds, output) / 1e9
    allowed = {} if budget is None else budget.model_dump(exclude_none=True)
    message = (
        f"{each} conditions for each of {len(seconds)} utterances are {files} files, {hours:.2f} hours, "
        f"{gigabytes:.3f} gigabytes; the budget is {allowed}"
    )
    fewer = f"assignment: {{rotated: {most}}}" if most else "fewer utterances: balance: {utterances: ...}"
    return DesignError(Fault("", message, f"{fewer}, or a larger budget"))
