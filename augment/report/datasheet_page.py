"""The data sheet as a web page: its text, pictures of what it tells, and items to listen to."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from augment.acoustics import Signal
from augment.design.conditions import Condition
from augment.report.listening.choice import Lane, grid_of
from augment.report.listening.keys import SCRIPT
from augment.report.listening.matrix import MATRIX_STYLE, Heard, axis_s, matrix_html
from augment.report.listening.spectrogram import Spectrogram
from augment.report.page import markdown_html, page
from augment.report.pictures.drawing import plot_style
from augment.report.pictures.of_set import SetPictures

Row = Mapping[str, Any]
ReadSound = Callable[[str], Signal | None]
"""From an ``audio_filepath`` to its samples, full scale 1.0; None where they cannot be read."""


def datasheet_page(
    sheet: str,
    rows: Sequence[Row],
    conditions: Sequence[Condition],
    words: Mapping[str, str],
    sound: ReadSound,
    pictures: SetPictures | None = None,
) -> bytes:
    """The page.

    Args:
        sheet: The data sheet in Markdown, with its title in the first line.
        rows: Rows of the manifest, in the order of the grid.
        conditions: Columns of the grid.
        words: Each of them in words, by name.
        sound: Reads a file of the set by its ``audio_filepath``.
        pictures: What pictures are drawn of; without them, what rows say.
    """
    title, _, rest = sheet.partition("\n")
    about, _, rest = rest.partition("\n## ")
    listen = _listening(rows, conditions, words, sound)
    drawn = pictures or SetPictures(rows)
    parts = [
        markdown_html(f"{title}\n{about}"),
        drawn.design(),
        f"<h2>To listen to</h2>\n{listen}" if listen else "",
        drawn.measured(),
        drawn.heard(),
        markdown_html(f"## {rest}"),
    ]
    return page(title.lstrip("# "), "".join(parts), MATRIX_STYLE + plot_style(), SCRIPT)


def _listening(rows: Sequence[Row], conditions: Sequence[Condition], words: Mapping[str, str], sound: ReadSound) -> str:
    """Comparable utterances under every condition; files are loaded when they are played."""
    if not rows:
        return ""
    grid = grid_of(rows, conditions)
    axis, cells = axis_s(grid), dict[tuple[str, Lane], Heard]()
    for place, row in grid.items.items():
        pcm = sound(row["audio_filepath"])
        picture = None if pcm is None else Spectrogram.of(pcm, row["sample_rate"], axis)
        cells[place] = Heard(escape(quote(row["audio_filepath"]), quote=True), picture, row)
    return matrix_html(grid, cells, words, "all are in the set's folder")
