"""The verbs of the product, as functions, and the types of what they take and return.

Their names are those of :mod:`augment.api.verbs`, which is imported when one of them is asked for: a command that needs
one verb imports its module, and does not wait for the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augment.api.verbs import *  # noqa: F403 - for type checkers


def __getattr__(name: str) -> Any:
    verbs = import_module("augment.api.verbs")
    if name == "__all__" or name in verbs.__all__:
        return getattr(verbs, name)
    raise AttributeError(f"module 'augment.api' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(import_module("augment.api.verbs").__all__)
