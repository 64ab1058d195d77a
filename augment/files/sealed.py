"""A folder that no link leads out of: it is opened once, and everything below is reached from it step by step."""

import ctypes
import fcntl
import hashlib
import io
import os
import secrets
import shutil
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from augment.errors import Fault, TestSetError
from augment.files.content import Content, pieces_of
from augment.files.kinds import kind_in, kind_of_entry, kind_of_mode
from augment.files.staging import renewed_in, staged_in
from augment.files.store import Kind, Staged, Written, is_below, strange
from augment.files.which import Which

OWN = secrets.token_hex(4)
"""Of this process, in names of temporary files: in two containers, or on two machines, processes may share a number."""


class SealedFolder:
    """An open folder in which files are read and written without following any link below it.

    The folder itself may be given through a link: that is up to whoever names it. Everything below it is named by paths
    with slashes, such as ``audio/quiet/u1.flac``; every part of such a path is opened from the one before it
    (``openat`` with ``O_NOFOLLOW``), so that even a link planted while we work is not followed. An existing file is
    never written in place: as a hard link, it may have another name elsewhere.

    When this object is sent to another process, the folder is opened anew there, and refused if another one has taken
    its place by then.

    All methods raise :class:`TestSetError` if a link, or anything else that is neither file nor folder, is in the way,
    and :class:`OSError` if the system refuses.

    Args:
        path: The folder.
        scratch: Folder below it for temporary files; if empty, these are put beside the file that they become.
        same: The folder that it must be.

    Attributes:
        path: The folder as it was named, for messages.

    Example:
        >>> import tempfile
        >>> top = Path(tempfile.mkdtemp())
        >>> (top / "elsewhere").mkdir(), (top / "set").mkdir(), (top / "set" / "link").symlink_to(top / "elsewhere")
        (None, None, None)
        >>> with SealedFolder(top / "set") as folder:
        ...     folder.replace("audio/u1.flac", b"sound")
        ...     folder.files("audio"), folder.read("audio/u1.flac"), folder.kind("link")
        (['audio/u1.flac'], b'sound', <Kind.LINK: 'a link'>)
    """

    def __init__(self, path: Path, scratch: str = "", same: Which | None = None) -> None:
        self.path = path
        self._scratch = scratch
        self._held: dict[str, int] = {}
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self._close = weakref.finalize(self, os.close, self._descriptor)
        found = os.fstat(self._descriptor)
        self._which = Which.of(found)
        if same is not None and not same.may_be(self._which):
            self.close()
            if same.boot != self._which.boot:
                message, remedy = "this machine sees another folder here", "all machines must see the same folder"
                raise TestSetError(Fault(str(path), message, remedy))
            raise TestSetError(Fault(str(path), "another folder stands here than before", "run the same command again"))

    def __reduce__(self) -> tuple[type[Self], tuple[Path, str, Which]]:
        return type(self), (self.path.absolute(), self._scratch, self._which)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close it; otherwise it is closed when nothing refers to it any more."""
        self._close()

    @classmethod
    def made(cls, path: Path, scratch: str = "") -> Self:
        """Open a folder; it and its parents are created if they do not exist, and their names made durable."""
        missing = [place for place in (path, *path.parents) if not place.exists()]
        for place in reversed(missing):
            place.mkdir(exist_ok=True)
            with cls(place.parent) as above:
                above.sync_folder()
        return cls(path, scratch)

    # Looking

    def kind(self, name: str) -> Kind:
        """What a name refers to; a link counts as a link and is not followed."""
        try:
            with self._above(name) as (above, last):
                return kind_in(last, above)
        except FileNotFoundError:
            return Kind.NOTHING

    def below(self, name: str = "") -> Iterator[tuple[str, Kind]]:
        """Everything below a folder, with its kind; folders before their contents, nothing if it does not exist."""
        waiting = [name]
        while waiting:
            folder = waiting.pop()
            try:
                with self._folder(_parts(folder, self.path)) as descriptor, os.scandir(descriptor) as entries:
                    found = sorted((entry.name, kind_of_entry(entry)) for entry in entries)
            except FileNotFoundError:
                continue
            for own, kind in found:
                place = f"{folder}/{own}" if folder else own
                yield place, kind
                if kind is Kind.FOLDER:
                    waiting.append(place)

    def files(self, name: str = "") -> list[str]:
        """Files below a folder, sorted.

        Raises:
            TestSetError: There are links or other things below it; all of them are named.
        """
        found = list(self.below(name))
        faults = [self.fault(place, kind) for place, kind in found if kind not in (Kind.FILE, Kind.FOLDER)]
        if faults:
            raise TestSetError(faults)
        return sorted(place for place, kind in found if kind is Kind.FILE)

    def fault(self, name: str, found: Kind, expected: str = "a file or a folder") -> Fault:
        """A fault: a name refers to something other than what is kept there."""
        return strange(str(self.path / name), found, expected)

    # Reading

    def open(self, name: str) -> io.BufferedReader:
        """Open a file for reading."""
        with self._above(name) as (above, last):
            return os.fdopen(self._regular(last, above, name, os.O_RDONLY), "rb")

    def read(self, name: str, most_bytes: int | None = None) -> bytes:
        """Bytes of a file.

        Raises:
            TestSetError: It is larger than the given bound, or not a file.
        """
        with self.open(name) as file:
            size = os.fstat(file.fileno()).st_size
            if most_bytes is not None and size > most_bytes:
                message = f"the file has {size:,} bytes; at most {most_bytes:,} are read"
                raise TestSetError(Fault(str(self.path / name), message))
            return file.read()

    def stretch(self, name: str, start: int, end: int) -> bytes:
        """Bytes of a file from one place to another; fewer where it ends before that."""
        with self.open(name) as file:
            file.seek(start)
            return file.read(end - start)

    def sha256(self, name: str) -> str:
        """Hash of a file."""
        with self.open(name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def damaged(self, written: Iterable[Written]) -> Iterator[Written]:
        """Those files that are not there as they were written: all of them are read."""
        for file in written:
            try:
                if self.sha256(file.name) == file.sha256:
                    continue
            except OSError:
                pass
            yield file

    # Writing

    def make_folder(self, name: str) -> None:
        """Create a folder and its parents, if they do not exist."""
        with self._folder(_parts(name, self.path), make=True):
            pass

    def write(self, name: str, data: Content, durable: bool = False) -> None:
        """Write a new file and check that every byte was taken; an existing file is unlinked first.

        Args:
            name: Name of the file.
            data: Its contents, whole or in pieces.
            durable: Return only when the contents, though not yet the name, are on the disk.
        """
        with self._above(name, make=True) as (above, last):
            new = os.O_WRONLY | os.O_CREAT | os.O_EXCL  # whatever this opens is a file, and ours
            try:
                descriptor = os.open(last, new | os.O_NOFOLLOW, 0o666, dir_fd=above)
            except OSError:
                self._unlink(last, above, name)
                descriptor = self._open(last, above, name, new, Kind.FILE)
        try:
            for piece in pieces_of(data):
                view = memoryview(piece)
                while view:
                    view = view[os.write(descriptor, view) :]
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, name: str, data: Content) -> None:
        """Write a file under a temporary name, make it durable, then give it its name."""
        folder, _, last = name.rpartition("/")
        temporary = f"{self._scratch or folder}/.{last}.{os.getpid()}.{OWN}.tmp".removeprefix("/")
        try:
            self.write(temporary, data, durable=True)
            self.rename(temporary, name)
        except BaseException as error:
            with suppress(OSError, TestSetError):
                self.unlink(temporary)
            if isinstance(error, OSError):  # the temporary name would mean nothing to the user
                raise OSError(error.errno, error.strerror, str(self.path / name)) from error
            raise
        self.sync_folder(folder)

    def rename(self, old: str, new: str) -> None:
        """Rename a file or a folder, replacing a file of the new name."""
        with self._above(old) as (here, was), self._above(new, make=True) as (there, becomes):
            self._refuse_strange(was, here, old)
            self._refuse_strange(becomes, there, new)
            os.rename(was, becomes, src_dir_fd=here, dst_dir_fd=there)

    def unlink(self, name: str) -> None:
        """Remove a file if it exists."""
        with suppress(FileNotFoundError), self._above(name) as (above, last):
            self._unlink(last, above, name)

    def remove_folder(self, name: str) -> None:
        """Remove a folder with everything in it, as far as possible; links in it are removed but not followed."""
        with suppress(FileNotFoundError), self._above(name) as (above, last):
            shutil.rmtree(last, ignore_errors=True, dir_fd=above)

    def remove_empty_folders(self, name: str) -> None:
        """Remove all empty folders below a folder, and then itself if it is empty."""
        folders = [name, *(place for place, kind in self.below(name) if kind is Kind.FOLDER)]
        for place in sorted(folders, reverse=True):
            with suppress(OSError), self._above(place) as (above, last):
                os.rmdir(last, dir_fd=above)

    def staged(self, aside: str, files: Sequence[str]) -> AbstractContextManager[Staged]:
        """Files that get their names together, once all of them are on the disk."""
        return staged_in(self, aside)

    def abandoned(self) -> list[str]:
        """None: what lies aside has no name yet."""
        return []

    def renewed(self, name: str) -> AbstractContextManager[Staged]:
        """A folder that is put in the place of the one before, once it is complete and on the disk."""
        return renewed_in(self, name)

    # Making durable

    def sync_folder(self, name: str = "") -> None:
        """Make the names in a folder durable."""
        with self._folder(_parts(name, self.path)) as descriptor:
            os.fsync(descriptor)

    def sync_folders(self, names: Sequence[str]) -> None:
        """Make the names in folders durable: on Linux by one call for the file system, elsewhere by one for each."""
        if names and sys.platform == "linux":
            self._sync_file_system(names[0])
            return
        for name in names:
            self.sync_folder(name)

    def _sync_file_system(self, name: str) -> None:
        with self._folder(_parts(name, self.path)) as descriptor:
            if _libc().syncfs(descriptor) != 0:
                raise OSError(ctypes.get_errno(), "syncfs failed", str(self.path / name))

    def sync_files(self, name: str) -> None:
        """Make all files below a folder durable: by one call for their file system on Linux, by one each elsewhere."""
        if sys.platform == "linux":
            self._sync_file_system(name)
            return
        for place in self.files(name):
            with self.open(place) as file:
                os.fsync(file.fileno())

    @contextmanager
    def locked(self, name: str, shared: bool = False) -> Iterator[None]:
        """Hold a lock that dies with the process.

        Args:
            name: File that is locked.
            shared: Together with others who share it; who wants it alone is refused meanwhile.

        Raises:
            TestSetError: Another process holds it.
        """
        with self._above(name, make=True) as (above, last):
            descriptor = self._regular(last, above, name, os.O_RDWR | os.O_CREAT)
        try:
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                message = "another acoustigrid process is writing into this folder"
                raise TestSetError(Fault(str(self.path), message, "wait until it has finished")) from None
            yield
        finally:
            os.close(descriptor)

    def refuse_lost_locks(self) -> None:
        """A lock of the system cannot be lost."""

    # One step at a time

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Hold a folder, created if need be, open for the duration: files in it are then reached in one step."""
        with self._folder(_parts(name, self.path), make=True) as descriptor:
            self._held[name] = descriptor
            try:
                yield
            finally:
                del self._held[name]

    @contextmanager
    def _folder(self, parts: Sequence[str], make: bool = False) -> Iterator[int]:
        """Descriptor of a folder below, which is open for the duration."""
        held = self._held.get("/".join(parts)) if self._held else None
        if held is not None:
            yield held
            return
        with ExitStack() as opened:
            here = self._descriptor
            for depth, part in enumerate(parts, start=1):
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=here)
                here = self._open(part, here, "/".join(parts[:depth]), os.O_RDONLY | os.O_DIRECTORY, Kind.FOLDER)
                opened.callback(os.close, here)
            yield here

    @contextmanager
    def _above(self, name: str, make: bool = False) -> Iterator[tuple[int, str]]:
        """Descriptor of the folder that contains a name, and the last part of the name."""
        *folders, last = _parts(name, self.path)
        with self._folder(folders, make) as above:
            yield above, last

    def _open(self, part: str, above: int, name: str, flags: int, expected: Kind) -> int:
        try:
            return os.open(part, flags | os.O_NOFOLLOW, 0o666, dir_fd=above)
        except OSError as error:  # which error a link gives depends on the system: look at what is there
            found = kind_in(part, above)
            if found not in (Kind.NOTHING, expected):
                raise TestSetError(self.fault(name, found, expected.value)) from None
            raise OSError(error.errno, error.strerror, str(self.path / name)) from None

    def _regular(self, part: str, above: int, name: str, flags: int) -> int:
        """Descriptor of a regular file, opened so that a pipe does not wait for its other end."""
        descriptor = self._open(part, above, name, flags | os.O_NONBLOCK | os.O_NOCTTY, Kind.FILE)
        found = kind_of_mode(os.fstat(descriptor).st_mode)
        if found is not Kind.FILE:
            os.close(descriptor)
            raise TestSetError(self.fault(name, found, Kind.FILE.value))
        return descriptor

    def _refuse_strange(self, part: str, above: int, name: str) -> None:
        found = kind_in(part, above)
        if found in (Kind.LINK, Kind.OTHER):
            raise TestSetError(self.fault(name, found))

    def _unlink(self, part: str, above: int, name: str) -> None:
        self._refuse_strange(part, above, name)
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=above)


def _parts(name: str, folder: Path) -> list[str]:
    """Parts of a path below a folder; none for the folder itself."""
    if name and not is_below(name):
        raise TestSetError(Fault(str(folder), f"'{name}' is not a path below this folder"))
    return name.split("/") if name else []


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
