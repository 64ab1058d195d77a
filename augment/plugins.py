"""A folder is a registry: every module in it is a plugin, and so are the entry points of other distributions."""

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any


@cache
def modules(package: str) -> tuple[ModuleType, ...]:
    """All plugin modules of a folder, sorted by name.

    Args:
        package: Dotted name of the folder, such as ``"augment.perturb"``. Other distributions add modules with an
            entry point in the group ``acoustigrid.<last part>``.

    Example:
        >>> [m.__name__.split(".")[-1] for m in modules("augment.execute")]
        ['processes', 'ray', 'serial']
    """
    folder = import_module(package)
    own = [import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(folder.__path__)]
    others = [point.load() for point in _of_others().select(group=f"acoustigrid.{package.rsplit('.', 1)[-1]}")]
    return tuple(sorted([*own, *others], key=lambda module: module.__name__))


@cache  # files of all that is installed are read for it
def _of_others() -> Any:
    """EntryPoints, or before Python 3.12 SelectableGroups."""
    return entry_points()


def by_name(package: str) -> dict[str, Any]:
    """The same by the names of their files: words that users write. A protocol beside each folder says what they have.

    Example:
        >>> sorted(by_name("augment.execute"))
        ['processes', 'ray', 'serial']
    """
    return {module.__name__.rsplit(".", 1)[-1]: module for module in modules(package)}
