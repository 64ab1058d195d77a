"""Files that are there whole or not at all, even after a power cut."""

from pathlib import Path

from augment.errors import AcoustigridError, TestSetError
from augment.files.content import Content
from augment.files.sealed import SealedFolder


def write_atomically(path: Path, data: Content) -> None:
    """Write a file named by the user: under a temporary name first, made durable, then renamed.

    Raises:
        AcoustigridError: There is a link, a folder or a device of that name; neither it nor its target is replaced.
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
