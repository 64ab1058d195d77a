"""The files of a set as they are on disk: read by name, never through a link, and hashed while they are read."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from augment.bounds import LARGEST_FILE_BYTES, LARGEST_TABLE_BYTES
from augment.errors import Fault, TestSetError
from augment.files.content import PIECE_BYTES, Remade
from augment.files.location import Location
from augment.files.store import Kind, Store
from augment.files.walk import STATE
from augment.testset.folder import SOUND

DROPPED_FILES = re.compile(
    r"\.DS_Store|\._.*|\.localized|Icon\r|Thumbs\.db|ehthumbs\.db|desktop\.ini|\.directory|\.nfs[0-9a-f]+"
    r"|.+@Syno(EAStream|Resource)|SYNO(AUDIO|FILE|INDEX|PHOTO|VIDEO)_.*",
    re.IGNORECASE,
)
"""Files that file managers and network disks leave in folders."""
DROPPED_FOLDERS = re.compile(r"__MACOSX|\.AppleDouble|@eaDir", re.IGNORECASE)
"""Folders that they create for such files: anything else in there was put there by somebody."""
OF_VOLUMES = re.compile(r"\.Spotlight-V100|\.Trashes|\.fseventsd|\.TemporaryItems|\$RECYCLE\.BIN", re.IGNORECASE)
"""Folders that a system keeps at the top of a disk, and so in a set that is a whole disk: their contents are its
own."""


@dataclass(frozen=True)
class Disk:
    """A set's folder.

    Attributes:
        sealed: The folder, open.
        folder: Where it is, as whoever asked named it.
        hashes: SHA-256 of files that were read, by name.
    """

    sealed: Store
    folder: Location
    hashes: dict[str, str] = field(default_factory=dict)

    def place(self, name: str) -> str:
        """A file's name in messages."""
        return str(self.folder / name)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self.sealed.kind(name) is Kind.FILE

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            TestSetError: It is missing, a link or behind one, not a file, too large, or cannot be read.
        """
        try:
            most = LARGEST_FILE_BYTES if name.startswith(f"{SOUND}/") else LARGEST_TABLE_BYTES
            data = self.sealed.read(name, most)
        except (OSError, ValueError) as error:
            raise self._unreadable(name, error) from None
        self.hashes[name] = hashlib.sha256(data).hexdigest()
        return data

    def pieces(self, name: str) -> Iterable[bytes]:
        """The bytes of a file, however large it is, read each time that somebody goes through them."""

        def read() -> Iterator[bytes]:
            with self.sealed.open(name) as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece

        return Remade(read)

    def hash(self, name: str) -> str:
        """SHA-256 of a file as it is now, however large it is.

        Raises:
            TestSetError: It is missing, a link or behind one, not a file, or cannot be read.
        """
        try:
            self.hashes[name] = self.sealed.sha256(name)
        except (OSError, ValueError) as error:
            raise self._unreadable(name, error) from None
        return self.hashes[name]

    def _unreadable(self, name: str, error: Exception) -> TestSetError:
        missing = isinstance(error, FileNotFoundError)
        return TestSetError(Fault(self.place(name), "the file is missing" if missing else f"cannot be read: {error}"))

    def present(self) -> Iterator[tuple[str, Kind | None]]:
        """Everything outside ``.acoustigrid`` with its kind, which is None for what file managers left behind.

        Links are listed by name and not followed. A folder is represented by what is in it.
        """
        for name, kind in self.sealed.below():
            top, _, _ = name.partition("/")
            own = name.rpartition("/")[2]
            if top == STATE or (top != name and OF_VOLUMES.fullmatch(top)):
                continue
            if kind is Kind.FILE:
                left = DROPPED_FILES.fullmatch(own) is not None
            else:
                left = kind is Kind.FOLDER and _is_dropped_folder(name)
            if left or kind is not Kind.FOLDER:
                yield name, None if left else kind


def _is_dropped_folder(name: str) -> bool:
    return bool(DROPPED_FOLDERS.fullmatch(name.rpartition("/")[2]) or OF_VOLUMES.fullmatch(name))
