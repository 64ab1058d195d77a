"""Finding files below a folder as a person would."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from augment.files.location import Location, Url, below

STATE = ".acoustigrid"
TEST_SET = "testset.json"
"""Marks of a test set's folder: the one while it is being built, the other once it is finished."""


Place = TypeVar("Place", bound=Location)


@dataclass(frozen=True)
class Walk(Generic[Place]):
    """What is below a folder.

    Attributes:
        folder: Where it starts.
        files: Wanted files, sorted by path.
        others: All other files, sorted by path.
        test_sets: Folders of test sets, which were not entered.
    """

    folder: Place
    files: list[Place] = field(default_factory=list)
    others: list[Place] = field(default_factory=list)
    test_sets: list[Place] = field(default_factory=list)

    def name(self, path: Location) -> str:
        """Path of a file relative to the folder."""
        return below(path, self.folder)

    def endings(self) -> Counter[str]:
        """Number of other files by ending, such as ``.txt``, in lower case."""
        return Counter(map(ending, self.others))


def ending(path: Location) -> str:
    """The ending of a file name in lower case, for messages.

    Example:
        >>> ending(Path("a/b.TXT")), ending(Path("LICENCE"))
        ('.txt', 'without an ending')
    """
    return path.suffix.lower() or "without an ending"


def walked(folder: Place, fits: Callable[[str], bool]) -> Walk[Place]:
    """Files below a folder; links to folders are followed.

    Hidden files and folders are skipped, and so are test sets: what was made from a corpus is not a part of it, even if
    it lies in the same folder.

    Args:
        folder: The folder, which may itself be part of a test set.
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
    walk: Walk[Any] = Walk(folder)
    found = _objects_below(walk, folder) if isinstance(folder, Url) else _below(walk, cast("Path", folder), frozenset())
    for path in found:
        (walk.files if fits(path.name) else walk.others).append(path)
    for some in (walk.files, walk.others):
        some.sort(key=walk.name)
    return walk


def _below(walk: Walk[Path], folder: Path, above: frozenset[str]) -> Iterator[Path]:
    """Files below a folder, unless it is one of the folders above it: links may form a circle."""
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


def _objects_below(walk: Walk[Url], folder: Url) -> Iterator[Url]:
    """The same in an object store, where there are no links."""
    from augment.files.remote import listed

    waiting = [folder]
    while waiting:
        place = waiting.pop()
        inside = {found.key.rpartition("/")[2]: found for found in listed(place)}
        if place != folder and {TEST_SET, STATE} & set(inside):
            walk.test_sets.append(place)
            continue
        for name, found in inside.items():
            if found.folder and not name.startswith("."):
                waiting.append(place / name)
            elif not name.startswith("."):
                yield place / name
