"""The grid as a table: a player, a picture and what was measured in each cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from augment.acoustics.spectrogram import BANDS
from augment.measured import snr_words, tenths
from augment.plain_text import visible
from augment.report.listening.choice import Grid, Lane, Row
from augment.report.listening.keys import keys_html
from augment.report.listening.spectrogram import MOST_SECONDS, Spectrogram, scale_html
from augment.report.pictures.drawing import breakable, safe, spelled
from augment.report.players import player_html

LONGEST_TEXT = 160
MATRIX_STYLE = """
.grid { scroll-padding-inline-start: 15rem; border: 1px solid var(--line); width: fit-content; max-width: 100%; }
.grid:focus-visible, .cell:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
.matrix caption { text-align: left; padding: .5rem .7rem; }
.matrix caption span { display: inline-block; position: sticky; left: .7rem;
  max-width: min(46rem, calc(100vw - 5rem)); }
.matrix th, .matrix td { white-space: normal; vertical-align: top; overflow-wrap: anywhere; padding: .4rem .5rem; }
.matrix thead th { min-width: 12.5rem; max-width: 12.5rem; font-weight: normal; font-size: .85rem; }
.matrix thead th:first-child { min-width: 10rem; } .matrix b { font-size: 1rem; }
.matrix tbody th, .matrix thead th:first-child { position: sticky; left: 0; max-width: 14rem; z-index: 1; }
.matrix tbody th { font-weight: normal; font-size: .85rem; }
.cell { width: 12.5rem; border-radius: .2rem; } .cell img { display: block; width: 12.5rem; height: 6rem; }
.cell audio { display: block; width: 12.5rem; margin-top: .3rem; }
.cell p { margin: .2rem 0 0; font-size: .8rem; line-height: 1.35; }
.axes { margin-bottom: .3rem; }
.shades { list-style: none; display: flex; padding: 0; margin: 0 0 1rem; max-width: 46rem; font-size: .75rem; }
.shades li { flex: 1; min-width: 0; overflow-wrap: normal; } .shades svg { display: block; width: 100%; height: 1rem; }
kbd { border: 1px solid var(--line); border-radius: .2rem; padding: 0 .3em; font: inherit; background: var(--soft); }
@media (hover: none) and (pointer: coarse) { .keys { display: none; } }
@media (max-width: 40rem) { .shades { font-size: .6rem; } .grid { scroll-padding-inline-start: 7.5rem; }
  .matrix tbody th, .matrix thead th:first-child { min-width: 6.5rem; max-width: 6.5rem; font-size: .75rem; }
  .matrix tbody b { font-size: .8rem; } }
