"""Named random streams: one for each decision, and none of them global.

A stream depends on its name alone. So nothing changes if items are rendered in another order or by another worker, or
if other decisions are added.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

DOMAIN = "acoustigrid/streams/1"


def words(*name: str | int) -> list[int]:
    """Eight 32-bit words that stand for a name.

    Each part is length-prefixed, so that ``("ab", "c")`` and ``("a", "bc")`` differ. Always eight words, since
    numpy's ``SeedSequence`` takes ``[1]`` and ``[1, 0]`` for the same seed.

    Example:
        >>> len(words(1, "noise")) == len(words(1, 2, 3, "noise")) == 8
        True
        >>> words("ab", "c") == words("a", "bc")
        False
    """
    raw = _hash(DOMAIN, *name).digest()
    return [int.from_bytes(raw[i : i + 4], "little") for i in range(0, 32, 4)]


def _hash(*parts: str | int) -> Any:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(_framed(part))
    return digest


def _framed(part: str | int) -> bytes:
    encoded = str(part).encode("utf-8")
    return len(encoded).to_bytes(8, "little") + encoded


def generator(*name: str | int) -> np.random.Generator:
    """The random generator for a named decision.

    Args:
        name: Seed of the recipe, then whatever distinguishes this decision from all others.

    Returns:
        A Philox generator in its initial state.

    Example:
        >>> a, b = generator(1, "block 0", "noise"), generator(1, "block 0", "noise")
        >>> bool((a.standard_normal(3) == b.standard_normal(3)).all())
        True
    """
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words(*name))))


def rank(*name: str | int) -> str:
    """A fixed place in a shuffled order: sort by this instead of drawing a permutation.

    The order of two things then does not depend on what else is sorted with them.

    Example:
        >>> rank(1, "a") == rank(1, "a") != rank(1, "b")
        True
    """
    return "".join(f"{word:08x}" for word in words(*name))


def ranks(values: Iterable[str | int], *name: str | int) -> list[str]:
    """The :func:`rank` of many names that differ in their last part only, several times faster.

    Args:
        values: Last part of each name.
        name: The parts before it, which all names share.

    Example:
        >>> ranks(["a", "b"], 1, "text") == [rank(1, "text", "a"), rank(1, "text", "b")]
        True
    """
    begun = _hash(DOMAIN, *name)
    digests = []
    for value in values:
        digest = begun.copy()
        digest.update(_framed(value))
        digests.append(digest.digest())
    shown = np.frombuffer(b"".join(digests), dtype="<u4").astype(">u4").tobytes().hex()
    return [shown[place : place + 64] for place in range(0, len(shown), 64)]
