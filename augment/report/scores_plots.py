"""Pictures of scores, in SVG: rates with their intervals and speakers, and rates over the SNR.

Every picture is a panel as wide as a small screen; a wide screen shows several side by side. All panels of a kind have
one scale. Groups differ in the shapes of their marks and in dashes, not in colour alone; all figures stand in tables
too.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from statistics import fmean
from typing import Any

from augment.plain_text import columns
from augment.report.conclusions import percent
from augment.report.page import safe
from augment.report.text import counted, shown
from augment.scoring.answers import CellAnswer
from augment.scoring.counting import Counts
from augment.scoring.ladders import Ladder

Row = Mapping[str, Any]
Cells = Mapping[tuple[str, str], CellAnswer]
"""Answers by group and condition."""
At = Callable[[float], float]

MOST_CONDITIONS, MOST_LADDERS, MOST_LINES = 12, 12, 6
"""Limits on what is drawn: nobody compares more panels, or more lines in one of them."""
WIDTH, LEFT, RIGHT, LINE = 360, 124, 22, 26
LABEL = 15
"""Columns of a group's name before a line of dots."""
PLOT_LEFT, PLOT_TOP, PLOT_BOTTOM, BELOW = 48, 10, 214, 40
BESIDE = 52
"""Width of the place for the reference, right of a ladder."""
DOT, STACK = 3, (0, -4, 4)
"""Places of speakers' dots: how far apart, and where those go that would hide others."""
TOO_HIGH = 9999
"""Per cent, from which on the end of an interval is not worth a figure."""
FAR = 1.5
"""How far beyond the largest rate a scale may reach for the sake of intervals and speakers."""
MARKS = (
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "m-3.5-3.5h7v7h-7z",
    "m0-4.5 4.5 8h-9z",
    "m0-5 5 5-5 5-5-5z",
    "m0 4.5 4.5-8h-9z",
    "m-4.5-1.5h3v-3h3v3h3v3h-3v3h-3v-3h-3z",
)
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "12 4")
SHADES = 9
STEPS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12)
"""Widths of a shade of the heat map, as rates."""
INK = ("#14181c", "#fff")
LIGHT = ("f4f8fc", "deebf7", "c6dbef", "9ecae1", "6baed6", "4a98c9", "2171b5", "08519c", "08306b")
DARK = ("17232e", "1b3144", "1e405c", "225174", "28658f", "4289ba", "6ba6d2", "9cc5e3", "cfe4f4")
"""Shades from low to high rates; the ink on the first six, or five, has at least 4.5:1, and so has the other's."""
PLOT_STYLE = """
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1.2rem;
  margin: 1rem 0; }
figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; overflow-wrap: anywhere; }
.panels svg { width: 100%; max-width: 26rem; height: auto; display: block; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; padding: 0; }
.legend svg { vertical-align: middle; margin-right: .4rem; }
.heat { text-align: center; border: 1px solid var(--paper); } .heat small { display: block; font-size: .75rem; }
.scale { display: flex; flex-wrap: wrap; gap: 2px; } .scale span { padding: .2rem .6rem; font-size: .85rem; }
.g0 { color: #0b62a8; } .g1 { color: #c44e00; } .g2 { color: #00785a; } .g3 { color: #8f3f8f; }
.g4 { color: #7a5f00; } .g5 { color: #4d5761; }
@media (prefers-color-scheme: dark) {
  .g0 { color: #7dbcf0; } .g1 { color: #f0954a; } .g2 { color: #3fc79a; } .g3 { color: #d99ad9; }
  .g4 { color: #d9c04a; } .g5 { color: #b8c1ca; }
}
"""


def plot_style() -> str:
    """What pictures need of a style sheet."""
    dark = f"@media (prefers-color-scheme: dark) {{\n{_shades(DARK, 5, INK[::-1])}}}\n"
    return PLOT_STYLE + _shades(LIGHT, 6, INK) + dark


def _shades(colours: Sequence[str], first: int, ink: tuple[str, str]) -> str:
    return "".join(
        f".h{number} {{ background: #{colour}; color: {ink[number >= first]}; }}\n"
        for number, colour in enumerate(colours)
    )


def shade_width(cells: Iterable[CellAnswer]) -> float:
    """Width of a shade of the heat map: all rates up to 100 % are told apart, and the last shade is open."""
    top = min(max((cell.rate for cell in cells if cell.rate is not None), default=0.0), 1.0)
    return next((step for step in STEPS if SHADES * step >= top), STEPS[-1])


def shade_scale(step: float) -> str:
    """The shades with their rates."""
    ends = [f"{100 * step * number:g}" for number in range(SHADES)]
    scale = "".join(f'<span class="h{n}">{ends[n]}–{ends[n + 1]}</span>' for n in range(SHADES - 1))
    return f'<p class="scale" aria-label="Shades, in %">{scale}<span class="h{SHADES - 1}">from {ends[-1]}</span></p>\n'


