"""Conditions: one setting of every factor."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from augment.errors import DesignError, Fault
from augment.perturb import Perturbation
from augment.profiles.library import DEALT
from augment.recipe.loader import LoadedRecipe
from augment.recipe.sweep import Setting
from augment.scene import Stage

LONGEST_NAME = 150
MOST_CONDITIONS = 10_000


@dataclass(frozen=True)
class ChainStep:
    """One step of a condition's signal chain.

    Attributes:
        factor: The factor it belongs to.
        family: The setting's family, which with factor and name stands for its random draws.
        name: The kind, numbered where a setting has it more than once.
        perturbation: What is done.
    """

    factor: str
    family: str
    name: str
    perturbation: Perturbation

    @property
    def first(self) -> str:
        """The name without its number."""
        return self.name.rsplit("-", 1)[0]

    @property
    def number(self) -> int:
        """1 for the first step of its kind in the setting, 2 for the second."""
        return int(self.name.rsplit("-", 1)[1]) if "-" in self.name else 1

    @property
    def path(self) -> str:
        """``factor/family/name``."""
        return f"{self.factor}/{self.family}/{self.name}"

    @property
    def plays(self) -> str | None:
        """Name of what the planner deals: the step, and the recording or voices it plays; None without any."""
        sources = [need.name for need in self.perturbation.needs() if need.kind in DEALT]
        return f"{self.path} {sources[0]}" if sources else None


@dataclass(frozen=True)
class Condition:
    """One column of the grid.

    Attributes:
        name: Names of its settings, joined by two underscores.
        settings: Setting of each factor, in the recipe's order.
        chain: Its steps, in the order of the signal chain.
    """

    name: str
    settings: tuple[tuple[str, str], ...]
    chain: tuple[ChainStep, ...]


def _excluded(choice: Sequence[tuple[str, Setting]], loaded: LoadedRecipe) -> bool:
    named = dict(choice)
    for entry in loaded.recipe.exclude:
        wanted = {f: (names,) if isinstance(names, str) else names for f, names in entry.items()}
        if all({named[f].name, named[f].family} & set(names) for f, names in wanted.items()):
            return True
    return False


def _steps(factor: str, setting: Setting) -> list[ChainStep]:
    seen: Counter[str] = Counter()
    steps = []
    for perturbation in setting.steps:
        seen[perturbation.kind] += 1
        number = seen[perturbation.kind]
        name = perturbation.kind if number == 1 else f"{perturbation.kind}-{number}"
        steps.append(ChainStep(factor, setting.family, name, perturbation))
    return steps


def conditions(loaded: LoadedRecipe) -> tuple[Condition, ...]:
    """All conditions of a recipe: the full product of its factors, less what it excludes.

    Raises:
        DesignError: Everything is excluded, there are more than 10,000, or a name is too long for a folder.

    Example:
        >>> from augment.recipe.loader import load_recipe
        >>> [c.name for c in conditions(load_recipe("demo"))][:3]
        ['quiet__studio', 'quiet__handset', 'scanner_15db__studio']
    """
    count = math.prod(len(settings) for settings in loaded.settings.values())
    if count > MOST_CONDITIONS:
        message = f"the factors have {count:,} combinations; at most {MOST_CONDITIONS:,} are planned"
        raise DesignError(Fault("", message, "take out settings or factors"))
    found = []
    factors = [[(factor, setting) for setting in settings] for factor, settings in loaded.settings.items()]
    for choice in itertools.product(*factors):
        if _excluded(choice, loaded):
            continue
        name = "__".join(setting.name for _, setting in choice)
        if len(name) > LONGEST_NAME:
            message = f"the condition '{name}' has a name of more than {LONGEST_NAME} characters"
            raise DesignError(Fault("", message, "shorten the names of its settings"))
        chain = [step for factor, setting in choice for step in _steps(factor, setting)]
        rooms = [step.path for step in chain if step.perturbation.stage == Stage.ROOM]
        if len(rooms) > 1:
            message = f"the condition '{name}' has two rooms: {' and '.join(rooms)}"
            raise DesignError(Fault("", message, "let a factor of its own choose between them, or exclude it"))
        found.append(Condition(name, tuple((f, s.name) for f, s in choice), tuple(chain)))
    if not found:
        raise DesignError(Fault("", "the recipe excludes every condition", "remove an entry of 'exclude'"))
    return tuple(found)
