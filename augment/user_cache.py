"""The folder in which this package keeps, for the user, what only saves time."""

import os
from contextlib import suppress
from pathlib import Path


def user_cache() -> Path | None:
    """Our folder in the user's cache folder, which may not exist yet; None where there is none.

    Example:
        >>> folder = user_cache()
        >>> folder is None or folder.name == "acoustigrid"
        True
    """
    given = os.environ.get("XDG_CACHE_HOME")
    if not given and os.environ.get("HOME") == "":
        return None
    with suppress(RuntimeError):  # the user has no home directory
        place = Path(given) if given else Path.home() / ".cache"
        return place / "acoustigrid" if place.is_absolute() else None
    return None
