"""Pictures of scores, in SVG: rates with their intervals and speakers, and rates over the SNR.

Every picture is a panel as wide as a small screen; a wide screen shows several side by side. All panels of a kind have
one scale. Groups differ in the shapes of their marks and in dashes, not in colour alone; all figures stand in tables
too.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby, pairwise
from statistics import fmean
from typing import Any

from augment.plain_text import cut
from augment.report.conclusions import percent
from augment.report.pictures.drawing import (
    BELOW,
    MARKS,
    MOST_LINES,
    PLOT_BOTTOM,
    PLOT_LEFT,
    PLOT_TOP,
    RIGHT,
    SHADES,
    WIDTH,
    At,
    Panel,
    below,
    legend,
    linear,
    panels,
    pen,
    round_step,
    safe,
    shade,
    shade_scale,
    spread_out,
    ticks,
)
from augment.report.text import counted
from augment.scoring.answers import CellAnswer
from augment.scoring.counting import Counts
from augment.scoring.ladders import Ladder

Row = Mapping[str, Any]
Cells = Mapping[tuple[str, str], CellAnswer]
"""Answers by group and condition."""

MOST_CONDITIONS, MOST_LADDERS = 12, 12
"""Limits on what is drawn: nobody compares more panels, or more lines in one of them."""
LEFT, LINE = 124, 26
LABEL = 15
"""Columns of a group's name before a line of dots."""
BESIDE = 52
"""Width of the place for the reference, right of a ladder."""
DOT, STACK = 3, (0, -4, 4)
"""Places of speakers' dots: how far apart, and where those go that would hide others."""
TOO_HIGH = 9999
"""Per cent, from which on the end of an interval is not worth a figure."""
FAR = 1.5
"""How far beyond the largest rate a scale may reach for the sake of intervals and speakers."""
STEPS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12)
"""Widths of a shade of the heat map, as rates."""


def shade_width(cells: Iterable[CellAnswer]) -> float:
    """Width of a shade of the heat map: all rates up to 100 % are told apart, and the last shade is open."""
    top = min(max((cell.rate for cell in cells if cell.rate is not None), default=0.0), 1.0)
    return next((step for step in STEPS if SHADES * step >= top), STEPS[-1])


def rate_scale(step: float) -> str:
    """The shades with their rates."""
    ends = [f"{100 * step * number:g}" for number in range(SHADES)]
    return shade_scale([*map("–".join, pairwise(ends)), f"from {ends[-1]}"], "%")


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
    title = escape("; ".join(told), quote=True)
    held = f"{100 * cell.rate:.1f}<small>{small or 'no interval'}</small>"
    return f'<td class="heat h{shade(cell.rate, step)}" title="{title}">{held}</td>'


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
) -> list[Panel]:
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
    at = linear(0, top, LEFT, WIDTH - RIGHT)
    axis = "".join(
        f'<path d="M{at(tick):.0f} 0V{bottom}" stroke="var(--line)"/>'
        f'<text x="{at(tick):.0f}" y="{bottom + 16}" text-anchor="middle">'
        f"{100 * tick:g}{' %' if tick + step / 2 > top else ''}</text>"
        for tick in ticks(0, top, step)
    )
    drawings = list[Panel]()
    for name in conditions:
        lines = [
            _dot_line(group, cells.get((group, name)), of_speakers.get((group, name), []), LINE * turn + 15, at, top)
            for turn, group in enumerate(groups)
        ]
        drawings.append(Panel(name, f"Rates of {counted(len(groups), 'group')}", bottom + 22, axis + "".join(lines)))
    return drawings


def _dot_line(group: str, cell: CellAnswer | None, alone: Sequence[float], y: int, at: At, top: float) -> str:
    name = f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(cut(group, LABEL))}</text>'
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
    return legend(groups) + panels(_ladder_panel(cells, groups, ladder, top, step) for ladder in ladders)


def _ladder_panel(cells: Cells, groups: Sequence[str], ladder: Ladder, top: float, step: float) -> Panel:
    levels = [level for level, _ in ladder.rungs]
    apart = ladder.reference not in [name for _, name in ladder.rungs]
    right = WIDTH - RIGHT - (BESIDE if apart else 0)
    x, y = linear(levels[0], levels[-1], PLOT_LEFT + 8, right), linear(0, top, PLOT_BOTTOM, PLOT_TOP)
    parts = [
        f'<path d="M{PLOT_LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="var(--line)"/>'
        f'<text x="{PLOT_LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{100 * tick:g} %</text>'
        for tick in ticks(0, top, step)
    ]
    parts += [below(x(level), f"{level:g}") for level in spread_out(levels, x)]
    parts.append(below((PLOT_LEFT + right) / 2, "SNR in dB", 34))
    beside = WIDTH - RIGHT - 10
    if apart:
        parts.append(below(beside - 16, "reference", 34))
        parts.append(f'<path d="M{right + 20} {PLOT_TOP}V{PLOT_BOTTOM}" stroke="var(--line)" stroke-dasharray="2 3"/>')
    for turn, group in enumerate(groups):
        points = [(x(level), cells.get((group, name))) for level, name in ladder.rungs]
        shift = 5 * (turn - (len(groups) - 1) / 2)
        alone = [(beside - 10 + shift, cells.get((group, ladder.reference)))] if apart else []
        parts.append(_curve(turn, group, points, alone, lambda value: y(min(value, top))))
    said = f"Rates of {counted(len(groups), 'group')} from {levels[0]:g} to {levels[-1]:g} dB SNR"
    return Panel(ladder.name, said, PLOT_BOTTOM + BELOW, "".join(parts))


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
        f'<path d="{"".join(lines)}"{pen(turn)}/>'
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


def _scale(cells: Iterable[CellAnswer], alone: Sequence[float]) -> tuple[float, float]:
    """End of an axis from 0, and the distance of its ticks: all rates are on it, wide intervals may lead beyond."""
    rates, highs = [0.01], [0.0]
    for cell in cells:
        rates.append(_finite(cell.rate))
        highs.append(_finite(cell.high))
    largest = max(rates)
    end = max(largest, min(FAR * largest, max([*highs, *alone])))
    step = round_step(end)
    return step * math.ceil(end / step - 1e-9), step
