"""Which versions of what makes sound are installed on a machine."""

import importlib.metadata
import platform
from functools import cache

PACKAGES = ("numpy", "scipy", "numba", "soxr", "soundfile", "polars", "audiomentations", "pyroomacoustics", "av")


def versions_here() -> dict[str, str]:
    """Versions of what makes sound on this machine."""
    return {
        "python": platform.python_version(),
        **{name: version for name in PACKAGES if (version := _version(name)) is not None},
        "libsndfile": _libsndfile(),
    }


@cache  # each is looked for in all that is installed
def _version(package: str) -> str | None:
    """Version of a package; None for an extra that is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _libsndfile() -> str:
    import soundfile

    return str(soundfile.__libsndfile_version__)
