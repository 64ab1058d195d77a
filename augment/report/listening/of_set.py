"""What there is to listen to in a finished set: its own files, played where they lie."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from augment.acoustics import Signal
from augment.design.conditions import Condition, reference_condition
from augment.recipe.loader import LoadedRecipe
from augment.report.listening.choice import Lane, Row, grid_of
from augment.report.listening.matrix import Heard, axis_s, matrix_html
from augment.report.listening.spectrogram import Spectrogram

ReadSound = Callable[[str], Signal | None]
"""From an ``audio_filepath`` to its samples, full scale 1.0; None where they cannot be read."""


@dataclass(frozen=True)
class SetSounds:
    """The sound of a set.

    Attributes:
        rows: Of its manifest.
        conditions: Columns of its grid.
        loaded: Its recipe.
        words: Each of them in words, by name.
        read: Reads a file of it.
    """

    rows: Sequence[Row]
    conditions: Sequence[Condition]
    loaded: LoadedRecipe
    words: Mapping[str, str]
    read: ReadSound

    def matrix(self) -> str:
        """Comparable utterances under the conditions, as HTML; empty for a set without items."""
        if not self.rows:
            return ""
        grid = grid_of(self.rows, self.conditions, reference_condition(self.conditions, self.loaded))
        axis, cells = axis_s(grid), dict[tuple[str, Lane], Heard]()
        for place, row in grid.items.items():
            samples = self.read(row["audio_filepath"])
            picture = None if samples is None else Spectrogram.of(samples, row["sample_rate"], axis)
            cells[place] = Heard(quote(row["audio_filepath"]), picture, row)
        return matrix_html(grid, cells, self.words, "all are in the set's folder")
