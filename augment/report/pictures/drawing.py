"""What all pictures are made of: axes, lines and marks, panels, legends, shades, and names that cannot do harm."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from augment.plain_text import visible
from augment.report.text import shown

At = Callable[[float], float]
Points = Sequence[tuple[float, float]]
"""Values across and values up."""

WIDTH, RIGHT = 360, 22
PLOT_LEFT, PLOT_TOP, PLOT_BOTTOM, BELOW = 48, 10, 214, 40
APART = 30
"""Least distance of two figures below an axis."""
MARKS = (
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "m-3.5-3.5h7v7h-7z",
    "m0-4.5 4.5 8h-9z",
    "m0-5 5 5-5 5-5-5z",
    "m0 4.5 4.5-8h-9z",
    "m-4.5-1.5h3v-3h3v3h3v3h-3v3h-3v-3h-3z",
)
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "12 4")
MOST_LINES = len(MARKS)
SHADES = 9
JOINERS = "\u200c\u200d"
"""Invisible, but letters of Persian and Hindi among others."""
INK = ("#14181c", "#fff")
LIGHT = ("f4f8fc", "deebf7", "c6dbef", "9ecae1", "6baed6", "4a98c9", "2171b5", "08519c", "08306b")
DARK = ("17232e", "1b3144", "1e405c", "225174", "28658f", "4289ba", "6ba6d2", "9cc5e3", "cfe4f4")
"""Shades from low to high; the ink on the first six, or five, has at least 4.5:1, and so has the other's."""
LIGHT_LINES = ("#0b62a8", "#c44e00", "#00785a", "#8f3f8f", "#7a5f00", "#4d5761")
DARK_LINES = ("#7dbcf0", "#f0954a", "#3fc79a", "#d99ad9", "#d9c04a", "#b8c1ca")
PLOT_STYLE = """
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1.2rem;
  margin: 1rem 0; }
figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; overflow-wrap: anywhere; }
.panels figure > svg { width: 100%; max-width: 26rem; height: auto; display: block; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; padding: 0; }
.legend svg { vertical-align: middle; margin-right: .4rem; }
.heat { text-align: center; border: 1px solid var(--paper); } .heat small { display: block; font-size: .75rem; }
.scale { display: flex; flex-wrap: wrap; gap: 2px; } .scale span { padding: .2rem .6rem; font-size: .85rem; }
details { margin: .5rem 0; } summary { cursor: pointer; }
"""


def safe(text: object) -> str:
    """An untrusted name as HTML, fit for an attribute too.

    Example:
        >>> safe('<b> "x"')
        '&lt;b&gt; &quot;x&quot;'
    """
    return escape(shown(str(text)), quote=True)


def breakable(name: str) -> str:
    """An untrusted name as HTML that may be broken where its parts meet.

    Example:
        >>> breakable("fan__a<b")
        'fan__<wbr>a&lt;b'
    """
    return re.sub(r"(_+)(?=[^_])", r"\1<wbr>", safe(name))


def spelled(text: str) -> str:
    """A text with unprintable characters spelled out, but for those that only join letters or keep them apart."""
    return "".join(letter if letter in JOINERS else visible(letter) for letter in text)


def plot_style() -> str:
    """What pictures need of a style sheet."""
    dark = f"@media (prefers-color-scheme: dark) {{\n{_lines(DARK_LINES)}{_shades(DARK, 5, INK[::-1])}}}\n"
    return PLOT_STYLE + _lines(LIGHT_LINES) + _shades(LIGHT, 6, INK) + dark


def _lines(colours: Iterable[str]) -> str:
    return "".join(f".g{number} {{ color: {colour}; }}\n" for number, colour in enumerate(colours))


def _shades(colours: Sequence[str], first: int, ink: tuple[str, str]) -> str:
    return "".join(
        f".h{number} {{ background: #{colour}; color: {ink[number >= first]}; }}\n"
        for number, colour in enumerate(colours)
    )


def linear(first: float, last: float, start: float, end: float) -> At:
    """Places of values from the first to the last.

    Example:
        >>> linear(0, 10, 100, 200)(5)
        150.0
    """
    return lambda value: start + (end - start) * (value - first) / ((last - first) or 1.0)


def logarithmic(first: float, last: float, start: float, end: float) -> At:
    """Places of frequencies from the first to the last, by their logarithms.

    Example:
        >>> round(logarithmic(100, 10000, 0, 100)(1000), 6)
        50.0
    """
    place = linear(math.log(first), math.log(last), start, end)
    return lambda value: place(math.log(value))