def heat_cell(cell: CellAnswer | None, step: float) -> str:
    """A cell of the heat map; an empty one where nothing was heard."""
    if cell is None or cell.rate is None or not math.isfinite(cell.rate):
        return '<td class="heat"></td>'
    told = [f"{counted(cell.speakers, 'speaker')}, {counted(cell.utterances, 'utterance')}"]
    small = _interval(cell)
    if not small:
        told.insert(0, f"no interval: {cell.why}")
    elif cell.shared:
        told.append(f"the interval allows for {cell.shared} that all speakers share")
    shade = min(int(cell.rate / step), SHADES - 1)
    title = escape("; ".join(told), quote=True)
    return (
        f'<td class="heat h{shade}" title="{title}">{100 * cell.rate:.1f}<small>{small or "no interval"}</small></td>'
    )


def speaker_rates(rows: Sequence[Row], counts: Counts) -> dict[tuple[str, str], list[float]]:
    """The word error rate of every named speaker in each group and condition.

    Args:
        rows: Of the manifest.
        counts: Errors of each.
    """
    sums: dict[tuple[str, str, str], list[int]] = {}
    for row, errors, words in zip(rows, counts.errors.tolist(), counts.words.tolist(), strict=True):
        if words and row["speaker"] is not None:
            own = sums.setdefault((str(row["group"]), str(row["condition"]), str(row["speaker"])), [0, 0])
            own[0] += errors
            own[1] += words
    found: dict[tuple[str, str], list[float]] = {}
    for (group, condition, _), (errors, words) in sums.items():
        found.setdefault((group, condition), []).append(errors / words)
    return found


def most_apart(cells: Cells, groups: Sequence[str], conditions: Sequence[str], reference: str) -> list[str]:
    """Conditions in the order in which they are drawn: the reference, then by the spread between their groups."""
    spread: dict[str, float] = {}
    for name in conditions:
        rates = [cell.rate for group in groups if (cell := cells.get((group, name))) and _is_rate(cell)]
        if rates:
            spread[name] = max(map(_finite, rates)) - min(map(_finite, rates))
    return sorted(spread, key=lambda name: (name != reference, -spread[name]))


def dot_panels(
    cells: Cells, of_speakers: Mapping[tuple[str, str], list[float]], groups: Sequence[str], conditions: Sequence[str]
) -> str:
    """A panel for each condition, with a line for each group.

    Args:
        cells: Rates.
        of_speakers: Those of single speakers, from :func:`speaker_rates`.
        groups: From top to bottom.
        conditions: In order; no more than are to be drawn.
    """
    drawn = [cells[group, name] for name in conditions for group in groups if (group, name) in cells]
    alone = [rate for cell in drawn for rate in of_speakers.get((cell.group, cell.condition), [])]
    top, step = _scale(drawn, alone)
    bottom = LINE * len(groups) + 4
    at = _line(0, top, LEFT, WIDTH - RIGHT)
    axis = "".join(
        f'<path d="M{at(tick):.0f} 0V{bottom}" stroke="var(--line)"/>'
        f'<text x="{at(tick):.0f}" y="{bottom + 16}" text-anchor="middle">'
        f"{100 * tick:g}{' %' if tick + step / 2 > top else ''}</text>"
        for tick in _ticks(top, step)
    )
    panels = []
    for name in conditions:
        lines = [
            _dot_line(group, cells.get((group, name)), of_speakers.get((group, name), []), LINE * turn + 15, at, top)
            for turn, group in enumerate(groups)
        ]
        panels.append(_panel(name, f"Rates of {counted(len(groups), 'group')}", bottom + 22, axis + "".join(lines)))
    return f'<div class="panels">{"".join(panels)}</div>\n'


def _dot_line(group: str, cell: CellAnswer | None, alone: Sequence[float], y: int, at: At, top: float) -> str:
    name = f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(_short(group))}</text>'
    if cell is None or not _is_rate(cell):
        return f'<g><title>{safe(group)}: nothing was heard</title>{name}<text x="{LEFT + 4}" y="{y + 4}">–</text></g>'
    bar, end = "", ""
    if _is_interval(cell):
        ends = (f"{at(min(_finite(value), top)):.1f}" for value in (cell.low, cell.high))
        bar = f'<path d="M{next(ends)} {y}H{next(ends)}" stroke="var(--mark)" stroke-width="12" opacity=".35"/>'
        if _finite(cell.high) > top:
            end = f'<text x="{WIDTH - RIGHT + 2}" y="{y + 4}">→</text>'
    dots = "".join(_dots([at(min(rate, top)) for rate in alone], y))
    small = f'<path d="{dots}" stroke="var(--faint)" stroke-width="3.4" stroke-linecap="round"/>' if dots else ""
    middle = at(min(_finite(cell.rate), top))
    big = f'<circle cx="{middle:.1f}" cy="{y}" r="5.5" fill="var(--mark)" stroke="var(--paper)" stroke-width="1.5"/>'
    return f"<g><title>{_told(cell)}</title>{name}{bar}{small}{big}{end}</g>"


