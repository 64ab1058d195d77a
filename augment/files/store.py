"""What the folder of a test set can promise, on a disk as in an object store."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from types import TracebackType
from typing import BinaryIO, NamedTuple, Protocol, Self

from augment.errors import Fault
from augment.files.content import Content
from augment.files.location import Location


class Kind(Enum):
    """What a name refers to."""

    NOTHING = "nothing"
    FILE = "a file"
    FOLDER = "a folder"
    LINK = "a link"
    OTHER = "a pipe, a socket or a device"


def is_below(name: str) -> bool:
    """Whether a path cannot lead out of the folder that it starts from.

    Example:
        >>> [is_below(name) for name in ("audio/quiet/u1.flac", "../u1.flac", "/etc/hosts", "audio//u1.flac", "")]
        [True, False, False, False, False]
    """
    return not {"..", ".", ""} & set(name.split("/")) and "\0" not in name


def strange(place: str, found: Kind, expected: str) -> Fault:
    """A fault: a name refers to something other than what is kept there."""
    remedy = "move it away" + (": no link is followed here" if found is Kind.LINK else "")
    return Fault(place, f"this is {found.value}; expected {expected}", remedy)


class Written(NamedTuple):
    """A file that was written, and what is known of it.

    Attributes:
        name: Its path below the store.
        sha256: Hash of its bytes.
        md5: Another one, which object stores keep too; None if nobody noted it.
        number: By which whoever asks knows it.
    """

    name: str
    sha256: str
    md5: str | None = None
    number: int = 0


class Staged(Protocol):
    """Files on their way into a store: without :meth:`commit`, none of them counts."""

    def add(self, name: str, data: Content) -> str | None:
        """Take a file.

        Args:
            name: Its path, below the store, or below the folder that is renewed.
            data: Its bytes; pieces are gone through once, before this returns.

        Returns:
            What is to be noted of it for :class:`Written`: its MD5 where the store knows that of its objects.
        """
        ...

    def commit(self) -> None:
        """Return when all of them are there under their names, and stay there through a power cut.

        Raises:
            OSError: They could not be written.
        """
        ...


class Store(Protocol):
    """The folder of a test set: files by name, each whole or not at all.

    It can be sent to other processes, and is opened anew there. Paths have slashes, and cannot lead out of it.
    All methods raise :class:`~augment.errors.TestSetError` if something other than a file or a folder is in the way,
    and :class:`OSError` if the system or the store refuses.

    Attributes:
        path: Where it is, for messages.
    """

    @property
    def path(self) -> Location: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""

    # Looking

    def kind(self, name: str) -> Kind:
        """What a name refers to."""
        ...

    def below(self, name: str = "") -> Iterator[tuple[str, Kind]]:
        """Everything below a folder, with its kind; folders before their contents, nothing if it does not exist."""
        ...

    def files(self, name: str = "") -> list[str]:
        """Files below a folder, sorted."""
        ...

    def fault(self, name: str, found: Kind, expected: str = "a file or a folder") -> Fault:
        """A fault: a name refers to something other than what is kept there."""
        ...

    # Reading

    def open(self, name: str) -> BinaryIO:
        """A file, to be read in pieces."""
        ...

    def read(self, name: str, most_bytes: int | None = None) -> bytes:
        """Bytes of a file; one that is larger than the bound is refused."""
        ...

    def stretch(self, name: str, start: int, end: int) -> bytes:
        """Bytes of a file from one place to another; fewer where it ends before that."""
        ...

    def sha256(self, name: str) -> str:
        """Hash of a file, which is read for it."""
        ...

    def damaged(self, written: Iterable[Written]) -> Iterator[Written]:
        """Those files that are not there as they were written, or cannot be read."""
        ...

    # Writing

    def replace(self, name: str, data: Content) -> None:
        """Write a file: it is there whole and to stay when this returns, and until then the one before."""
        ...

    def staged(self, aside: str, files: Sequence[str]) -> AbstractContextManager[Staged]:
        """Many files at once. The list that names them is written inside of this context, after the commit.

        Args:
            aside: Folder in which they may lie until then, of no one else who writes at the same time.
            files: All that may be among them.
        """
        ...

    def abandoned(self) -> list[str]:
        """Files of stagings that were cut off, which may be there under their names although no list has them."""
        ...

    def renewed(self, name: str) -> AbstractContextManager[Staged]:
        """A whole folder in the place of the one before. It is listed inside of this context, after the commit."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, replacing the file that has it: the new one is there whole, or the one before."""
        ...

    def unlink(self, name: str) -> None:
        """Remove a file if it exists."""
        ...

    def remove_folder(self, name: str) -> None:
        """Remove a folder with everything in it, as far as possible."""
        ...

    def remove_empty_folders(self, name: str) -> None:
        """Remove all empty folders below a folder, and then itself if it is empty."""
        ...

    def make_folder(self, name: str) -> None:
        """Create a folder, where folders are things of their own."""
        ...

    def sync_folder(self, name: str = "") -> None:
        """Make the names in a folder durable, where they are not at once."""
        ...

    def locked(self, name: str, shared: bool = False) -> AbstractContextManager[None]:
        """Hold a lock, alone or together with others who share it.

        Raises:
            TestSetError: Somebody else holds it.
        """
        ...

    def refuse_lost_locks(self) -> None:
        """Before a last word is written: see that all locks held by this object are still ours, where they can be lost.

        Raises:
            TestSetError: One was taken away.
        """
        ...
