"""The sound of a finished set's files, for whoever describes the set."""

from collections.abc import Callable

from augment.acoustics import Signal
from augment.errors import AcoustigridError, StoreError
from augment.files.audio import decode
from augment.files.refusals import told_as_fault
from augment.report.listening.of_set import ReadSound

ReadBytes = Callable[[str], bytes]
"""Reads a file of a set by its name."""


def sound_of(read: ReadBytes) -> ReadSound:
    """Reads samples of a set's files; None in place of what cannot be read, which is told where files are checked."""

    def sound(name: str) -> Signal | None:
        try:
            with told_as_fault():
                data = read(name)
            return decode(data, name).samples
        except StoreError:
            raise  # the page would be another one tomorrow
        except (OSError, AcoustigridError):
            return None

    return sound
