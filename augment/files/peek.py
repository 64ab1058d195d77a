"""Bytes of a large file, read only when looked at: its header says much before all of it is in memory."""

from typing import BinaryIO, Protocol


class Bytes(Protocol):
    """What a walk over the parts of a container needs of the container's bytes."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


class Peeked:
    r"""The bytes of an open file.

    Args:
        file: The file, open for reading.
        size: Its size in bytes.

    Example:
        >>> import io
        >>> Peeked(io.BytesIO(b"RIFF\0\0\0\0WAVE"), 12)[8:12]
        b'WAVE'
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._size)
        self._file.seek(start)
        return self._file.read(max(0, stop - start))
