"""Files below a folder, as a person would look for them."""

import os
from collections.abc import Callable
from pathlib import Path

STATE = ".acoustigrid"
TEST_SET = "testset.json"
"""What is in the folder of a test set: the one while it is built, the other when it is finished."""


def files_below(folder: Path, fits: Callable[[str], bool]) -> list[Path]:
    """Files below a folder, sorted by their paths; links to folders are followed.

    Hidden files and folders are passed over, and so are test sets: what was made of a corpus is not a part of it, even
    in its folder.

    Args:
        folder: The folder; it may be in a test set itself.
        fits: Whether a file of this name is wanted.

    Example:
        >>> import tempfile
        >>> top = Path(tempfile.mkdtemp())
        >>> (top / "set").mkdir(), (top / "set" / "testset.json").touch(), (top / "set" / "a.wav").touch()
        (None, None, None)
        >>> (top / "b.wav").touch(), [path.name for path in files_below(top, lambda name: name.endswith(".wav"))]
        (None, ['b.wav'])
    """
    found: list[tuple[str, Path]] = []
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        here = Path(place)
        within = here != folder and (TEST_SET in files or STATE in folders)
        if within or (real := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        wanted = (here / name for name in files if not name.startswith(".") and fits(name))
        found += [(path.relative_to(folder).as_posix(), path) for path in wanted if path.is_file()]
    return [path for _, path in sorted(found)]
