"""The folder of a test set in an object store, where nothing can be renamed, and every object is whole or not there."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import BinaryIO, Self

from augment.errors import Fault, TestSetError
from augment.files import remote
from augment.files.content import Content
from augment.files.location import Url
from augment.files.multipart import put_large, put_pieces
from augment.files.object_lock import Lock, held_lock
from augment.files.refusals import RefusedError
from augment.files.staging import ASIDE
from augment.files.store import Kind, Written, is_below, strange
from augment.files.walk import STATE
from augment.sequences import portions

AT_ONCE = 16
"""Requests side by side: each waits for the network most of the time."""
MOST_WAITING_BYTES = 64 * 2**20
"""Of files that are on their way."""
STARTED = f"{STATE}/started"
"""Folder of lists that say which files somebody has begun to write: they are ours even if no other list names them."""


class ObjectStore:
    """Objects below a URL.

    A file is written whole, from memory, under its own name: there is nothing half-written, and nothing to rename. What
    is there counts once a list names it, which is written last. There are no links, and folders are there as long as
    something is in them.

    Args:
        path: Where it is.

    Example:
        >>> store = ObjectStore(Url("memory", "sets/ward"))
        >>> store.replace("audio/quiet/u1.flac", b"sound")
        >>> store.files("audio"), store.read("audio/quiet/u1.flac"), store.kind("audio"), store.kind("none")
        (['audio/quiet/u1.flac'], b'sound', <Kind.FOLDER: 'a folder'>, <Kind.NOTHING: 'nothing'>)
        >>> store.remove_folder("audio")
    """

    def __init__(self, path: Url) -> None:
        self._path = path
        self._locks: list[Lock] = []

    @property
    def path(self) -> Url:
        """Where it is."""
        return self._path

    def __reduce__(self) -> tuple[type[Self], tuple[Url]]:
        return type(self), (self._path,)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing is open between requests."""

    def refuse_unreachable(self) -> None:
        """Refuse a bucket that does not exist.

        Raises:
            OSError: It does not, or the store refuses.
        """
        next(remote.below(self._path), None)  # which asks for no more rights than reading the set does

    def refuse_unwritable(self, name: str) -> None:
        """Write an object, read it and remove it: what does not work later does not work now.

        Args:
            name: Of the object; no other has it.

        Raises:
            OSError: The store refuses, or does not keep what it was given.
        """
        place = self._place(name)
        remote.put(place, b"probe")
        kept = remote.get(place)
        remote.delete(place)
        if kept != b"probe":
            raise RefusedError("the store does not give back what was written", str(place), "choose another store")

    # Looking

    def kind(self, name: str) -> Kind:
        found = remote.found_at(self._place(name))
        return Kind.NOTHING if found is None else Kind.FOLDER if found.folder else Kind.FILE

    def below(self, name: str = "") -> Iterator[tuple[str, Kind]]:
        """Everything below a folder, with its kind; one request for a thousand objects."""
        start, told = self._place(name), {name}
        for found in remote.below(start):
            own = self._own(found.key)
            parts = own.split("/")
            for depth in range(1, len(parts)):
                folder = "/".join(parts[:depth])
                if len(folder) > len(name) and folder not in told:
                    told.add(folder)
                    yield folder, Kind.FOLDER
            yield own, Kind.FILE

    def files(self, name: str = "") -> list[str]:
        return sorted(self._own(found.key) for found in remote.below(self._place(name)))

    def fault(self, name: str, found: Kind, expected: str = "a file or a folder") -> Fault:
        """A fault: a name refers to something other than what is kept there."""
        return strange(str(self._path / name), found, expected)

    # Reading

    def open(self, name: str) -> BinaryIO:
        """A file that was fetched whole, so that a connection that breaks later breaks nothing."""
        return remote.fetched(self._place(name))

    def read(self, name: str, most_bytes: int | None = None) -> bytes:
        """Bytes of a file.

        Raises:
            TestSetError: It is larger than the given bound.
        """
        place = self._place(name)
        try:
            return remote.get(place, most_bytes)
        except ValueError as error:
            raise TestSetError(Fault(str(place), str(error))) from None

    def stretch(self, name: str, start: int, end: int) -> bytes:
        """Bytes of a file from one place to another, and nothing else of it is fetched."""
        return remote.get_between(self._place(name), start, end)

    def sha256(self, name: str) -> str:
        digest = hashlib.sha256()
        for piece in remote.pieces(self._place(name)):
            digest.update(piece)
        return digest.hexdigest()

    def damaged(self, written: Iterable[Written]) -> Iterator[Written]:
        """Those files that are not there as they were written.

        Where the store's own MD5 of an object is the one that was noted when the file was written, that costs no more
        than a listing of its folder. Everything else is read: some stores encrypt, and tell something else instead.
        """
        folders: dict[str, dict[str, str | None]] = {}
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for some in portions(written, 64 * AT_ONCE):
                unsure = [file for file in some if not self._is_as_noted(file, folders)]
                same = threads.map(self._is_intact, unsure)
                yield from (file for file, kept in zip(unsure, same, strict=True) if not kept)

    def _is_as_noted(self, file: Written, folders: dict[str, dict[str, str | None]]) -> bool:
        folder = file.name.rpartition("/")[0]
        if folder not in folders:
            there = remote.listed(self._place(folder))
            folders[folder] = {self._own(found.key): found.md5 for found in there if not found.folder}
        return file.md5 is not None and folders[folder].get(file.name) == file.md5

    def _is_intact(self, file: Written) -> bool:
        with suppress(FileNotFoundError):
            return self.sha256(file.name) == file.sha256
        return False

    # Writing

    def replace(self, name: str, data: Content) -> None:
        """Write a file whole."""
        if isinstance(data, bytes):
            put_large(self._place(name), data)
        else:
            put_pieces(self._place(name), data)

    @contextmanager
    def staged(self, aside: str, files: Sequence[str]) -> Iterator["StagedObjects"]:
        """Files that are sent under their own names, several at once; nothing lies aside."""
        started = f"{STARTED}/{aside.rpartition('/')[2]}"
        self.replace(started, "\n".join(files).encode())
        with ThreadPoolExecutor(AT_ONCE) as threads:
            staged = StagedObjects(self, threads)
            try:
                yield staged
            finally:
                staged.abandon()
        self.unlink(started)

    def abandoned(self) -> list[str]:
        """Files that somebody began to write, by the lists that are left of it."""
        found = set[str]()
        for name in self.files(STARTED):
            found.update(self.read(name).decode(errors="replace").splitlines())
        return sorted(filter(is_below, found))

    @contextmanager
    def renewed(self, name: str) -> Iterator["StagedObjects"]:
        """A folder whose former objects go first; an object beside the set says so until the new ones are listed."""
        mark = f"{ASIDE}-{name}"
        self.replace(mark, b"")
        self.remove_folder(name)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            staged = StagedObjects(self, threads, f"{name}/")
            try:
                yield staged
            except BaseException:
                staged.abandon()
                with suppress(OSError):  # what is left is ours to replace, as the mark says
                    self.remove_folder(name)
                raise
        self.unlink(mark)

    def rename(self, old: str, new: str) -> None:
        """Let the store copy a file, and remove the former one."""
        remote.copy(self._place(old), self._place(new))
        self.unlink(old)

    def unlink(self, name: str) -> None:
        """Remove a file if it exists."""
        remote.delete(self._place(name))

    def remove_folder(self, name: str) -> None:
        """Remove all objects below a name."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for some in portions(remote.below(self._place(name)), 64 * AT_ONCE):
                list(threads.map(lambda found: remote.delete(Url(self._path.scheme, found.key)), some))

    def remove_empty_folders(self, name: str) -> None:
        """There are none."""

    def make_folder(self, name: str) -> None:
        """It is there when something is in it."""

    def sync_folder(self, name: str = "") -> None:
        """What was written stays."""

    @contextmanager
    def locked(self, name: str, shared: bool = False) -> Iterator[None]:
        """Hold a lock: an object that only one can create, or one beside it for each of those who share it."""
        with held_lock(self._place(name), self._path, shared) as lock:
            self._locks.append(lock)
            try:
                yield
            finally:
                self._locks.remove(lock)

    def refuse_lost_locks(self) -> None:
        """Read the locks once more: an object may be removed or replaced by anyone."""
        for lock in self._locks:
            lock.refuse_lost()

    def _place(self, name: str) -> Url:
        if name and not is_below(name):
            raise TestSetError(Fault(str(self._path), f"'{name}' is not a path below this folder"))
        return self._path / name if name else self._path

    def _own(self, key: str) -> str:
        return key[len(self._path.key) + 1 :]


class StagedObjects:
    """Objects on their way.

    Args:
        store: Where they go.
        threads: Send them.
        prefix: What their names start with.
    """

    def __init__(self, store: ObjectStore, threads: ThreadPoolExecutor, prefix: str = "") -> None:
        self._store, self._threads, self._prefix = store, threads, prefix
        self._sent: list[tuple[Future[None], int]] = []

    def add(self, name: str, data: Content) -> str | None:
        """Send an object; waits while too much is on its way, and for one that comes in pieces."""
        self._settle(MOST_WAITING_BYTES)
        if not isinstance(data, bytes):
            self._store.replace(f"{self._prefix}{name}", data)
            return None
        self._sent.append((self._threads.submit(self._store.replace, f"{self._prefix}{name}", data), len(data)))
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    def commit(self) -> None:
        """Return when all of them are there."""
        self._settle(0)

    def abandon(self) -> None:
        """Send none of those that wait."""
        for future, _ in self._sent:
            future.cancel()

    def _settle(self, most_bytes: int) -> None:
        """Wait for the oldest until at most so many bytes are on their way; what failed is raised."""
        waiting = sum(size for future, size in self._sent if not future.done())
        while self._sent and (self._sent[0][0].done() or waiting > most_bytes):
            future, size = self._sent.pop(0)
            waiting -= 0 if future.done() else size
            future.result()
        if not most_bytes:
            while self._sent:
                self._sent.pop(0)[0].result()
