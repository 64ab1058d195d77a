"""What a file is to hold, whole or in pieces: one of a million rows is written, hashed and compared piece by piece."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Content = bytes | Iterable[bytes]
"""All bytes of a file, or pieces that make it up in their order."""

PIECE_BYTES = 2**18


def pieces_of(content: Content) -> Iterable[bytes]:
    """The pieces of what a file is to hold.

    Example:
        >>> list(pieces_of(b"all")), list(pieces_of([b"a", b"b"]))
        ([b'all'], [b'a', b'b'])
    """
    return (content,) if isinstance(content, bytes) else content


def larger(lines: Iterable[bytes], size: int = PIECE_BYTES) -> Iterator[bytes]:
    """The same bytes in larger pieces, so that not every line is a call of the system.

    Example:
        >>> list(larger([b"ab", b"cd", b"e"], 3))
        [b'abcd', b'e']
    """
    waiting: list[bytes] = []
    room = size
    for line in lines:
        waiting.append(line)
        room -= len(line)
        if room <= 0:
            yield b"".join(waiting)
            waiting, room = [], size
    if waiting:
        yield b"".join(waiting)


@dataclass(frozen=True)
class Remade:
    """Pieces that are made anew each time that somebody goes through them, and held by nobody.

    Attributes:
        make: Makes them.

    Example:
        >>> twice = Remade(lambda: iter([b"a", b"b"]))
        >>> list(twice) == list(twice) == [b"a", b"b"]
        True
    """

    make: Callable[[], Iterator[bytes]]

    def __iter__(self) -> Iterator[bytes]:
        return self.make()


class Hashed:
    """Pieces that are hashed while somebody goes through them.

    Args:
        content: What is hashed; to be gone through more than once, it must be made anew each time.

    Example:
        >>> passing = Hashed([b"a", b"b"])
        >>> b"".join(passing), passing.sha256 == hashlib.sha256(b"ab").hexdigest()
        (b'ab', True)
    """

    def __init__(self, content: Content) -> None:
        self._content, self._sha256 = content, ""

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for piece in pieces_of(self._content):
            digest.update(piece)
            yield piece
        self._sha256 = digest.hexdigest()

    @property
    def sha256(self) -> str:
        """Hash of all; if nobody went through it yet, that is done now."""
        if not self._sha256:
            for _ in self:
                pass
        return self._sha256


def sha256_of(content: Content) -> str:
    """Hash of what a file is to hold.

    Example:
        >>> sha256_of([b"a", b"b"]) == sha256_of(b"ab")
        True
    """
    return Hashed(content).sha256
