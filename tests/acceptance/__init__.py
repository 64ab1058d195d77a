"""Acceptance figures: what the product gives beside what an outside reference says.

One module for each topic; every function ``aNN_words`` gives figures of the acceptance test NN (see CONTRIBUTING).
``tests/test_acceptance.py`` asserts them, ``scripts/acceptance.py`` prints them as a table.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure: holds if it is within the tolerance of its reference; or, as a limit, if it is not above it."""

    what: str
    reference: float
    ours: float
    tolerance: float
    unit: str = ""
    limit: bool = False

    @property
    def difference(self) -> float:
        return self.ours - self.reference

    @property
    def holds(self) -> bool:
        return (self.difference if self.limit else abs(self.difference)) <= self.tolerance


def collected() -> dict[str, Callable[[], list[Figure]]]:
    """All functions of all topics, by name, in the order of their numbers."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for name, value in vars(module).items():
            if name[0] == "a" and name[1:3].isdigit() and callable(value):
                assert name not in found, f"two functions are called {name}"
                found[name] = value
    return dict(sorted(found.items()))
