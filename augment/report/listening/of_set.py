"""What there is to listen to in a finished set: its own files, played where they lie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from augment.acoustics import Signal
from augment.corpus.survey import Trying
from augment.report.listening.choice import Grid, Lane
from augment.report.listening.matrix import Heard, axis_s, matrix_html
from augment.report.listening.spectrogram import Spectrogram

ReadSound = Callable[[str], Signal | None]
"""From an ``audio_filepath`` to its samples, full scale 1.0; None where they cannot be read."""


@dataclass(frozen=True)
class Painter:
    """Paints files of a set, in whatever process it is called.

    Attributes:
        read: Reads a file.
        axis_s: Time that every picture shows.
    """

    read: ReadSound
    axis_s: float

    def __call__(self, item: tuple[str, int]) -> Spectrogram | None:
        """The picture of a file, by its name and sample rate; None where it cannot be read."""
        name, sample_rate_hz = item
        samples = self.read(name)
        return None if samples is None else Spectrogram.of(samples, sample_rate_hz, self.axis_s)


@dataclass(frozen=True)
class SetSounds:
    """The sound of a set.

    Attributes:
        grid: What is shown of it; None for a set without items.
        words: Its conditions in words, by name.
        read: Reads a file of it.
        trying: Where its pictures are painted.
    """

    grid: Grid | None
    words: Mapping[str, str]
    read: ReadSound
    trying: Trying = map

    def matrix(self) -> str:
        """Comparable utterances under the conditions, as HTML; empty for a set without items."""
        if self.grid is None:
            return ""
        cells, items = dict[tuple[str, Lane], Heard](), self.grid.items
        wanted = [(row["audio_filepath"], row["sample_rate"]) for row in items.values()]
        pictures = self.trying(Painter(self.read, axis_s(self.grid)), wanted)
        for (place, row), picture in zip(items.items(), pictures, strict=True):
            cells[place] = Heard(quote(row["audio_filepath"]), picture, row)
        return matrix_html(self.grid, cells, self.words, "all are in the set's folder")
