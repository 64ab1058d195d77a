"""Which code makes sound on a machine: versions of packages, and this package's own bytes."""

import hashlib
import importlib.metadata
import platform
from collections.abc import Sequence
from functools import cache

from augment import __version__
from augment.bundled import package_folder

PACKAGES = ("numpy", "scipy", "numba", "soxr", "soundfile", "polars", "audiomentations", "pyroomacoustics", "av")
EFFECTS = ("fast-mp3-augment", "numpy-audio-limiter")
"""What some effects of audiomentations need besides."""
EXTRAS = {"av": "codecs", "pyroomacoustics": "rooms", **dict.fromkeys(EFFECTS, "effects")}
"""The extra that brings a package, for those that not everybody has."""


def versions_here() -> dict[str, str]:
    """Versions of what makes sound on this machine."""
    return {
        "python": platform.python_version(),
        **{name: version for name in PACKAGES if (version := version_of(name)) is not None},
        "libsndfile": _libsndfile(),
    }


@cache  # each is looked for in all that is installed
def version_of(package: str) -> str | None:
    """Version of a package; None for an extra that is not installed.

    Example:
        >>> version_of("numpy") is None, version_of("no-such-package") is None
        (False, True)
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def code_digest(names: Sequence[str] = ("",)) -> str:
    """Hash of files and folders of this package's code; of all of it, if none are named.

    Example:
        >>> len(code_digest()), code_digest() == code_digest(["files"])
        (64, False)
    """
    digest = hashlib.sha256()
    for name in names:
        place = package_folder() / name
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def everything_here() -> dict[str, str]:
    """What two machines must have in common to make the same bytes, and to plan the same with them.

    Example:
        >>> list(everything_here())[:3]
        ['acoustigrid', 'its code', 'processor']
    """
    effects = {name: version for name in EFFECTS if (version := version_of(name)) is not None}
    ours = {"acoustigrid": __version__, "its code": code_digest()[:12], "processor": platform.machine()}
    return {**ours, **versions_here(), **effects}


def _libsndfile() -> str:
    import soundfile

    return str(soundfile.__libsndfile_version__)
