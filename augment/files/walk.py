"""Files below a folder, as a person would look for them."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

STATE = ".acoustigrid"
TEST_SET = "testset.json"
"""What is in the folder of a test set: the one while it is built, the other when it is finished."""


@dataclass(frozen=True)
class Walk:
    """What is below a folder.

    Attributes:
        folder: Where it starts.
        files: Files that were wanted, sorted by their paths.
        others: Files that were not, sorted by their paths.
        test_sets: Folders of test sets, which were not entered.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    test_sets: list[Path] = field(default_factory=list)

    def name(self, path: Path) -> str:
        """Path of a file, from the folder."""
        return path.relative_to(self.folder).as_posix()

    def endings(self) -> Counter[str]:
        """How many other files there are by ending, such as ``.txt``, in lower case."""
        return Counter(map(ending, self.others))


def ending(path: Path) -> str:
    """The ending of a file's name in lower case, for people.

    Example:
        >>> ending(Path("a/b.TXT")), ending(Path("LICENCE"))
        ('.txt', 'without an ending')
    """
    return path.suffix.lower() or "without an ending"


def walked(folder: Path, fits: Callable[[str], bool]) -> Walk:
    """Files below a folder; links to folders are followed.

    Hidden files and folders are passed over, and so are test sets: what was made of a corpus is not a part of it, even
    in its folder.

    Args:
        folder: The folder; it may be in a test set itself.
        fits: Whether a file of this name is wanted.

    Example:
        >>> import tempfile
        >>> top = Path(tempfile.mkdtemp())
        >>> for name in ("set/testset.json", "set/a.wav", "b.wav", "b.TXT", ".hidden"):
        ...     (top / name).parent.mkdir(exist_ok=True)
        ...     (top / name).touch()
        >>> found = walked(top, lambda name: name.endswith(".wav"))
        >>> [path.name for path in found.files], dict(found.endings()), len(found.test_sets)
        (['b.wav'], {'.txt': 1}, 1)
    """
    walk = Walk(folder)
    for path in _below(walk, folder, frozenset()):
        (walk.files if fits(path.name) else walk.others).append(path)
    for found in (walk.files, walk.others):
        found.sort(key=walk.name)
    return walk


def _below(walk: Walk, folder: Path, above: frozenset[str]) -> Iterator[Path]:
    """Files below a folder that lies in others, none of which it may be itself: a link may lead round in a circle."""
    here = os.path.realpath(folder)
    inside = [] if here in above else [path for path in folder.iterdir() if not path.name.startswith(".")]
    for path in inside:
        if not path.is_dir():
            if path.is_file():
                yield path
        elif (path / TEST_SET).exists() or (path / STATE).exists():
            walk.test_sets.append(path)
        else:
            yield from _below(walk, path, above | {here})
