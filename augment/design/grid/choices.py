"""The combinations of settings that a recipe asks for."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from augment.design.grid.arrays import covering_array, least_size, orthogonal_size, trials_of
from augment.design.grid.factors import Choice, Factors, factors_of, settings_called
from augment.errors import DesignError, Fault
from augment.notes import Effect, Note
from augment.recipe.experiment import Strength
from augment.recipe.loader import LoadedRecipe

MOST_CONDITIONS = 10_000
MOST_TRIED = 50
"""Most exclusions that are left out one by one to find those that contradict one another."""
MOST_COUNTED = 1_000_000
"""Most combinations that are checked one by one against exclusions."""


@dataclass(frozen=True)
class Choices:
    """What a recipe asks for.

    Attributes:
        factors: Factors and exclusions.
        choices: The combinations, without duplicates.
        notes: What the user should know.
    """

    factors: Factors
    choices: tuple[Choice, ...]
    notes: tuple[Note, ...]


def choices_of(loaded: LoadedRecipe) -> Choices:
    """Combinations of settings, by the recipe's ``design``.

    Raises:
        DesignError: Nothing is left, there are too many, or the recipe contradicts itself.
    """
    factors = factors_of(loaded)
    _refuse_nothing(factors, loaded)
    design = loaded.recipe.design
    notes = list(_never(factors))
    if isinstance(design, Strength) or design == "pairwise":
        found = _covering(factors, loaded, 2 if design == "pairwise" else design.strength)
    elif design == "one_at_a_time":
        found = list(_one_at_a_time(factors, loaded, notes))
    elif design == "list":
        found = list(_listed(factors, loaded, notes))
    else:
        found = _full(factors)
    if len(found) > MOST_CONDITIONS:
        raise _too_many(len(found))
    return Choices(factors, tuple(found), tuple(notes))


def strength_of(loaded: LoadedRecipe) -> int | None:
    """Strength of a recipe's covering array; None for other designs."""
    design = loaded.recipe.design
    return design.strength if isinstance(design, Strength) else 2 if design == "pairwise" else None


def reference_of(factors: Factors, loaded: LoadedRecipe) -> Choice:
    """The recipe's reference: one setting of each factor, the first unless it says otherwise."""
    given = loaded.recipe.reference
    return tuple(given.get(f, names[0]) for f, names in zip(factors.names, factors.settings, strict=True))


def _too_many(count: int) -> DesignError:
    message = f"the design has {count:,} conditions; at most {MOST_CONDITIONS:,} are planned"
    return DesignError(Fault("", message, "take out settings or factors, or use design: pairwise"))


def _full(factors: Factors) -> list[Choice]:
    count = math.prod(len(names) for names in factors.settings)
    if count > (MOST_COUNTED if factors.excluded else MOST_CONDITIONS):
        raise _too_many(count)
    return [choice for choice in itertools.product(*factors.settings) if factors.allows(choice)]


def _covering(factors: Factors, loaded: LoadedRecipe, strength: int) -> list[Choice]:
    if strength > len(factors.names):
        message = f"design: a strength of {strength}, and the recipe has {len(factors.names)} factors"
        raise DesignError(Fault("", message, "a strength is at most the number of factors; all of them: design: full"))
    if strength == len(factors.names):
        return _full(factors)
    _refuse_large(factors, strength)
    return covering_array(factors, strength, reference_of(factors, loaded))


def _refuse_large(factors: Factors, strength: int) -> None:
    """Refuse an array with too many combinations before it is made, by a known or estimated size."""
    least = least_size(factors, strength)
    most = MOST_COUNTED if factors.excluded else MOST_CONDITIONS  # exclusions may bring a larger one down
    size = least if trials_of(factors, strength) else orthogonal_size(factors, strength)
    if size > most:
        message = (
            f"an array of strength {strength} over these {len(factors.names)} factors has at least {least:,} "
            f"conditions, and {max(size, least):,} by an estimate; at most {MOST_CONDITIONS:,} are planned"
        )
        raise DesignError(Fault("", message, "take out settings or factors, or ask for a smaller strength"))


def _one_at_a_time(factors: Factors, loaded: LoadedRecipe, notes: list[Note]) -> Iterator[Choice]:
    reference = reference_of(factors, loaded)
    if not factors.allows(reference):
        message = f"the reference of one_at_a_time, {'__'.join(reference)}, is excluded"
        raise DesignError(Fault("", message, "choose another: reference: {factor: setting}"))
    yield reference
    for factor, names in enumerate(factors.settings):
        for name in names:
            choice = (*reference[:factor], name, *reference[factor + 1 :])
            if name != reference[factor] and factors.allows(choice):
                yield choice
            elif name != reference[factor]:
                notes.append(Note(f"{'__'.join(choice)} is excluded: '{name}' does not occur", Effect.LEFT_OUT))


def _listed(factors: Factors, loaded: LoadedRecipe, notes: list[Note]) -> Iterator[Choice]:
    reference = reference_of(factors, loaded)
    seen: set[Choice] = set()
    for number, entry in enumerate(loaded.recipe.conditions, start=1):
        parts = []
        for factor, name in zip(factors.names, reference, strict=True):
            wanted = entry.get(factor)
            parts.append([name] if wanted is None else list(settings_called(loaded.settings[factor], wanted)))
        for choice in itertools.product(*parts):
            if not factors.allows(choice):
                message = f"entry {number} of 'conditions' asks for {'__'.join(choice)}, which 'exclude' leaves out"
                raise DesignError(Fault("", message, "take it out of one of the two"))
            if choice in seen:
                told = f"entry {number} of 'conditions' asks once more for {'__'.join(choice)}: it is made once"
                notes.append(Note(told, Effect.HOUSEKEEPING))
            else:
                seen.add(choice)
                yield choice


def _refuse_nothing(factors: Factors, loaded: LoadedRecipe) -> None:
    """Refuse exclusions that leave nothing, and name a smallest set of them that does so."""
    nothing: tuple[str | None, ...] = (None,) * len(factors.names)
    if factors.completed(nothing) is not None:
        return
    kept = list(range(len(factors.excluded)))
    if len(kept) > MOST_TRIED:
        message = f"the {len(kept)} entries of 'exclude' leave no condition"
        raise DesignError(Fault("", message, "remove some of them"))
    for number in list(kept):
        fewer = tuple(factors.excluded[n] for n in kept if n != number)
        if Factors(factors.names, factors.settings, fewer).completed(nothing) is None:
            kept.remove(number)
    entries = "; ".join(str({f: _plain(v) for f, v in loaded.recipe.exclude[n].items()}) for n in kept)
    message = f"the recipe excludes every condition; these entries of 'exclude' do so together: {entries}"
    raise DesignError(Fault("", message, "remove one of them"))


def _plain(names: str | tuple[str, ...]) -> str | list[str]:
    return names if isinstance(names, str) else list(names)


def _never(factors: Factors) -> Iterator[Note]:
    """Notes on settings that exclusions keep out of every condition."""
    for factor, names in enumerate(factors.settings) if factors.excluded else ():
        for name in names:
            partial = tuple(name if f == factor else None for f in range(len(factors.names)))
            if factors.completed(partial) is None:
                told = f"'exclude' leaves no condition with {factors.names[factor]}: {name}"
                yield Note(told, Effect.LEFT_OUT, told)
