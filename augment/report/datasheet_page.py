"""The data sheet as a web page: its text, a plot of the measured SNRs, and items to listen to."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from statistics import median, quantiles
from typing import Any
from urllib.parse import quote

from augment.acoustics import Signal
from augment.design.conditions import Condition
from augment.report.listening.choice import Lane, grid_of
from augment.report.listening.keys import SCRIPT
from augment.report.listening.matrix import MATRIX_STYLE, Heard, axis_s, matrix_html
from augment.report.listening.spectrogram import Spectrogram
from augment.report.page import markdown_html, page

Row = Mapping[str, Any]
ReadSound = Callable[[str], Signal | None]
"""From an ``audio_filepath`` to its samples, full scale 1.0; None where they cannot be read."""
MOST_CONDITIONS = 60
"""Of a plot: nobody compares more."""
WIDTH, LEFT, LINE, MARGIN = 720, 260, 22, 30
DELIVERED = "snr_delivered_db"
CAPTION = (
    "Dot: at the microphone, median. Line: delivered, all noises at the end of the linear chain, from the smallest to "
    "the largest, thick between the quartiles."
)


def datasheet_page(
    sheet: str, rows: Sequence[Row], conditions: Sequence[Condition], words: Mapping[str, str], sound: ReadSound
) -> bytes:
    """The page.

    Args:
        sheet: The data sheet in Markdown, with its title in the first line.
        rows: Rows of the manifest, in the order of the grid.
        conditions: Columns of the grid.
        words: Each of them in words, by name.
        sound: Reads a file of the set by its ``audio_filepath``.
    """
    title, _, rest = sheet.partition("\n")
    about, _, rest = rest.partition("\n## ")
    shown = list(dict.fromkeys(str(row["condition"]) for row in rows))[:MOST_CONDITIONS]
    listen = _listening(rows, conditions, words, sound)
    picture = _picture(rows, shown)
    parts = [
        markdown_html(f"{title}\n{about}"),
        f"<h2>To listen to</h2>\n{listen}" if listen else "",
        f"<h2>SNR, as measured</h2>\n{picture}" if picture else "",
        markdown_html(f"## {rest}"),
    ]
    return page(title.lstrip("# "), "".join(parts), MATRIX_STYLE, SCRIPT)


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


def _picture(rows: Sequence[Row], conditions: Sequence[str]) -> str:
    """For each condition with noise, a dot for the SNR at the microphone and a bar for the delivered SNR."""
    drawn = [name for name in conditions if _levels(rows, name, "snr_db")]
    if not drawn:
        return ""
    known = [value for name in drawn for column in ("snr_db", DELIVERED) for value in _levels(rows, name, column)]
    low, high = 10 * math.floor(min(known) / 10), 10 * math.ceil(max(known) / 10)
    high = max(high, low + 10)

    def at(level_db: float) -> str:
        return f"{LEFT + (WIDTH - LEFT - MARGIN) * (level_db - low) / (high - low):.1f}"

    bottom = LINE * len(drawn) + 8
    parts = [
        f'<path d="M{at(tick)} 0V{bottom}" stroke="var(--line)"/>'
        f'<text x="{at(tick)}" y="{bottom + 16}" text-anchor="middle">{tick} dB</text>'
        for tick in range(low, high + 1, 10)
    ]
    for turn, name in enumerate(drawn):
        parts.append(_line(name, _levels(rows, name, "snr_db"), _levels(rows, name, DELIVERED), LINE * turn + 15, at))
    size = f'width="{WIDTH}" height="{bottom + 24}" viewBox="0 0 {WIDTH} {bottom + 24}"'
    svg = f'<svg {size} role="img" aria-label="Measured SNR of each condition">{"".join(parts)}</svg>'
    return f'<div class="wide">{svg}</div>\n<p>{CAPTION}</p>\n'


def _levels(rows: Sequence[Row], condition: str, column: str) -> list[float]:
    return sorted(row[column] for row in rows if row["condition"] == condition and row[column] is not None)


def _line(name: str, heard: Sequence[float], delivered: Sequence[float], y: int, at: Callable[[float], str]) -> str:
    """One line of the plot."""
    middle = median(heard)
    told = f"{name}: {middle:.1f} dB at the microphone"
    text = f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(name)}</text>'
    bar = ""
    if len(delivered) > 1:
        lower, _, upper = quantiles(delivered, n=4, method="inclusive")
        told += f", {delivered[0]:.1f} to {delivered[-1]:.1f} dB delivered"
        bar = f'<path d="M{at(delivered[0])} {y}H{at(delivered[-1])}" stroke="var(--mark)"/>'
        bar += f'<path d="M{at(lower)} {y}H{at(upper)}" stroke="var(--mark)" stroke-width="6"/>'
    dot = f'<circle cx="{at(middle)}" cy="{y}" r="4.5" fill="var(--paper)" stroke="var(--mark)" stroke-width="2"/>'
    return f"<g><title>{escape(told)}</title>{text}{bar}{dot}</g>"
