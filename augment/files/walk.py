"""Files below a folder, as a person would look for them."""

import os
from collections.abc import Callable, Iterator
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
    return sorted(_below(folder, fits, frozenset()), key=lambda path: path.relative_to(folder).as_posix())


def _below(folder: Path, fits: Callable[[str], bool], above: frozenset[str]) -> Iterator[Path]:
    """Files below a folder that lies in others, none of which it may be itself: a link may lead round in a circle."""
    here = os.path.realpath(folder)
    inside = [] if here in above else [path for path in folder.iterdir() if not path.name.startswith(".")]
    for path in inside:
        if not path.is_dir():
            if fits(path.name) and path.is_file():
                yield path
        elif not (path / TEST_SET).exists() and not (path / STATE).exists():
            yield from _below(path, fits, above | {here})
