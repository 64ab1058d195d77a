"""Whether another machine sees the same files as this one, under the same names."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from augment.files.location import Location
from augment.files.members import member_of

MOST_LOOKED_AT = 64
"""Files of a corpus that each machine looks at: a folder that is missing is missed in all of them."""
START_BYTES = 2**16


@dataclass(frozen=True)
class Sight:
    """A job for another machine: what it does not see of what this one sees.

    Attributes:
        files: Size in bytes and hash of the beginning of each, by its absolute path.
    """

    files: tuple[tuple[str, tuple[int, str]], ...]

    @classmethod
    def of(cls, places: Iterable[Location]) -> "Sight":
        """What this machine sees of some files; those that it does not see itself are nobody else's fault.

        Objects of a store are not looked at: a machine that cannot reach it says so with its first task.
        """
        paths = (place for place in places if isinstance(place, Path))
        found = {os.path.abspath(path): seen for path in paths if (seen := _seen(path)) is not None}  # noqa: PTH100
        return cls(tuple(found.items()))

    def __call__(self) -> tuple[str, ...]:
        """Paths that stand for nothing here, or for another file.

        Example:
            >>> sight = Sight.of([Path(__file__), Path("no/such/file")])
            >>> len(sight.files), sight(), Sight((("/no/such/file", (1, "")),))()
            (1, (), ('/no/such/file',))
        """
        return tuple(name for name, wanted in self.files if _seen(Path(name)) != wanted)


def spread(places: Iterable[Location], most: int = MOST_LOOKED_AT) -> list[Path]:
    """A few of many files, from all over them; for members of an archive, the archive.

    Example:
        >>> len(spread(Path(f"{n}.wav") for n in range(1000)))
        64
    """
    every = [place for place in dict.fromkeys(places) if isinstance(place, Path)]
    step = max(len(every) / most, 1.0)
    chosen = [every[int(place * step)] for place in range(min(most, len(every)))]
    return list(dict.fromkeys(path if (inside := member_of(path)) is None else inside[0] for path in chosen))


def _seen(path: Path) -> tuple[int, str] | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_size, hashlib.sha256(file.read(START_BYTES)).hexdigest()
    except (OSError, ValueError):
        return None
