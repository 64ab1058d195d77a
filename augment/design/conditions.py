"""Conditions: one setting of every factor."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from augment.dealt import Asked, StepName
from augment.design.grid.choices import choices_of, reference_of
from augment.design.grid.factors import Choice, factors_of
from augment.errors import FEW_NAMED, DesignError, Fault, named
from augment.notes import Effect, Note
from augment.perturb import Perturbation
from augment.recipe.loader import LoadedRecipe
from augment.recipe.sweep import Setting
from augment.scene import Stage

LONGEST_NAME = 200


@dataclass(frozen=True)
class ChainStep(StepName):
    """One step of a condition's signal chain.

    Attributes:
        perturbation: What the step does.
    """

    perturbation: Perturbation

    @cached_property
    def asked(self) -> Asked | None:
        """What the planner deals to it."""
        return self.perturbation.asks()

    @cached_property
    def plays(self) -> str:
        """Name of what the planner deals to it: the step and its recording, voices or positions; empty for nothing."""
        return f"{self.path} {self.asked.name}" if self.asked else ""


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

    @property
    def clean(self) -> bool:
        """Whether no step adds noise."""
        return not any(step.perturbation.is_noise() for step in self.chain)


def reference_condition(conditions: Sequence[Condition], loaded: LoadedRecipe) -> Condition:
    """The condition that others are compared with.

    It is the recipe's reference, where the recipe names one or changes one factor at a time from it. Otherwise it is
    the least disturbed: one without noise, then that of the highest SNR asked for, then that of the fewest steps, and
    of those the first. Noises given by sound level stand behind all whose SNR is known, the softest first.

    Args:
        conditions: Those that it is chosen from, in the order of the grid; at least one.
        loaded: Their recipe.

    Example:
        >>> from augment.recipe.loader import load_recipe
        >>> demo = load_recipe("demo")
        >>> reference_condition(conditions(demo), demo).name
        'quiet__studio'
    """
    recipe = loaded.recipe
    if recipe.reference or recipe.design == "one_at_a_time":
        wanted = "__".join(reference_of(factors_of(loaded), loaded))
        found = next((condition for condition in conditions if condition.name == wanted), None)
        if found is not None:
            return found
    return min(conditions, key=_disturbance)


def _disturbance(condition: Condition) -> tuple[bool, float, float, int]:
    """What speaks against a condition as a reference: noise, its power re the speech, its level, and many steps."""
    noises = [step.perturbation for step in condition.chain if step.perturbation.is_noise()]
    snrs = [getattr(noise, "snr_db", None) for noise in noises]
    levels = [getattr(noise, "level_dba", None) for noise in noises]
    power = sum(math.inf if snr is None else 10 ** (-snr / 10) for snr in snrs)
    loudest = max((math.inf if level is None else level for level in levels), default=0.0)
    return bool(noises), power, loudest if math.isinf(power) else 0.0, len(condition.chain)


def _steps(factor: str, setting: Setting) -> list[ChainStep]:
    seen: Counter[str] = Counter()
    steps = []
    for perturbation in setting.steps:
        seen[perturbation.kind] += 1
        steps.append(ChainStep(factor, setting.family, perturbation.kind, seen[perturbation.kind], perturbation))
    return steps


def conditions(loaded: LoadedRecipe, choices: Iterable[Choice] | None = None) -> tuple[Condition, ...]:
    """The conditions of a recipe.

    Args:
        loaded: The recipe.
        choices: The combinations of settings, if known; by default, those of the recipe's design.

    Raises:
        DesignError: No condition is left, there are too many, a name is too long for a folder, or two rooms meet.

    Example:
        >>> from augment.recipe.loader import load_recipe
        >>> [c.name for c in conditions(load_recipe("demo"))][:3]
        ['quiet__studio', 'quiet__handset', 'scanner_15db__studio']
    """
    wanted = choices_of(loaded).choices if choices is None else choices
    return tuple(condition_of(choice, loaded) for choice in wanted)


def equal_notes(conditions: Iterable[Condition]) -> list[Note]:
    """Notes on conditions with the very same steps: they differ only in their names, and in random draws if any."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for condition in conditions:
        does = tuple(step.perturbation.model_dump_json() for step in condition.chain)
        alike.setdefault(does, []).append(condition.name)
    told = "these conditions are one under several names, with the very same steps"
    return [
        Note(f"{told}: {named(names, FEW_NAMED)}", Effect.LABEL, f"one condition under several names: {named(names)}")
        for names in alike.values()
        if len(names) > 1
    ]


def condition_of(choice: Choice, loaded: LoadedRecipe) -> Condition:
    """The condition that a combination of settings makes.

    Raises:
        DesignError: Its name is too long for a folder, two rooms meet, or the recipe has no such setting.
    """
    name = "__".join(choice)
    if len(name) > LONGEST_NAME:
        message = f"the condition '{name}' has a name of more than {LONGEST_NAME} characters"
        raise DesignError(Fault("", message, "shorten the names of its settings"))
    settings = []
    for (factor, known), wanted in zip(loaded.settings.items(), choice, strict=True):
        found = next((setting for setting in known if setting.name == wanted), None)
        if found is None:
            raise DesignError(Fault("", f"the recipe has no setting '{wanted}' of the factor '{factor}'"))
        settings.append((factor, found))
    chain = [step for factor, setting in settings for step in _steps(factor, setting)]
    rooms = [step.path for step in chain if step.perturbation.stage == Stage.ROOM]
    if len(rooms) > 1:
        message = f"the condition '{name}' has two rooms: {' and '.join(rooms)}"
        raise DesignError(Fault("", message, "let a factor of its own choose between them, or exclude it"))
    return Condition(name, tuple((factor, setting.name) for factor, setting in settings), tuple(chain))


def requested_snrs_db(loaded: LoadedRecipe) -> list[float]:
    """SNRs in dB that the noises of a recipe ask for, the highest first, without noises given by level in dB(A)."""
    steps = [step for settings in loaded.settings.values() for setting in settings for step in setting.steps]
    return sorted({float(snr) for step in steps if (snr := getattr(step, "snr_db", None)) is not None}, reverse=True)
