"""Factors, their settings, and excluded combinations of these."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from augment.design.program import Program
from augment.recipe.loader import LoadedRecipe
from augment.recipe.sweep import Setting

Choice = tuple[str, ...]
"""The name of one setting of each factor, in the recipe's order."""

MOST_TRIED = 2000
"""Steps of a plain search for a combination before it is handed to the solver."""

Entry = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Factors:
    """The dimensions of an acoustic design.

    Attributes:
        names: Names of the factors, in the recipe's order.
        settings: Names of the settings of each factor, in the recipe's order.
        excluded: Excluded combinations: for some factors, by number, the names of settings that must not meet.
    """

    names: tuple[str, ...]
    settings: tuple[tuple[str, ...], ...]
    excluded: tuple[Mapping[int, frozenset[str]], ...] = ()

    def allows(self, choice: Sequence[str | None]) -> bool:
        """Whether no exclusion applies to a combination, which may be partial.

        Example:
            >>> two = Factors(("a", "b"), (("x", "y"), ("x", "y")), ({0: frozenset("x"), 1: frozenset("y")},))
            >>> two.allows(("x", None)), two.allows(("x", "y"))
            (True, False)
        """
        return not any(all(choice[f] in names for f, names in entry.items()) for entry in self.excluded)

    def completed(self, choice: Sequence[str | None]) -> Choice | None:
        """An allowed full combination that extends a partial one; None if there is none."""
        free = [f for f, name in enumerate(choice) if name is None]
        free.sort(key=lambda f: -sum(f in entry for entry in self.excluded))
        found = list(choice)
        if not self.allows(found):
            return None
        try:
            return self._search(found, free, [MOST_TRIED])
        except OverflowError:
            return self._by_programme(list(choice), free)

    def _by_programme(self, choice: list[str | None], free: list[int]) -> Choice | None:
        """The same for exclusions that would take a search too long: settings are fixed one by one.

        The solver is only asked whether there is a completion, never for one: that would depend on its version.
        """
        if not self._possible(choice):
            return None
        for factor in free:
            for name in self.settings[factor]:
                choice[factor] = name
                if self._possible(choice):
                    break
        return tuple(name for name in choice if name is not None)

    def _possible(self, choice: Sequence[str | None]) -> bool:
        program = Program()
        chosen: list[dict[str, int]] = []
        for given, names in zip(choice, self.settings, strict=True):
            chosen.append({name: program.variable(0, given is None or given == name) for name in names})
            program.row(dict.fromkeys(chosen[-1].values(), 1.0), 1, 1)
        for entry in self.excluded:
            met = [chosen[factor][name] for factor, names in entry.items() for name in names]
            program.row(dict.fromkeys(met, 1.0), most=len(entry) - 1)
        return program.solve({}) is not None

    def _search(self, choice: list[str | None], free: list[int], tries: list[int]) -> Choice | None:
        if not free:
            return tuple(name for name in choice if name is not None)
        tries[0] -= 1
        if tries[0] < 0:
            raise OverflowError
        factor, *rest = free
        for name in self.settings[factor]:
            choice[factor] = name
            if self.allows(choice) and (found := self._search(choice, rest, tries)):
                return found
        choice[factor] = None
        return None


def factors_of(loaded: LoadedRecipe) -> Factors:
    """The factors of a recipe."""
    names = tuple(loaded.settings)
    settings = tuple(tuple(setting.name for setting in loaded.settings[name]) for name in names)
    excluded = []
    for entry in loaded.recipe.exclude:
        parts = {names.index(f): frozenset(settings_called(loaded.settings[f], wanted)) for f, wanted in entry.items()}
        excluded.append(parts)
    return Factors(names, settings, tuple(excluded))


def settings_called(settings: Sequence[Setting], wanted: str | tuple[str, ...]) -> Iterator[str]:
    """Names of the settings whose own name, or whose family's, is among those wanted."""
    names = {wanted} if isinstance(wanted, str) else set(wanted)
    return (setting.name for setting in settings if {setting.name, setting.family} & names)
