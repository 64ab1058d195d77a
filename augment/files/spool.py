"""Several files that are made side by side and handed out one after the other."""

import tempfile
from collections.abc import Iterator
from typing import Self

from augment.files.content import PIECE_BYTES


class Spool:
    """Bytes that wait on the disk until somebody takes them; they are gone with the spool.

    Example:
        >>> spool = Spool()
        >>> spool.add(b"a"), spool.add(b"b"), b"".join(spool), b"".join(spool)
        (None, None, b'ab', b'ab')
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(PIECE_BYTES)  # noqa: SIM115 - closed with the spool

    def add(self, data: bytes) -> None:
        """Put bytes behind those that are there."""
        self._file.write(data)

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        while piece := self._file.read(PIECE_BYTES):
            yield piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
