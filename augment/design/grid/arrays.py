"""Covering arrays: few combinations in which any t settings of different factors meet.

Small ones are made by the package covertable, greedily (after Bryce and Colbourn, 2007): the smallest of several
trials. How many trials depends on the size of the model and not on the clock, so that the result depends on the factors
only. Large ones are orthogonal arrays (Bush, 1952): for a prime q that is at least the number of settings of any
factor, the q^t polynomials of degree below t over the integers modulo q, each evaluated at one point per factor, take
any t values at any t points exactly once. Our own count finds whatever is left uncovered, and it is added.
"""

import itertools
import math
from typing import Any

from augment.design.grid.coverage import coverage_of
from augment.design.grid.factors import Choice, Factors

TRIALS, TRIALS_EXCLUDING = 40, 10
"""Most trials: enough for the best known greedy sizes of the models in the tests."""
EASY = 310_000
"""Work up to which all trials are made: 10 factors of 4 at strength 3, 0.2 s each. The time of a trial grows with the
square of the work, and is several times as long with exclusions."""
HARD = 4_000_000
"""Work from which on an orthogonal array is made, whatever its size: half a minute for one trial. One that is at most
twice as large as any array must be is made for all models that are not easy."""


def covering_array(factors: Factors, strength: int, reference: Choice) -> list[Choice]:
    """Combinations that cover every feasible t-tuple.

    Args:
        factors: Factors and exclusions; some combination must be allowed.
        strength: The t, less than the number of factors.
        reference: A combination that is to be among them, if it is allowed.

    Returns:
        The combinations, in the order of the settings.
    """
    trials = trials_of(factors, strength)
    if trials:
        best = min((_made(factors, strength, reference, trial) for trial in range(trials)), key=len)
    else:
        best = _orthogonal(factors, strength, reference)
    for partial in coverage_of(factors, best, strength).missing:
        if not any(all(name in (None, own) for name, own in zip(partial, row, strict=True)) for row in best):
            found = factors.completed(partial)
            assert found is not None, "a feasible tuple can be completed"
            best.append(found)
    place = [{name: turn for turn, name in enumerate(names)} for names in factors.settings]
    return sorted(best, key=lambda choice: [place[f][name] for f, name in enumerate(choice)])


def least_size(factors: Factors, strength: int) -> int:
    """Fewest combinations that any array has without exclusions: all those of the t factors with most settings.

    Example:
        >>> least_size(Factors(("a", "b", "c"), (("x", "y"), ("x", "y"), ("x", "y", "z"))), 2)
        6
    """
    return math.prod(sorted((len(names) for names in factors.settings), reverse=True)[:strength])


def orthogonal_size(factors: Factors, strength: int) -> int:
    """How many combinations an orthogonal array has before duplicates are dropped.

    Example:
        >>> orthogonal_size(Factors(("a", "b", "c"), (("x", "y"), ("x", "y"), ("x", "y", "z"))), 2)
        9
    """
    return int(_prime(factors) ** strength)


def trials_of(factors: Factors, strength: int) -> int:
    """How many greedy trials are made for a model; 0 if an orthogonal array is made instead."""
    levels = [len(names) for names in factors.settings]
    work = sum(map(math.prod, itertools.combinations(levels, strength))) * sum(levels) * (3 if factors.excluded else 1)
    close = orthogonal_size(factors, strength) <= 2 * least_size(factors, strength)
    most, easy = (TRIALS_EXCLUDING, 3 * EASY) if factors.excluded else (TRIALS, EASY)
    if work > HARD or (work > easy and close):
        return 0
    return max(1, min(most, math.floor(most * (easy / work) ** 2)))


def _prime(factors: Factors) -> int:
    """The least prime that is at least the number of settings of any factor, and offers a point for every factor."""
    least = max(2, *(len(names) for names in factors.settings), len(factors.names) - 1)
    return next(q for q in itertools.count(least) if all(q % d for d in range(2, math.isqrt(q) + 1)))


def _orthogonal(factors: Factors, strength: int, reference: Choice) -> list[Choice]:
    q, size = _prime(factors), len(factors.names)
    rows: dict[Choice, None] = {}
    for terms in itertools.product(range(q), repeat=strength):
        values = [sum(term * point**power for power, term in enumerate(terms)) % q for point in range(min(size, q))]
        values += [terms[-1]] * (size - len(values))  # the point at infinity
        rows[tuple(names[value % len(names)] for names, value in zip(factors.settings, values, strict=True))] = None
    if not factors.excluded:
        return list(dict.fromkeys(_with(list(rows), reference)))
    return [row for row in dict.fromkeys((reference, *rows)) if factors.allows(row)]


def _made(factors: Factors, strength: int, reference: Choice, trial: int) -> list[Choice]:
    import covertable

    model = {str(f): list(names) for f, names in enumerate(factors.settings)}
    options: dict[str, Any] = {}
    if factors.excluded:
        options["constraints"] = [_forbidden(entry) for entry in factors.excluded]
        if factors.allows(reference):
            options["presets"] = [{str(f): name for f, name in enumerate(reference)}]
    made = covertable.make(model, strength=strength, salt=str(trial), **options)
    rows = [tuple(str(row[str(f)]) for f in range(len(model))) for row in made]
    found = [row for row in dict.fromkeys(rows) if factors.allows(row)]
    return found if factors.excluded else _with(found, reference)


def _forbidden(entry: Any) -> dict[str, Any]:
    parts = [{"operator": "in", "left": str(f), "values": sorted(names)} for f, names in entry.items()]
    return {"operator": "not", "condition": {"operator": "and", "conditions": parts}}


def _with(choices: list[Choice], reference: Choice) -> list[Choice]:
    """The same array with settings swapped within their factors, so that the reference is in it."""
    first = choices[0]
    swap = [{one: other, other: one} for one, other in zip(first, reference, strict=True)]
    return [tuple(swap[f].get(name, name) for f, name in enumerate(choice)) for choice in choices]
