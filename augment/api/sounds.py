"""The sound of a finished set's files, for whoever describes the set."""

from collections.abc import Callable

from augment.acoustics import Signal
from augment.errors import AcoustigridError
from augment.files.audio import decode
from augment.report.listening.of_set import ReadSound

ReadBytes = Callable[[str], bytes]
"""Reads a file of a set by its name."""


def sound_of(read: ReadBytes) -> ReadSound:
    """Reads samples of a set's files; None in place of what cannot be read, which is told where files are checked."""

    def sound(name: str) -> Signal | None:
        try:
            return decode(read(name), name).samples
        except (OSError, AcoustigridError):
            return None

    return sound
