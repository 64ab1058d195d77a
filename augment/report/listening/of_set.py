"""What there is to listen to in a finished set: its own files, played where they lie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from augment.acoustics import Signal
from augment.report.listening.choice import Grid, Lane
from augment.report.listening.matrix import Heard, axis_s, matrix_html
from augment.report.listening.spectrogram import Spectrogram

ReadSound = Callable[[str], Signal | None]
"""From an ``audio_filepath`` to its samples, full scale 1.0; None where they cannot be read."""


@dataclass(frozen=True)
class SetSounds:
    """The sound of a set.

    Attributes:
        grid: What is shown of it; None for a set without items.
        words: Its conditions in words, by name.
        read: Reads a file of it.
    """

    grid: Grid | None
    words: Mapping[str, str]
    read: ReadSound

    def matrix(self) -> str:
        """Comparable utterances under the conditions, as HTML; empty for a set without items."""
        if self.grid is None:
            return ""
        axis, cells = axis_s(self.grid), dict[tuple[str, Lane], Heard]()
        for place, row in self.grid.items.items():
            samples = self.read(row["audio_filepath"])
            picture = None if samples is None else Spectrogram.of(samples, row["sample_rate"], axis)
            cells[place] = Heard(quote(row["audio_filepath"]), picture, row)
        return matrix_html(self.grid, cells, self.words, "all are in the set's folder")
