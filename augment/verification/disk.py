"""The files of a set as they lie on the disk: read by name, never through a link, and hashed as they are read."""

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from augment.bounds import LARGEST_FILE_BYTES
from augment.errors import Fault, TestSetError
from augment.files.sealed import Kind, SealedFolder
from augment.files.walk import STATE

DROPPINGS = re.compile(
    r"\.DS_Store|\._.*|\.localized|\.AppleDouble|\.Spotlight-V100|\.Trashes|\.fseventsd|\.TemporaryItems|Icon\r"
    r"|__MACOSX|Thumbs\.db|ehthumbs\.db|desktop\.ini|\$RECYCLE\.BIN|\.directory|\.nfs[0-9a-f]+|@eaDir",
    re.IGNORECASE,
)
"""What file managers and network disks leave in folders that they show."""


@dataclass(frozen=True)
class Disk:
    """A set's folder.

    Attributes:
        sealed: The folder, open.
        hashes: SHA-256 of every file that was read, by name.
    """

    sealed: SealedFolder
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.sealed.path

    def place(self, name: str) -> str:
        """How a message names a file."""
        return str(self.folder / name)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self.sealed.kind(name) is Kind.FILE

    def read(self, name: str) -> bytes:
        """Bytes of a file.

        Raises:
            TestSetError: It is missing, a link or behind one, no file, too large, or cannot be read.
        """
        try:
            data = self.sealed.read(name, LARGEST_FILE_BYTES)
        except FileNotFoundError:
            raise TestSetError(Fault(self.place(name), "the file is missing")) from None
        except (OSError, ValueError) as error:
            raise TestSetError(Fault(self.place(name), f"cannot be read: {error}")) from None
        self.hashes[name] = hashlib.sha256(data).hexdigest()
        return data

    @cached_property
    def present(self) -> tuple[frozenset[str], int]:
        """All that is there but below ``.acoustigrid``: names, and how many things file managers left behind.

        Links are names, and are not followed. A folder counts by what is in it.
        """
        names: set[str] = set()
        dropped: list[str] = []
        for name, kind in self.sealed.below():
            parts = name.split("/")
            if parts[0] == STATE or any(name.startswith(f"{folder}/") for folder in dropped):
                continue
            if DROPPINGS.fullmatch(parts[-1]) and kind in (Kind.FILE, Kind.FOLDER):
                dropped.append(name)
            elif kind is not Kind.FOLDER:
                names.add(name)
        return frozenset(names), len(dropped)
