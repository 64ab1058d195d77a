"""The data that comes with the package: recipes and noise profiles.

A wheel holds it inside the package, a checkout beside it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def package_folder() -> Path:
    """Folder of the package's code."""
    return _PACKAGE


def bundled(folder: str) -> Path:
    """Folder of bundled data.

    Args:
        folder: ``"recipes"`` or ``"noise_profiles"``.

    Raises:
        FileNotFoundError: The installation is incomplete.

    Example:
        >>> (bundled("noise_profiles") / "equipment").is_dir()
        True
    """
    for candidate in (_PACKAGE / "_data" / folder, _PACKAGE.parent / folder):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the bundled folder {folder!r} is missing; install acoustigrid again")
