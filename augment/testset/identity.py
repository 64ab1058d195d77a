"""One hash that stands for a whole test set: its maker publishes it, and whoever has a copy compares."""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from augment.files.sorting import in_order
from augment.files.store import Store
from augment.testset.folder import IDENTITY, read_identity


def set_identity(sha256: Iterable[tuple[str, str]]) -> str:
    """The identity of a test set.

    It is the SHA-256 of the lines that ``sha256sum`` prints for the set's files, sorted by their names in ASCII: the
    audio, ``testset.json`` and every file that it lists. Exports, ``.acoustigrid`` and what file managers leave behind
    are no part of it, and the order in which a disk lists its files does not matter.

    Args:
        sha256: Path of each file relative to the set's folder, with slashes, and its hash in hexadecimal; one that
            is named twice counts once.

    Example:
        >>> one = set_identity([("a", "0" * 64), ("b", "1" * 64)])
        >>> one == set_identity([("b", "1" * 64), ("a", "0" * 64)]), one[:8]
        (True, 'c9d26cfb')
    """
    digest, before = hashlib.sha256(), b""
    # No name holds a zero, so that what stands behind one does not change the order.
    for key, _ in in_order(f"{name}\0{checksum}".encode(errors="surrogatepass") for name, checksum in sha256):
        name, _, checksum = key.partition(b"\0")
        if name != before:
            digest.update(b"%b  %b\n" % (checksum, name))
        before = name
    return digest.hexdigest()


def built_identity(folder: Store, rows: Iterable[Mapping[str, Any]]) -> str:
    """The identity of a set that was just built, from the hashes that were written down: no audio is read again.

    Args:
        folder: The test set.
        rows: Of its manifest.

    Raises:
        TestSetError: There is no finished test set.
    """
    beside = {**read_identity(folder)["checksums"], IDENTITY: folder.sha256(IDENTITY)}
    audio = ((str(row["audio_filepath"]), str(row["sha256"])) for row in rows)
    return set_identity(chain(audio, beside.items()))