def round_step(length: float, most: int = 6) -> float:
    """Distance of ticks, a round number, of which so many at most lie on an axis of some length.

    Raises:
        ValueError: The axis is longer than any that is drawn.

    Example:
        >>> round_step(0.23), round_step(47)
        (0.05, 10.0)
    """
    for power in (10.0**power for power in range(-3, 12)):
        for base in (1, 2, 5):
            if length <= most * base * power:
                return base * power
    raise ValueError(f"an axis cannot be {length:g} long")


def round_ends(values: Iterable[float], least: float = 0.0) -> tuple[float, float, float]:
    """Round ends of an axis that holds all values, and the distance of its ticks.

    Args:
        values: At least one.
        least: Least length of the axis.

    Example:
        >>> round_ends([-31.5, 2.0]), round_ends([0.0], 10)
        ((-40.0, 10.0, 10.0), (0.0, 10.0, 2.0))
    """
    found = list(values)
    low, high = min(found), max(found)
    step = round_step(max(high - low, least) or 1e-9, 5)
    first = step * math.floor(low / step + 1e-9)
    return first, max(step * math.ceil(high / step - 1e-9), first + step * math.ceil(least / step - 1e-9)), step


def ticks(first: float, last: float, step: float) -> list[float]:
    """Values at which an axis has ticks.

    Example:
        >>> ticks(-10, 10, 5)
        [-10.0, -5.0, 0.0, 5.0, 10.0]
    """
    return [round(first + step * number, 6) + 0.0 for number in range(round((last - first) / step) + 1)]


def spread_out(values: Iterable[float], at: At, apart: float = APART) -> list[float]:
    """Values that can be written below an axis without touching one another."""
    kept: list[float] = []
    for value in values:
        if not kept or at(value) - at(kept[-1]) >= apart:
            kept.append(value)
    return kept


@dataclass(frozen=True)
class Axis:
    """One side of a plot.

    Attributes:
        first: Value at its start.
        last: Value at its end.
        ticks: Where figures stand.
        unit: What is measured, in what unit.
        log: Whether its places are those of logarithms.
    """

    first: float
    last: float
    ticks: tuple[float, ...]
    unit: str
    log: bool = False

    @classmethod
    def of(cls, values: Iterable[float], unit: str, least: float = 0.0) -> "Axis":
        """With round ends, for all values."""
        first, last, step = round_ends(values, least)
        return cls(first, last, tuple(ticks(first, last, step)), unit)

    def across(self) -> At:
        """Places from left to right."""
        return (logarithmic if self.log else linear)(self.first, self.last, PLOT_LEFT, WIDTH - RIGHT)

    def up(self) -> At:
        """Places from bottom to top."""
        return linear(self.first, self.last, PLOT_BOTTOM, PLOT_TOP)


def frequencies(low_hz: float, high_hz: float) -> Axis:
    """A logarithmic axis of frequencies."""
    inside = [v * 10.0**p for p in range(-1, 6) for v in (1, 2, 5) if low_hz <= v * 10.0**p <= high_hz * 1.0001]
    return Axis(low_hz, high_hz, tuple(inside), "frequency in Hz", log=True)


def short_figure(value: float) -> str:
    """A figure below an axis: thousands have a k.

    Example:
        >>> short_figure(20000), short_figure(0.5), short_figure(-40.0)
        ('20k', '0.5', '-40')
    """
    return f"{value / 1000:g}k" if abs(value) >= 1000 else f"{value:g}"


@dataclass(frozen=True)
class Panel:
    """A picture with its caption.

    Attributes:
        name: Untrusted: the caption.
        said: What can be seen, for those who cannot see it; HTML.
        height: Of the drawing, which is as wide as all panels.
        drawing: SVG.
        names: Untrusted: of its lines, for a legend below it; empty if they need none.
    """

    name: str
    said: str
    height: int
    drawing: str
    names: Sequence[str] = ()

    def html(self) -> str:
        """As a figure of a page."""
        title = f"{self.said}: {safe(self.name)}"
        return (
            f'<figure><figcaption>{safe(self.name)}</figcaption><svg viewBox="0 0 {WIDTH} {self.height}" '
            f'width="{WIDTH}" height="{self.height}" role="img" aria-label="{title}"><title>{title}</title>'
            f"{self.drawing}</svg>{legend(self.names) if self.names else ''}</figure>\n"
        )


def panels(figures: Iterable[Panel]) -> str:
    """Panels side by side, as far as the screen is wide."""
    return f'<div class="panels">{"".join(figure.html() for figure in figures)}</div>\n'


