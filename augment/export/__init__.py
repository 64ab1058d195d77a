"""Test sets for other tools: one file for each format, named by the word after ``--format``.

An exporter is an :class:`Exporter`. With an ``EXTRA``, a function ``installed()`` says whether it is there; ``BESIDE``,
if any, are files beside the manifest that it reads. The same set always gives the same bytes.

Labels, condition, factors and measurements go wherever the format keeps additional data. Audio files are named relative
to the test set's folder, unless the format has a rule of its own.
"""

from collections.abc import Iterator
from typing import Protocol

from augment.files.content import Content
from augment.plugins import by_name
from augment.testset.reading import Finished


class Exporter(Protocol):
    """A file of this folder.

    Attributes:
        ABOUT: One line on what it makes and who reads it.
        EXTRA: The extra that it needs, if any.
    """

    ABOUT: str
    EXTRA: str | None

    @staticmethod
    def files(finished: Finished) -> Iterator[tuple[str, Content]]:
        """Paths below the format's own folder, each once, and what the files are to hold: bytes, or pieces of them."""
        ...


def exporters() -> dict[str, Exporter]:
    """The modules of this folder by name.

    Example:
        >>> "csv" in exporters()
        True
    """
    return by_name("augment.export")