""".strip()
"""Beside the style of all pages."""


@dataclass(frozen=True)
class Heard:
    """What a cell holds.

    Attributes:
        source: Of the player: a path from the page, quoted, or a data URI.
        picture: None where the sound cannot be read.
        row: What is known of the item: a row of a manifest, or of a plan with what was measured.
    """

    source: str
    picture: Spectrogram | None
    row: Row


def axis_s(grid: Grid) -> float:
    """Length in s of the time axis of all pictures of a grid."""
    return min(max((row["samples"] / row["sample_rate"] for row in grid.items.values()), default=1.0), MOST_SECONDS)


def matrix_html(grid: Grid, heard: Mapping[tuple[str, Lane], Heard], words: Mapping[str, str], more: str = "") -> str:
    """The grid with all that belongs to it: what is shown of it, its keys and its colours.

    Args:
        grid: What is shown.
        heard: What its cells hold; a cell that is missing stays empty.
        words: Each condition in words, by its name.
        more: How others can be shown, where not all are.
    """
    if not heard:
        return ""
    rate_hz = next(iter(heard.values())).row["sample_rate"]
    cut = f"Shown are {grid.cut}{f'; {more}' if more else ''}." if grid.cut else ""
    axes = (
        f"Pictures: time from left to right, {axis_s(grid):.1f} s in all; frequency from 0 at the bottom to "
        f"{rate_hz / 2000:g} kHz at the top; colour is the level in each band of {rate_hz / 2 / BANDS:.0f} Hz, in dBov:"
    )
    told = f"<p>{escape(' '.join(filter(None, (grid.alike, cut))))}</p>\n{keys_html(grid.control.clean)}"
    return f'{told}<p class="axes">{axes}</p>\n{scale_html()}{_table(grid, heard, words)}'


def _table(grid: Grid, heard: Mapping[tuple[str, Lane], Heard], words: Mapping[str, str]) -> str:
    heads = grid.heads()
    head = "".join(_head(lane, heads.get(lane)) for lane in grid.lanes)
    body = []
    for condition in grid.conditions:
        cells = []
        for lane in grid.lanes:
            found = heard.get((condition.name, lane))
            cells.append(f"<td>{_cell(found, heads[lane], condition.name) if found else ''}</td>")
        control = condition == grid.control
        told = escape(visible(words.get(condition.name, "")))
        name = f"<b>{breakable(condition.name)}</b><br>{told}"
        said = f"{name}<br>({'the clean control' if condition.clean else 'compared with'})" if control else name
        mark = " data-control" if control else ""
        body.append(f'<tr{mark}><th scope="row">{said}</th>{"".join(cells)}</tr>\n')
    caption = "The utterance of each group under every condition, and what was measured of it"
    return (
        '<div class="wide grid" tabindex="0" role="region" aria-label="The grid to listen to"><table class="matrix">'
        f'<caption><span>{caption}</span></caption>\n<thead><tr><th scope="col">condition</th>{head}</tr></thead>\n'
        f"<tbody>\n{''.join(body)}</tbody></table></div>\n"
    )


def _head(lane: Lane, row: Row | None) -> str:
    if row is None:
        return f'<th scope="col"><b>{safe(lane.group)}</b></th>'
    seconds = row["samples"] / row["sample_rate"]
    said = f"{safe(row['utterance'])}, {seconds:.2f} s"
    return f'<th scope="col"><b>{safe(lane.group)}</b><br>{said}<br><i dir="auto">{_text(row)}</i></th>'


def _cell(heard: Heard, head: Row, condition: str) -> str:
    row, seconds = heard.row, heard.row["samples"] / heard.row["sample_rate"]
    label = f"{row['group']}, {condition}"
    picture = ""
    if heard.picture is not None:
        size = 'width="200" height="96"'
        picture = f'<img src="{heard.picture.uri}" alt="{safe(heard.picture.told)}" {size}>'
    player = player_html(heard.source, label, seconds)
    other = ""
    if row["utterance"] != head["utterance"]:
        other = f'<p>Another utterance, {safe(row["utterance"])}: <i dir="auto">{_text(row)}</i></p>'
    return (
        f'<div class="cell" role="group" aria-label="{safe(label)}">{picture}{player}<p>{safe(measured_words(row))}</p>'
        f"{other}</div>"
    )


def measured_words(row: Mapping[str, Any]) -> str:
    """What was measured of an item, and where, in words.

    Example:
        >>> measured_words({"snr_db": 5.0, "speech_level_dbov": -28.13, "speech_level_at": "file",
        ...                 "headroom_gain_db": -2.13})
        'SNR 5.0 dB at the microphone; speech -28.1 dBov in the file, made 2.1 dB softer against clipping'
    """
    level, gain = row.get("speech_level_dbov"), row.get("headroom_gain_db") or 0.0
    told, at = [snr_words(row)], row.get("speech_level_at")
    in_file = at in (None, "file")
    softer = f"made {-gain:.1f} dB softer against clipping"
    if level is not None:
        where = "in the file" if in_file else str(at)
        told.append(f"speech {tenths(level)} dBov {where}{f', {softer}' if gain < 0 and in_file else ''}")
    if gain < 0 and (level is None or not in_file):
        told.append(f"the file {softer}")
    out = row.get("speech_level_out_dbov")
    if out is not None and not in_file:
        told.append(f"the speech alone, behind codec and gain control: {tenths(out)} dBov")
    return "; ".join(told)


def _text(row: Row) -> str:
    text = str(row["text"])
    return escape(spelled(text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"))
