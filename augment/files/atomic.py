"""Files that are there whole or not at all, even after a power cut."""

from pathlib import Path

from augment.errors import AcoustigridError, TestSetError
from augment.files.sealed import SealedFolder


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that the user named under a temporary name, make it durable, then give it its name.

    Raises:
        AcoustigridError: It is a link, a folder or a device: neither what it leads to nor itself is replaced.
        OSError: It cannot be written.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "a.txt"
        >>> write_atomically(target, b"all of it")
        >>> target.read_bytes(), len(list(target.parent.iterdir()))
        (b'all of it', 1)
    """
    try:
        with SealedFolder(path.parent) as folder:
            folder.replace(path.name, data)
    except TestSetError as error:
        raise AcoustigridError(error.faults) from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
