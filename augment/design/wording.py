"""Conditions in words, beside their names: "MRI scanner at 5 dB, telephone call (G.711)"."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from augment.design.conditions import ChainStep, Condition
from augment.design.plan import Plan
from augment.perturb.noise_step import LEVEL_FIELDS
from augment.perturb.words import Titles
from augment.profiles.library import FOLDERS, Library

CLEAN = "Speech as it was recorded"
"""A condition without any step."""
LEVELS = LEVEL_FIELDS | {"ein_dba"}
"""Fields of a noise that say how loud it is, and not what it is."""


@dataclass(frozen=True)
class Wording:
    """Conditions in words, in which different things have different names.

    Attributes:
        conditions: All that are shown together.
        titles: What profiles are called: :func:`titles_of`. Without it they have the names of recipes.

    Example:
        >>> from augment.design.conditions import conditions
        >>> from augment.recipe.loader import load_recipe
        >>> loaded = load_recipe("demo")
        >>> columns = conditions(loaded)
        >>> told = Wording(columns, titles_of(columns, loaded.library))
        >>> told.of(columns[0]), told.of(columns[3])
        ('Speech as it was recorded', 'MRI scanner at 15 dB, Telephone handset')
    """

    conditions: tuple[Condition, ...]
    titles: Titles

    @cached_property
    def _apart(self) -> dict[str, str]:
        """What is added to the names of things that would be called the same, by :func:`thing`.

        It is the setting that has the thing: the family, or, where a sweep changes the thing itself, all settings.
        """
        named: dict[str, str] = {}
        families: dict[str, dict[str, None]] = {}
        settings: dict[str, dict[str, None]] = {}
        for condition in self.conditions:
            chosen = dict(condition.settings)
            for step in condition.chain:
                key = thing(step)
                named[key] = step.perturbation.subject(self.titles)
                families.setdefault(key, {})[step.family] = None
                settings.setdefault(key, {})[chosen[step.factor]] = None
        shared = Counter(named.values())
        told = {key: ", ".join(families[key]) for key in named}
        again = Counter((name, told[key]) for key, name in named.items())
        return {
            key: told[key] if again[name, told[key]] == 1 else ", ".join(settings[key])
            for key, name in named.items()
            if shared[name] > 1
        }

    def subject(self, step: ChainStep) -> str:
        """What a step is, without its level, as it stands within a sentence."""
        name, apart = step.perturbation.subject(self.titles), self._apart.get(thing(step))
        return name if apart is None else f"{name} [{apart}]"

    def step(self, step: ChainStep) -> str:
        """What a step does."""
        words, name = step.perturbation.words(self.titles), step.perturbation.subject(self.titles)
        return f"{self.subject(step)}{words.removeprefix(name)}" if words.startswith(name) else words

    def of(self, condition: Condition) -> str:
        """What speech meets in a condition, in the order of the signal chain; every step says its own part.

        Returns:
            A line of plain text. Names of files and titles of profiles in it are untrusted: escape it.
        """
        said = ", ".join(map(self.step, condition.chain))
        return capital(said) if said else CLEAN


def thing(step: ChainStep) -> str:
    """What a step is, whatever its level: equal for steps that play the same noise, or do the same to the sound."""
    perturbation = step.perturbation
    return perturbation.model_dump_json(exclude=set(LEVELS) if perturbation.is_noise() else None)


def words_of(plan: Plan) -> dict[str, str]:
    """What speech meets in each condition of a plan, by the condition's name; plain text, and untrusted.

    Raises:
        ProfileError: A profile is gone.
    """
    told = wording_of(plan)
    return {condition.name: told.of(condition) for condition in plan.conditions}


def wording_of(plan: Plan) -> Wording:
    """How the things of a plan are called.

    Raises:
        ProfileError: A profile is gone.
    """
    return Wording(plan.conditions, titles_of(plan.conditions, plan.loaded.library))


def capital(words: str) -> str:
    """Words that begin a sentence.

    Example:
        >>> capital("babble of 6 voices")
        'Babble of 6 voices'
    """
    return words[:1].upper() + words[1:]


def titles_of(conditions: Iterable[Condition], library: Library) -> dict[str, str]:
    """What the profiles of conditions are called: their titles, as short as tells them apart.

    Args:
        conditions: All that are shown together.
        library: Of the recipe.

    Raises:
        ProfileError: A profile is gone.
    """
    steps = (step.perturbation for condition in conditions for step in condition.chain)
    needs = {need.name: need for step in steps for need in step.needs() if need.kind in FOLDERS}
    return short({name: str(library.profile(need.kind, name).title) for name, need in needs.items()})


def short(titles: Titles) -> dict[str, str]:
    """Titles up to their first comma; more of them, in brackets, where several profiles would be called the same.

    Titles that are equal as a whole are followed by the names of their profiles.

    Example:
        >>> short({"a": "MRI scanner, fast", "b": "Laptop, in the lid"})["a"]
        'MRI scanner'
        >>> short({"a": "MRI scanner, fast", "b": "MRI scanner, slow (2 s)"})["b"]
        'MRI scanner (slow, 2 s)'
        >>> short({"a": "MRI scanner, fast", "b": "MRI scanner, fast"})["b"]
        'MRI scanner (fast) [b]'
    """
    heads = {name: title.partition(", ")[0] for name, title in titles.items()}
    shared = Counter(heads.values())
    long = {name: head if shared[head] == 1 else _bracketed(titles[name]) for name, head in heads.items()}
    equal = Counter(long.values())
    return {name: title if equal[title] == 1 else f"{title} [{name}]" for name, title in long.items()}


def _bracketed(title: str) -> str:
    head, _, rest = title.partition(", ")
    return f"{head} ({rest.replace(' (', ', ').replace(')', '')})" if rest else head
