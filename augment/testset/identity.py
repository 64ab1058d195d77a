"""One hash that stands for a whole test set: its maker publishes it, and whoever has a copy compares."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from augment.files.store import Store
from augment.testset.folder import IDENTITY, read_identity


def set_identity(sha256: Mapping[str, str]) -> str:
    """The identity of a test set.

    It is the SHA-256 of the lines that ``sha256sum`` prints for the set's files, sorted by their names in ASCII: the
    audio, ``testset.json`` and every file that it lists. Exports, ``.acoustigrid`` and what file managers leave behind
    are no part of it, and the order in which a disk lists its files does not matter.

    Args:
        sha256: Hash of each file in hexadecimal, by its path relative to the set's folder, with slashes.

    Example:
        >>> one = set_identity({"a": "0" * 64, "b": "1" * 64})
        >>> one == set_identity({"b": "1" * 64, "a": "0" * 64}), one[:8]
        (True, 'c9d26cfb')
    """
    lines = "".join(f"{sha256[name]}  {name}\n" for name in sorted(sha256))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def built_identity(folder: Store, rows: Iterable[Mapping[str, Any]]) -> str:
    """The identity of a set that was just built, from the hashes that were written down: no audio is read again.

    Args:
        folder: The test set.
        rows: Of its manifest.

    Raises:
        TestSetError: There is no finished test set.
    """
    audio = {str(row["audio_filepath"]): str(row["sha256"]) for row in rows}
    return set_identity({**audio, **read_identity(folder)["checksums"], IDENTITY: folder.sha256(IDENTITY)})
