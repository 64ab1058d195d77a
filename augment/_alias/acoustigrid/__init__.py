"""The package ``augment`` under the name of the product: ``import acoustigrid`` works too.

It has no modules of its own: everything is in ``augment``, once.

Example:
    >>> import acoustigrid, augment
    >>> acoustigrid.plan is augment.plan
    True
"""

from typing import TYPE_CHECKING, Any

import augment
from augment import __all__, __version__  # noqa: F401 - they are these here too

if TYPE_CHECKING:
    from augment import *


def __getattr__(name: str) -> Any:
    return getattr(augment, name)


def __dir__() -> list[str]:
    return dir(augment)
