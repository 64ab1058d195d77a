"""What a selection has to satisfy, in numbers."""

import dataclasses
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from augment.design.assignment import Demands
from augment.design.selection.strata import Counts, Grid, Strata
from augment.recipe.experiment import Balance

TEXT = "text"
"""The variable that stands for the text itself, where all groups must say the same."""


@dataclass(frozen=True)
class Problem:
    """Equal numbers for every group, and what the groups must have in common.

    Attributes:
        grid: Matched variables and cells.
        strata: Utterances of each group, by speaker and cell.
        utterances: Utterances of each group.
        largest: Whether as many as all groups can give are asked for; ``utterances`` is then the least possible number.
        speakers_min: Fewest speakers in each group.
        max_share: Largest share of a group's utterances that one speaker may give.
        tolerance: How far the shares of a matched value may differ between two groups; None for a variable that is not
            matched after all.
        shares: Shares of a matched label, instead of the corpus's own.
        seed: The recipe's seed.
        demands: What the assignment demands of the numbers; None to ignore it.
    """

    grid: Grid
    strata: tuple[Strata, ...]
    utterances: int
    speakers_min: int
    max_share: Fraction
    tolerance: tuple[Fraction | None, ...]
    shares: dict[str, dict[str, float]]
    seed: int
    largest: bool = False
    demands: Demands | None = None

    @property
    def per_speaker(self) -> int:
        """Most utterances of one speaker."""
        return math.floor(self.max_share * self.utterances)

    def slack(self, variable: int) -> int | None:
        """By how many utterances of a value two groups may differ; None if the variable is not matched."""
        tolerance = self.tolerance[variable]
        if tolerance is None:
            return None
        return 0 if self.parallel(variable) else math.floor(tolerance * self.utterances)

    def given(self, variable: int, value: int) -> tuple[int, int] | None:
        """Least and most utterances of a value whose share the recipe gives; None if it gives none.

        The tolerance applies to the share itself: of 18 utterances, a share of 0.3 with a tolerance of 0.2 is 2 to 9.
        """
        name, tolerance = self.grid.variables[variable], self.tolerance[variable]
        if name not in self.shares or tolerance is None:
            return None
        share = Fraction(str(self.shares[name].get(self.grid.values[variable][value], 0)))
        low, high = (share - tolerance) * self.utterances, (share + tolerance) * self.utterances
        return max(0, math.ceil(low)), min(self.utterances, math.floor(high))

    def parallel(self, variable: int) -> bool:
        """Whether a variable is the text, every value of which may occur once in each group."""
        return self.grid.variables[variable] == TEXT

    @property
    def matched(self) -> tuple[int, ...]:
        """Variables that are matched, by number."""
        return tuple(v for v, tolerance in enumerate(self.tolerance) if tolerance is not None)

    def replaced(self, **changes: object) -> "Problem":
        """The same problem with some parts replaced."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def without(self, group: str) -> "Problem":
        """The same problem without one group."""
        return self.replaced(strata=tuple(s for s in self.strata if s.group != group))

    def marginal(self, strata: Strata, counts: Counts, variable: int) -> Counts:
        """Utterances of a group by value of a variable, from its utterances by cell."""
        found = np.zeros(len(self.grid.values[variable]), dtype=np.int64)
        np.add.at(found, self.grid.cells[:, variable], counts)
        return found


def problem_of(grid: Grid, strata: tuple[Strata, ...], balance: Balance, seed: int) -> Problem:
    """The problem that a recipe poses.

    Decimal shares are taken as they are written: 0.29 of 100 is 29.
    """
    exact = Fraction(str(balance.tolerance))
    asked = {TEXT, *(variable.name for variable in balance.variables)}
    tolerance = tuple(exact if name in asked else None for name in grid.variables)
    share = Fraction(str(balance.speakers.max_share))
    wanted, voices, largest = least_utterances(balance), balance.speakers.min, balance.utterances == "max"
    return Problem(grid, strata, wanted, voices, share, tolerance, balance.shares, seed, largest)


def least_utterances(balance: Balance) -> int:
    """Utterances that are asked for; for ``max``, the fewest that the limits on speakers and shares allow."""
    if balance.utterances != "max":
        return balance.utterances
    return max(balance.speakers.min, math.ceil(1 / Fraction(str(balance.speakers.max_share))))


def most_utterances(problem: Problem) -> int:
    """The most that every group could give if nothing were matched: by its size, and by what one speaker may give.

    It is the greatest fixed point of n -> sum over speakers of min(count, floor(share * n)), which increases with n and
    is therefore reached by iterating from above.
    """
    every = np.ones(len(problem.grid.cells), dtype=np.bool_)
    most = min(strata.total for strata in problem.strata)
    while True:
        cap = math.floor(problem.max_share * most)
        found = min(strata.room(every, cap) for strata in problem.strata)
        if found >= most:
            return most
        most = found
