"""Many files that appear in a local folder together: written aside, made durable at once, then renamed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from augment.files.content import Content
from augment.files.store import Kind
from augment.files.walk import STATE

if TYPE_CHECKING:
    from augment.files.sealed import SealedFolder

ASIDE = f"{STATE}/export"


class StagedFiles:
    """Files that lie aside, numbered, until they get their names.

    Args:
        folder: Where they belong.
        temporary: Folder in it that they lie in.
    """

    def __init__(self, folder: "SealedFolder", temporary: str) -> None:
        self._folder, self._temporary = folder, temporary
        self._names: list[str] = []

    def add(self, name: str, data: Content) -> None:
        self._folder.write(f"{self._temporary}/{len(self._names):06d}", data)
        self._names.append(name)

    def commit(self) -> None:
        """Make the files durable, then give them their names."""
        self._folder.sync_files(self._temporary)
        places: dict[str, list[tuple[int, str]]] = {}
        for number, name in enumerate(self._names):
            places.setdefault(name.rpartition("/")[0], []).append((number, name))
        for place, named in places.items():
            with self._folder.holding(place):
                for number, name in named:
                    self._folder.rename(f"{self._temporary}/{number:06d}", name)
        tops = {place.partition("/")[0] for place in places}  # in which folders may be new
        self._folder.sync_folders(sorted({*places, *tops}) if places else [])


@contextmanager
def staged_in(folder: "SealedFolder", temporary: str) -> Iterator[StagedFiles]:
    """Files that lie in a temporary folder, which is gone afterwards."""
    try:
        with folder.holding(temporary):
            yield StagedFiles(folder, temporary)
    finally:
        folder.remove_folder(temporary)


class RenewedFolder:
    """A folder that is written aside.

    Args:
        folder: Where it belongs.
        name: Of the folder.
    """

    def __init__(self, folder: "SealedFolder", name: str) -> None:
        self._folder, self._name = folder, name
        self.temporary, self.before = f"{ASIDE}-{name}", f"{ASIDE}-{name}-before"

    def add(self, name: str, data: Content) -> None:
        self._folder.write(f"{self.temporary}/{name}", data)

    def commit(self) -> None:
        """Make its files durable, and put it in the place of the one before."""
        self._folder.sync_files(self.temporary)
        if self._folder.kind(self._name) is not Kind.NOTHING:
            self._folder.rename(self._name, self.before)
        self._folder.rename(self.temporary, self._name)
        self._folder.sync_folder()


@contextmanager
def renewed_in(folder: "SealedFolder", name: str) -> Iterator[RenewedFolder]:
    """A folder that is written aside; what is left of it and of the one before is gone afterwards."""
    renewed = RenewedFolder(folder, name)
    left = (renewed.temporary, renewed.before)
    try:
        for place in left:
            folder.remove_folder(place)
        folder.make_folder(renewed.temporary)
        yield renewed
    finally:
        for place in left:
            folder.remove_folder(place)