def _dots(places: Sequence[float], y: int) -> Iterator[str]:
    """Speakers' dots; where some would hide others, up to three stand in a stack."""
    for place, number in Counter(DOT * round(place / DOT) for place in places).items():
        for shift in STACK[:number]:
            yield f"M{place} {y + shift}h0"


def most_telling(cells: Cells, groups: Sequence[str]) -> list[str]:
    """Groups that are drawn as lines: all, or those of the highest and of the lowest rates."""
    if len(groups) <= MOST_LINES:
        return list(groups)
    rates: dict[str, list[float]] = {group: [] for group in groups}
    for (group, _), cell in cells.items():
        if _is_rate(cell):
            rates[group].append(_finite(cell.rate))
    ranked = sorted((group for group in groups if rates[group]), key=lambda group: fmean(rates[group]))
    half = MOST_LINES // 2
    chosen = ranked if len(ranked) <= MOST_LINES else ranked[:half] + ranked[-half:]
    return [group for group in groups if group in chosen]


def ladder_panels(cells: Cells, groups: Sequence[str], ladders: Sequence[Ladder]) -> str:
    """A panel for each ladder: rates of each group over the SNR, with their intervals as bands.

    Args:
        cells: Rates.
        groups: No more than are to be drawn.
        ladders: The same.
    """
    names = {name for ladder in ladders for name in (*(rung for _, rung in ladder.rungs), ladder.reference)}
    drawn = [cell for (group, name), cell in cells.items() if group in groups and name in names]
    top, step = _scale(drawn, [])
    legend = "".join(f"<li>{_swatch(turn)}{safe(group)}</li>" for turn, group in enumerate(groups))
    panels = "".join(_ladder_panel(cells, groups, ladder, top, step) for ladder in ladders)
    return f'<ul class="legend">{legend}</ul>\n<div class="panels">{panels}</div>\n'


def _swatch(turn: int) -> str:
    mark = f'<path d="M20 8{MARKS[turn]}" fill="currentColor"/>'
    return f'<svg class="g{turn}" width="40" height="16" aria-hidden="true"><path d="M0 8H40"{_pen(turn)}/>{mark}</svg>'


def _pen(turn: int) -> str:
    dashes = f' stroke-dasharray="{DASHES[turn]}"' if DASHES[turn] else ""
    return f' stroke="currentColor" stroke-width="2" fill="none"{dashes}'


def _ladder_panel(cells: Cells, groups: Sequence[str], ladder: Ladder, top: float, step: float) -> str:
    levels = [level for level, _ in ladder.rungs]
    apart = ladder.reference not in [name for _, name in ladder.rungs]
    right = WIDTH - RIGHT - (BESIDE if apart else 0)
    x, y = _line(levels[0], levels[-1], PLOT_LEFT + 8, right), _line(0, top, PLOT_BOTTOM, PLOT_TOP)
    parts = [
        f'<path d="M{PLOT_LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="var(--line)"/>'
        f'<text x="{PLOT_LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{100 * tick:g} %</text>'
        for tick in _ticks(top, step)
    ]
    parts += [_below(x(level), f"{level:g}") for level in _spread_out(levels, x)]
    parts.append(_below((PLOT_LEFT + right) / 2, "SNR in dB", 34))
    beside = WIDTH - RIGHT - 10
    if apart:
        parts.append(_below(beside - 16, "reference", 34))
        parts.append(f'<path d="M{right + 20} {PLOT_TOP}V{PLOT_BOTTOM}" stroke="var(--line)" stroke-dasharray="2 3"/>')
    for turn, group in enumerate(groups):
        points = [(x(level), cells.get((group, name))) for level, name in ladder.rungs]
        shift = 5 * (turn - (len(groups) - 1) / 2)
        alone = [(beside - 10 + shift, cells.get((group, ladder.reference)))] if apart else []
        parts.append(_curve(turn, group, points, alone, lambda value: y(min(value, top))))
    said = f"Rates of {counted(len(groups), 'group')} from {levels[0]:g} to {levels[-1]:g} dB SNR"
    return _panel(ladder.name, said, PLOT_BOTTOM + BELOW, "".join(parts))


def _below(x: float, text: str, down: int = 17) -> str:
    return f'<text x="{x:.1f}" y="{PLOT_BOTTOM + down}" text-anchor="middle">{text}</text>'


