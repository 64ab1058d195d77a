"""Other people's files, checked before opening: regular and of known size, so no pipe blocks and no device runs on."""

from pathlib import Path

from augment.bounds import LARGEST_RECORD_BYTES
from augment.errors import AcoustigridError, AudioError, Fault


def size_bytes(path: Path, error: type[AcoustigridError] = AudioError) -> int:
    """Size of a file that is not empty.

    Args:
        path: The file.
        error: The type of error to raise.

    Raises:
        AcoustigridError: Of the given type: there is no such file, it is not a regular file (but a folder, a named pipe
            or a device), it is empty, or it cannot be examined.
    """
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


def read_record(path: Path, error: type[AcoustigridError], most_bytes: int = LARGEST_RECORD_BYTES) -> bytes:
    """The bytes of a file that is small by nature.

    Args:
        path: The file.
        error: The type of error to raise.
        most_bytes: Largest size that is read.

    Raises:
        AcoustigridError: Of the given type: as for :func:`size_bytes`, or the file is larger.

    Example:
        >>> read_record(Path("/dev/zero"), AudioError)
        Traceback (most recent call last):
        augment.errors.AudioError: /dev/zero: this is not a file
    """
    size = size_bytes(path, error)
    if size > most_bytes:
        raise error(Fault(str(path), f"the file has {size:,} bytes; at most {most_bytes:,} are read"))
    try:
        return path.read_bytes()
    except OSError as problem:
        raise error(Fault(str(path), f"cannot be read: {problem.strerror or problem}")) from problem
