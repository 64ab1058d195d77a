"""A page with a part of a recipe's grid, to be listened to before the set is built."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment import __version__
from augment.acoustics.pcm import FULL_SCALE
from augment.design.conditions import Condition
from augment.design.plan import Plan
from augment.design.wording import words_of
from augment.plain_text import visible
from augment.report.listening.choice import Grid, Lane, spread_over
from augment.report.listening.keys import SCRIPT
from augment.report.listening.matrix import MATRIX_STYLE, Heard, axis_s, matrix_html
from augment.report.listening.spectrogram import Spectrogram
from augment.report.page import page
from augment.report.pictures.drawing import safe
from augment.report.players import MP3_RATES_HZ, audio_uri
from augment.report.text import counted

ROOM_BYTES = 2_850_000
"""For players and pictures: a page stays below 3 MB, which mail and chat pass on."""
ROOM_S = 400.0
"""Sound that is rendered at most: more does not fit a page even as MP3, of which 1 s takes 5 kB of text and more."""
OTHERS = {"condition": "--condition NAME shows other conditions", "group": "--utterance ID shows other groups"}
"""How to see what a page leaves out."""

Place = tuple[str, Lane]
"""Of a cell: condition and column."""


@dataclass(frozen=True, eq=False)
class Sound:
    """An item that was rendered.

    Attributes:
        pcm: Its samples, shape (n,).
        measured: What was measured, by column of the manifest.
    """

    pcm: NDArray[np.int16]
    measured: Mapping[str, Any]


@dataclass(frozen=True)
class PreviewPage:
    """The page.

    Attributes:
        html: Its bytes.
        grid: What it shows.
        exact: Whether it plays the very samples that a build writes.
    """

    html: bytes
    grid: Grid
    exact: bool


def within(grid: Grid, *, seconds: float = ROOM_S) -> Grid:
    """The conditions of a grid that fit a page, the most telling ones; at least the control."""
    taken, kept = 0.0, list[Condition]()
    for condition in spread_over(grid.conditions, grid.control, len(grid.conditions)):
        rows = (row for (name, _), row in grid.items.items() if name == condition.name)
        taken += sum(row["samples"] / row["sample_rate"] for row in rows)
        if taken > seconds and kept:
            break
        kept.append(condition)
    return grid.only(condition for condition in grid.conditions if condition in kept)


def others_of(grid: Grid) -> str:
    """How what a grid leaves out can be shown; empty if it leaves out nothing."""
    return ", ".join(OTHERS[what] for what in grid.left_out)


def preview_page(planned: Plan, grid: Grid, sounds: Mapping[Place, Sound], failures: Sequence[str]) -> PreviewPage:
    """The page. Where its sounds take too much room, they are compressed, and then conditions are left out.

    Args:
        planned: The plan.
        grid: What is shown of it.
        sounds: What was rendered of it.
        failures: What could not be rendered, and why.
    """
    rate_hz = planned.loaded.recipe.output.sample_rate_hz
    axis = axis_s(grid)
    exact = True
    cells = _heard(grid, sounds, rate_hz, axis, exact)
    if _size(cells) > ROOM_BYTES and rate_hz in MP3_RATES_HZ:
        exact = False
        cells = _heard(grid, sounds, rate_hz, axis, exact)
    told = spread_over(grid.conditions, grid.control, len(grid.conditions))
    while _size(cells) > ROOM_BYTES and len(told) > 1:
        told.pop()
        grid = grid.only(condition for condition in grid.conditions if condition in told)
        cells = {place: cell for place, cell in cells.items() if place in grid.items}
    words = words_of(planned)
    body = (
        f"<h1>Preview of {safe(planned.loaded.recipe.name)}</h1>\n{_about(planned, len(cells), exact)}"
        f"<h2>The grid to listen to</h2>\n{matrix_html(grid, cells, words, others_of(grid))}{_failed(failures)}"
        f'<p class="remark">acoustigrid {__version__}, seed {planned.loaded.recipe.seed}</p>\n'
    )
    title = visible(f"Preview of {planned.loaded.recipe.name}")
    return PreviewPage(page(title, body, MATRIX_STYLE, SCRIPT), grid, exact)


def _heard(grid: Grid, sounds: Mapping[Place, Sound], rate_hz: int, axis: float, exact: bool) -> dict[Place, Heard]:
    found = {}
    for place, row in grid.items.items():
        sound = sounds.get(place)
        if sound is not None:
            picture = Spectrogram.of(sound.pcm / FULL_SCALE, rate_hz, axis)
            found[place] = Heard(audio_uri(sound.pcm, rate_hz, smaller=not exact), picture, {**row, **sound.measured})
    return found


def _size(cells: Mapping[Place, Heard]) -> int:
    pictures = (cell.picture for cell in cells.values())
    return sum(len(cell.source) for cell in cells.values()) + sum(len(p.uri) for p in pictures if p is not None)


def _about(planned: Plan, shown: int, exact: bool) -> str:
    recipe, size = planned.loaded.recipe, counted(planned.table.height, "item")
    sound = (
        "They play the very samples that a build writes (FLAC)."
        if exact
        else "They play compressed sound (MP3), so that the page stays small; a test set's files are not compressed so."
    )
    told = [f"<p>{escape(visible(recipe.about))}</p>\n"] if recipe.about else []
    told.append(
        f"<p><b>This is no test set</b>: it lets you hear and see {shown:,} of the {size} that the recipe plans, "
        f"before anything is built. {sound}</p>\n"
    )
    if planned.corpus.pseudonyms is not None:
        told.append(
            "<p>Utterances stand here under the pseudonyms that a test set would give them; their voices are not "
            "changed.</p>\n"
        )
    return "".join(told)


def _failed(failures: Iterable[str]) -> str:
    told = "".join(f"<li>{escape(visible(failure))}</li>\n" for failure in failures)
    return f"<h2>What could not be made</h2>\n<ul>{told}</ul>\n" if told else ""
