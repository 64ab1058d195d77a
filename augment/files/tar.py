"""Tar archives whose bytes depend on their members alone."""

import io
import tarfile
from collections.abc import Iterable


def tar_bytes(members: Iterable[tuple[str, bytes]]) -> bytes:
    r"""An uncompressed archive with neutral times, owners and modes: USTAR, with PAX for names that are too long.

    Example:
        >>> tar_bytes([("a.txt", b"a")])[257:265]
        b'ustar\x0000'
    """
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return memory.getvalue()