def _spread_out(levels: Sequence[float], x: At) -> list[float]:
    """Levels that can be written below the axis without touching one another."""
    kept: list[float] = []
    for level in levels:
        if not kept or x(level) - x(kept[-1]) >= 30:
            kept.append(level)
    return kept


_Point = tuple[float, CellAnswer | None]


def _curve(turn: int, group: str, points: Sequence[_Point], alone: Sequence[_Point], y: At) -> str:
    """Band, line and marks of a group; a point whose neighbours have no interval has an upright line instead."""
    bands, uprights, lines = [], [], []
    for run in (*_runs(points, _is_interval), *_runs(alone, _is_interval)):
        if len(run) == 1:
            (x, cell), *_ = run
            uprights.append(f"M{x:.1f} {y(_finite(cell.low)):.1f}V{y(_finite(cell.high)):.1f}")
            continue
        around = [(x, cell.low) for x, cell in run] + [(x, cell.high) for x, cell in reversed(run)]
        bands.append("M" + "L".join(f"{x:.1f} {y(_finite(value)):.1f}" for x, value in around) + "Z")
    for run in _runs(points, _is_rate):
        lines.append("M" + "L".join(f"{x:.1f} {y(_finite(cell.rate)):.1f}" for x, cell in run))
    known = [(x, cell) for x, cell in (*points, *alone) if cell is not None and _is_rate(cell)]
    marks = "".join(f"M{x:.1f} {y(_finite(cell.rate)):.1f}{MARKS[turn]}" for x, cell in known)
    told = "; ".join(_told(cell, beside=True) for _, cell in known)
    return (
        f'<g class="g{turn}"><title>{safe(group)}: {told}</title>'
        f'<path d="{"".join(bands)}" fill="currentColor" opacity=".16"/>'
        f'<path d="{"".join(uprights)}" stroke="currentColor" stroke-width="2" opacity=".5"/>'
        f'<path d="{"".join(lines)}"{_pen(turn)}/>'
        f'<path d="{marks}" fill="currentColor" stroke="var(--paper)"/></g>'
    )


def _runs(points: Sequence[_Point], fit: Callable[[CellAnswer], bool]) -> Iterator[list[tuple[float, CellAnswer]]]:
    """Neighbours that have what it takes to be joined."""
    for joined, run in groupby(points, key=lambda point: point[1] is not None and fit(point[1])):
        if joined:
            yield [(x, cell) for x, cell in run if cell is not None]


def _told(cell: CellAnswer, beside: bool = False) -> str:
    name = cell.condition if beside else cell.group
    return f"{safe(name)}: {percent(cell.rate)} ({escape(_interval(cell) or cell.why)})"


def _panel(name: str, said: str, height: int, drawing: str) -> str:
    title = f"{said}: {safe(name)}"
    return (
        f'<figure><figcaption>{safe(name)}</figcaption><svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="{title}"><title>{title}</title>{drawing}</svg></figure>\n'
    )


def _short(name: str) -> str:
    """A name cut to what stands before a line of dots; the whole stands in the line's title."""
    plain = shown(name)
    if columns(plain) <= LABEL:
        return plain
    kept = plain[: LABEL - 1]
    while columns(kept) > LABEL - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _is_rate(cell: CellAnswer) -> bool:
    return cell.rate is not None and math.isfinite(cell.rate)


def _is_interval(cell: CellAnswer) -> bool:
    return _is_rate(cell) and all(end is not None and math.isfinite(end) for end in (cell.low, cell.high))


def _interval(cell: CellAnswer) -> str:
    """An interval in per cent; empty where there is none."""
    if not _is_interval(cell):
        return ""
    low, high = 100 * _finite(cell.low), 100 * _finite(cell.high)
    return f"{low:.1f} to {high:.1f}" if high < TOO_HIGH else f"{low:.1f} to >{TOO_HIGH}"


def _finite(value: float | None) -> float:
    return 0.0 if value is None or not math.isfinite(value) else value


def _line(first: float, last: float, start: float, end: float) -> At:
    """Places of values from the first to the last."""
    return lambda value: start + (end - start) * (value - first) / ((last - first) or 1.0)


def _scale(cells: Iterable[CellAnswer], alone: Sequence[float]) -> tuple[float, float]:
    """End of an axis from 0, and the distance of its ticks: all rates are on it, wide intervals may lead beyond."""
    rates, highs = [0.01], [0.0]
    for cell in cells:
        rates.append(_finite(cell.rate))
        highs.append(_finite(cell.high))
    largest = max(rates)
    end = max(largest, min(FAR * largest, max([*highs, *alone])))
    step = next(base * 10.0**power for power in range(-3, 12) for base in (1, 2, 5) if end / (base * 10.0**power) <= 6)
    return step * math.ceil(end / step - 1e-9), step


def _ticks(top: float, step: float) -> list[float]:
    return [round(step * number, 6) for number in range(round(top / step) + 1)]
