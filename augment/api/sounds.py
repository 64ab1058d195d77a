"""The sound of a finished set's files, for whoever describes the set."""

from collections.abc import Callable
from dataclasses import dataclass

from augment.acoustics import Signal
from augment.errors import AcoustigridError, StoreError
from augment.files.audio import decode
from augment.files.refusals import told_as_fault

ReadBytes = Callable[[str], bytes]
"""Reads a file of a set by its name."""


@dataclass(frozen=True)
class SoundsOf:
    """Reads samples of a set's files; None in place of what cannot be read, which is told where files are checked.

    Attributes:
        read: Reads its files.
    """

    read: ReadBytes

    def __call__(self, name: str) -> Signal | None:
        """Samples of a file, full scale 1.0."""
        try:
            with told_as_fault():
                data = self.read(name)
            return decode(data, name).samples
        except StoreError:
            raise  # the page would be another one tomorrow
        except (OSError, AcoustigridError):
            return None
