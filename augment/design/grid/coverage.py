"""What a set of combinations covers: counted from scratch, however the set was made."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from augment.design.grid.factors import Choice, Factors

Partial = tuple[str | None, ...]
"""A combination in which some factors have no setting."""


@dataclass(frozen=True)
class Coverage:
    """How many t-tuples of settings of different factors meet in some combination.

    Attributes:
        strength: The t.
        combinations: Number of combinations.
        full: Number that the full factorial would have, ignoring exclusions.
        tuples: Number of all t-tuples.
        feasible: Number of t-tuples that occur in some allowed combination.
        missing: The feasible ones that are not covered.
    """

    strength: int
    combinations: int
    full: int
    tuples: int
    feasible: int
    missing: tuple[Partial, ...]

    @property
    def covered(self) -> int:
        """Number of feasible t-tuples that are covered."""
        return self.feasible - len(self.missing)


def coverage_of(factors: Factors, choices: Sequence[Choice], strength: int) -> Coverage:
    """Count the t-tuples that combinations cover.

    Args:
        factors: Factors and exclusions.
        choices: The combinations.
        strength: The t, at most the number of factors.

    Example:
        >>> two = Factors(("a", "b"), (("x", "y"), ("x", "y")))
        >>> found = coverage_of(two, [("x", "x"), ("y", "y")], 2)
        >>> found.feasible, found.covered, found.missing
        (4, 2, (('x', 'y'), ('y', 'x')))
    """
    tuples = feasible = 0
    missing: list[Partial] = []
    for places in itertools.combinations(range(len(factors.names)), strength):
        met = {tuple(choice[place] for place in places) for choice in choices}
        for names in itertools.product(*(factors.settings[place] for place in places)):
            tuples += 1
            if names in met:
                feasible += 1
                continue
            partial = _partial(len(factors.names), places, names)
            if not factors.excluded or factors.completed(partial) is not None:
                feasible += 1
                missing.append(partial)
    full = math.prod(len(some) for some in factors.settings)
    return Coverage(strength, len(set(choices)), full, tuples, feasible, tuple(missing))


def _partial(size: int, places: tuple[int, ...], names: tuple[str, ...]) -> Partial:
    found: list[str | None] = [None] * size
    for place, name in zip(places, names, strict=True):
        found[place] = name
    return tuple(found)
