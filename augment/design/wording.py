"""Conditions in words, beside their names: "MRI scanner at 5 dB, telephone handset"."""

from collections import Counter
from collections.abc import Iterable

from augment.design.conditions import Condition
from augment.perturb.words import NO_TITLES, Titles
from augment.profiles.library import FOLDERS, Library

CLEAN = "Speech as it was recorded"
"""A condition without any step."""


def in_words(condition: Condition, titles: Titles = NO_TITLES) -> str:
    """What speech meets in a condition, in the order of the signal chain; every step says its own part.

    Args:
        condition: With its steps.
        titles: What profiles are called: :func:`titles_of`. Without it they have the names of recipes.

    Returns:
        A line of plain text. Names of files and titles of profiles in it are untrusted: escape it.

    Example:
        >>> from augment.design.conditions import conditions
        >>> from augment.recipe.loader import load_recipe
        >>> loaded = load_recipe("demo")
        >>> columns = conditions(loaded)
        >>> in_words(columns[0]), in_words(columns[3], titles_of(columns, loaded.library))
        ('Speech as it was recorded', 'MRI scanner at 15 dB, telephone handset')
    """
    said = ", ".join(_inside(step.perturbation.words(titles)) for step in condition.chain)
    return capital(said) if said else CLEAN


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
    """Titles up to their first comma; in full, in brackets, where several profiles would be called the same.

    Example:
        >>> short({"a": "MRI scanner, fast", "b": "Laptop, in the lid"})["a"]
        'MRI scanner'
        >>> short({"a": "MRI scanner, fast", "b": "MRI scanner, slow (2 s)"})["b"]
        'MRI scanner (slow, 2 s)'
    """
    heads = {name: title.partition(", ")[0] for name, title in titles.items()}
    shared = Counter(heads.values())
    return {name: head if shared[head] == 1 else _bracketed(titles[name]) for name, head in heads.items()}


def _bracketed(title: str) -> str:
    head, _, rest = title.partition(", ")
    return f"{head} ({rest.replace(' (', ', ').replace(')', '')})" if rest else head


def _inside(words: str) -> str:
    """Words as they stand inside a sentence: "Ward" becomes "ward", "MRI scanner" stays."""
    return words[:1].lower() + words[1:] if words[1:2].islower() and words[:1].isupper() else words