def below(x: float, text: str, down: int = 17) -> str:
    """A word below a plot."""
    return f'<text x="{x:.1f}" y="{PLOT_BOTTOM + down}" text-anchor="middle">{text}</text>'


def grid(x: Axis, y: Axis) -> str:
    """The lines and figures of a plot with two axes."""
    across, up = x.across(), y.up()
    parts = [
        f'<path d="M{PLOT_LEFT} {up(tick):.1f}H{WIDTH - RIGHT}" stroke="var(--line)"/>'
        f'<text x="{PLOT_LEFT - 6}" y="{up(tick) + 4:.1f}" text-anchor="end">{short_figure(tick)}</text>'
        for tick in y.ticks
    ]
    parts += [f'<path d="M{across(tick):.1f} {PLOT_TOP}V{PLOT_BOTTOM}" stroke="var(--line)"/>' for tick in x.ticks]
    parts += [below(across(tick), short_figure(tick)) for tick in spread_out(x.ticks, across, 26)]
    parts.append(below((PLOT_LEFT + WIDTH - RIGHT) / 2, f"{escape(x.unit)}; up: {escape(y.unit)}", 34))
    return "".join(parts)


def polyline(points: Iterable[tuple[float, float]], x: At, y: At) -> str:
    """The path through points, to a tenth of a pixel; empty without any."""
    return "M" + "L".join(f"{x(across):.1f} {y(up):.1f}" for across, up in points) if points else ""


def pen(turn: int) -> str:
    """How the line of a turn is drawn."""
    dashes = f' stroke-dasharray="{DASHES[turn]}"' if DASHES[turn] else ""
    return f' stroke="currentColor" stroke-width="2" fill="none"{dashes}'


def curve(turn: int, told: str, points: Points, x: Axis, y: Axis, marked: Points = ()) -> str:
    """A line with its title, cut at the ends of the axis, and marks on some of its points.

    Args:
        turn: Its place among the lines of the plot, from 0: dashes, marks and colour.
        told: HTML for its title.
        points: Where it runs.
        x: Axis across.
        y: Axis up.
        marked: Where its marks are.
    """
    across, up = x.across(), y.up()

    def held(value: float) -> float:
        return up(min(max(value, y.first), y.last))

    marks = "".join(f"M{across(a):.1f} {held(b):.1f}{MARKS[turn]}" for a, b in marked)
    shapes = f'<path class="marks" d="{marks}" fill="currentColor" stroke="var(--paper)"/>' if marks else ""
    return (
        f'<g class="g{turn}"><title>{told}</title><path class="curve" d="{polyline(points, across, held)}"'
        f"{pen(turn)}/>{shapes}</g>"
    )


def unknown(from_hz: float, to_hz: float, x: Axis) -> str:
    """A dark band where nothing is known."""
    across = x.across()
    left, right = across(max(from_hz, x.first)), across(min(to_hz, x.last))
    if right - left < 0.5:
        return ""
    return (
        f'<g><title>nothing is known from {from_hz:g} to {to_hz:g} Hz</title><rect class="unknown" x="{left:.1f}" '
        f'y="{PLOT_TOP}" width="{right - left:.1f}" height="{PLOT_BOTTOM - PLOT_TOP}" fill="var(--faint)" '
        'opacity=".35"/></g>'
    )


def swatch(turn: int) -> str:
    """A piece of a line, for a legend."""
    mark = f'<path d="M20 8{MARKS[turn]}" fill="currentColor"/>'
    return f'<svg class="g{turn}" width="40" height="16" aria-hidden="true"><path d="M0 8H40"{pen(turn)}/>{mark}</svg>'


def legend(names: Iterable[str]) -> str:
    """Names of lines, which are untrusted."""
    listed = "".join(f"<li>{swatch(turn)}{safe(name)}</li>" for turn, name in enumerate(names))
    return f'<ul class="legend">{listed}</ul>\n'


def shade(value: float, step: float) -> int:
    """The shade of a value from 0, each as wide as a step; the last is open.

    Example:
        >>> shade(0.034, 0.01), shade(9.0, 0.01)
        (3, 8)
    """
    return min(max(int(value / step), 0), SHADES - 1)


def shade_scale(labels: Sequence[str], unit: str) -> str:
    """The shades with what they stand for.

    Args:
        labels: Values of each shade, from the lowest.
        unit: For those who cannot see them.
    """
    scale = "".join(f'<span class="h{number}">{label}</span>' for number, label in enumerate(labels))
    return f'<p class="scale" role="group" aria-label="Shades, in {unit}">{scale}</p>\n'
