"""Other people's files, checked before opening: regular and of known size, so no pipe blocks and no device runs on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from augment.bounds import LARGEST_RECORD_BYTES
from augment.errors import AcoustigridError, AudioError, Fault
from augment.files.location import Location, Url
from augment.files.refusals import told_as_fault


def size_bytes(path: Location, error: type[AcoustigridError] = AudioError) -> int:
    """Size of a file that is not empty.

    Args:
        path: The file.
        error: The type of error to raise.

    Raises:
        AcoustigridError: Of the given type: there is no such file, it is not a regular file (but a folder, a named pipe
            or a device), it is empty, or it cannot be examined.
        StoreError: A store refuses.
    """
    if isinstance(path, Url):
        return _size_of_object(path, error)
    try:
        if not path.exists():
            raise error(Fault(str(path), "there is no such file"))
        if not path.is_file():
            raise error(Fault(str(path), "this is not a file"))
        size = path.stat().st_size
    except (OSError, ValueError) as problem:
        raise error(Fault(str(path), f"cannot be read: {problem}")) from problem
    if size == 0:
        raise error(Fault(str(path), "the file is empty (0 bytes)"))
    return size


def read_record(path: Location, error: type[AcoustigridError], most_bytes: int = LARGEST_RECORD_BYTES) -> bytes:
    """The bytes of a file that is small by nature.

    Args:
        path: The file.
        error: The type of error to raise.
        most_bytes: Largest size that is read.

    Raises:
        AcoustigridError: Of the given type: as for :func:`size_bytes`, or the file is larger.
        StoreError: A store refuses.

    Example:
        >>> from pathlib import Path
        >>> read_record(Path("/dev/zero"), AudioError)
        Traceback (most recent call last):
        augment.errors.AudioError: /dev/zero: this is not a file
    """
    if isinstance(path, Url):
        return _read_object(path, error, most_bytes)
    size = size_bytes(path, error)
    if size > most_bytes:
        raise error(Fault(str(path), f"the file has {size:,} bytes; at most {most_bytes:,} are read"))
    try:
        return path.read_bytes()
    except OSError as problem:
        raise error(Fault(str(path), f"cannot be read: {problem.strerror or problem}")) from problem


def _size_of_object(place: Url, error: type[AcoustigridError]) -> int:
    from augment.files import remote

    with _told(place, error):
        found = remote.found_at(place)
    if found is None:
        raise error(Fault(str(place), "there is no such file"))
    if found.folder:
        raise error(Fault(str(place), "this is not a file"))
    if not found.size:
        raise error(Fault(str(place), "the file is empty (0 bytes)"))
    return found.size


def fetched(place: Url, error: type[AcoustigridError]) -> BinaryIO:
    """An object as an open file on this machine, fetched whole.

    Raises:
        AcoustigridError: Of the given type: there is none.
        StoreError: The store refuses.
    """
    from augment.files import remote

    with _told(place, error):
        return remote.fetched(place)


def _read_object(place: Url, error: type[AcoustigridError], most_bytes: int) -> bytes:
    from augment.files import remote

    try:
        with _told(place, error):
            data = remote.get(place, most_bytes)
    except ValueError as problem:
        raise error(Fault(str(place), str(problem))) from None
    if not data:
        raise error(Fault(str(place), "the file is empty (0 bytes)"))
    return data


@contextmanager
def _told(place: Url, error: type[AcoustigridError]) -> Iterator[None]:
    """A file that is not there as a fault of whoever reads; what a store refuses is none of the file's."""
    try:
        with told_as_fault():
            yield
    except FileNotFoundError:
        raise error(Fault(str(place), "there is no such file")) from None
