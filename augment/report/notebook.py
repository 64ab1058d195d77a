"""Parts of pages for notebooks: small tables, pictures and players in the colours of whatever surrounds them.

A notebook has a theme of its own, which no style of ours knows. So nothing has a colour here: lines and letters take
that of the text around them, and paper is whatever lies below.
"""

from collections.abc import Iterable, Mapping, Sequence, Sized
from html import escape

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.pcm import FULL_SCALE
from augment.plain_text import visible
from augment.report.listening.spectrogram import Spectrogram
from augment.report.page import html_table
from augment.report.pictures.drawing import PLOT_LEFT, RIGHT, SHADES, WIDTH, Panel, safe
from augment.report.pictures.files import svg_file
from augment.report.players import audio_uri, player_html
from augment.report.text import counted
from augment.showing import Picture, Player

COLOURS = (
    "--ink:currentColor;--mark:currentColor;--faint:currentColor;--soft:transparent;"
    "--line:color-mix(in srgb,currentColor 25%,transparent);--paper:var(--jp-layout-color0,Canvas)"
)
"""What pictures of pages call their colours, for whoever has none of these."""
STYLE = (
    f".acoustigrid{{{COLOURS}}}"
    ".acoustigrid svg{max-width:100%;height:auto;color:inherit}"
    ".acoustigrid svg text{fill:currentColor;font:12px system-ui,sans-serif}"
    ".acoustigrid .wide{overflow-x:auto}.acoustigrid td.number,.acoustigrid td.heat{text-align:right}"
    ".acoustigrid audio{height:2rem;width:12rem}"
    ".acoustigrid .panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1rem}"
    ".acoustigrid figure{margin:0}.acoustigrid .legend,.acoustigrid .scale{display:flex;flex-wrap:wrap;gap:.3rem 1rem}"
    ".acoustigrid ul.legend{list-style:none;padding:0}.acoustigrid p.scale span{padding:.1rem .4rem}"
    + "".join(
        f".acoustigrid .h{n}{{background:color-mix(in srgb,currentColor {4 * n}%,transparent)}}" for n in range(SHADES)
    )
)
SPECTROGRAM = 110
"""Height of one."""


def face(line: str, *parts: str) -> str:
    """What a notebook shows of an object.

    Args:
        line: In one line what it is: untrusted text.
        parts: HTML that follows.

    Example:
        >>> face("<b>", "<p>x</p>").partition("</style>")[2]
        '<p><strong>&lt;b&gt;</strong></p><p>x</p></div>'
    """
    head = f"<style>{STYLE}</style><p><strong>{safe_line(line)}</strong></p>"
    return f'<div class="acoustigrid">{head}{"".join(parts)}</div>'


def small_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of untrusted texts and numbers."""
    return html_table(list(map(visible, header)), [[safe(cell) for cell in row] for row in rows])


def folded(what: str, html: str) -> str:
    """A part of a page, folded up behind what it is."""
    return f"<details><summary>{what}</summary>{html}</details>"


def lines(what: str, told: Iterable[str], most: int | None = None) -> str:
    """Lines of text, folded up; empty if there are none.

    Args:
        what: One of them, such as ``note``.
        told: Untrusted texts.
        most: How many are shown; all if not given. All are counted.

    Example:
        >>> lines("note", ["a & b"])
        '<details><summary>1 note</summary><ul><li>a &amp; b</li></ul></details>'
    """
    every = list(told)
    items = "".join(f"<li>{safe_line(line)}</li>" for line in every[:most])
    left = part_shown((every[:most], every, what))
    return folded(counted(len(every), what), f"<ul>{items}</ul>{left}") if every else ""


def part_shown(*parts: tuple[Sized, Sized, str]) -> str:
    """How much of something is shown, as a paragraph; empty if all is.

    Args:
        parts: What is shown, what there is, and what one of them is called.

    Example:
        >>> part_shown(("ab", "abc", "condition"), ("a", "a", "group"))
        '<p>2 of 3 conditions are shown here</p>'
    """
    cut = [f"{len(some):,} of {counted(len(every), what)}" for some, every, what in parts if len(some) < len(every)]
    return f"<p>{' and '.join(cut)} are shown here</p>" if cut else ""


def safe_line(text: str) -> str:
    """An untrusted text of any length as HTML, on one line."""
    return escape(visible(text), quote=True)


def spectrogram_panel(name: str, pcm: NDArray[np.int16], sample_rate_hz: int, axis_s: float) -> Panel:
    """A spectrogram as a panel.

    Args:
        name: The caption: untrusted text.
        pcm: Samples, shape (n,).
        sample_rate_hz: Their rate.
        axis_s: Length of the time axis.
    """
    drawn = Spectrogram.of(pcm / FULL_SCALE, sample_rate_hz, axis_s)
    right, bottom = WIDTH - RIGHT, SPECTROGRAM
    return Panel(
        name,
        safe_line(drawn.told),
        bottom + 22,
        f'<image href="{drawn.uri}" x="{PLOT_LEFT}" y="2" width="{right - PLOT_LEFT}" height="{bottom - 2}" '
        f'preserveAspectRatio="none"/><text x="{PLOT_LEFT - 4}" y="13" text-anchor="end">{sample_rate_hz / 2000:g} kHz'
        f'</text><text x="{PLOT_LEFT - 4}" y="{bottom}" text-anchor="end">0</text>'
        f'<text x="{right}" y="{bottom + 16}" text-anchor="end">{axis_s:.2f} s</text>',
    )


def picture(told: str, html: str, figures: Sequence[Panel] = (), names: Sequence[str] = ()) -> Picture:
    """A picture of a page as one of a notebook.

    Args:
        told: What there is to be seen: untrusted text.
        html: Of the picture in a page, whose texts are escaped already.
        figures: The panels in it, of which its file is made; none if it is a table.
        names: Of lines or marks that have a legend; untrusted.

    Example:
        >>> picture("a table", "<table></table>").svg is None
        True
    """
    return Picture(visible(told), svg_file(told, figures, names) if figures else None, face(told, html))


def audio_html(pcm: NDArray[np.int16], sample_rate_hz: int, label: str) -> str:
    """One sound with its controls.

    Args:
        pcm: Samples, shape (n,).
        sample_rate_hz: Their rate.
        label: What it is: untrusted text.
    """
    return player_html(audio_uri(pcm, sample_rate_hz), label)


def player(told: str, table: Mapping[str, Mapping[str, str]], more: str = "") -> Player:
    """Sounds in a table.

    Args:
        told: What they are: untrusted text.
        table: Sounds as HTML by condition and column, which are untrusted texts.
        more: A remark below it.
    """
    names = list(dict.fromkeys(name for row in table.values() for name in row))
    rows = [[safe(condition), *(row.get(name, "") for name in names)] for condition, row in table.items()]
    remark = f"<p>{safe_line(more)}</p>" if more else ""
    return Player(visible(told), face(told, html_table(["condition", *map(visible, names)], rows), remark))
