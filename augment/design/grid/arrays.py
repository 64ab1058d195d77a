"""Covering arrays: few combinations in which any t settings of different factors meet.

Made by the package covertable, greedily (after Bryce and Colbourn, 2007): the smallest of a fixed number of trials, so
that the result hangs on the factors only. What it leaves uncovered, if anything, our own count finds, and it is added.
"""

from typing import Any

from augment.design.grid.coverage import coverage_of
from augment.design.grid.factors import Choice, Factors

TRIALS, TRIALS_EXCLUDING = 40, 10
"""Enough for the best known greedy sizes of the models in the tests; 0.2 s each for 10 factors of 4 at strength 3, and
several times as much with exclusions."""


def covering_array(factors: Factors, strength: int, reference: Choice) -> list[Choice]:
    """Combinations that cover every feasible t-tuple.

    Args:
        factors: Factors and exclusions, which allow something.
        strength: The t, less than the number of factors.
        reference: A combination that shall be among them, if it is allowed.

    Returns:
        The combinations, in the order of the settings.
    """
    trials = TRIALS_EXCLUDING if factors.excluded else TRIALS
    best = min((_made(factors, strength, reference, trial) for trial in range(trials)), key=len)
    while missing := coverage_of(factors, best, strength).missing:
        found = factors.completed(missing[0])
        assert found is not None, "a feasible tuple can be completed"
        best.append(found)
    place = [{name: turn for turn, name in enumerate(names)} for names in factors.settings]
    return sorted(best, key=lambda choice: [place[f][name] for f, name in enumerate(choice)])


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
    """The same array with settings exchanged inside their factors, so that the reference is in it."""
    first = choices[0]
    swap = [{one: other, other: one} for one, other in zip(first, reference, strict=True)]
    return [tuple(swap[f].get(name, name) for f, name in enumerate(choice)) for choice in choices]
