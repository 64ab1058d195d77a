"""The design as a heat map, and what was measured in each cell of it."""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from statistics import median, quantiles
from typing import Any

from augment.measured import snr_words, tenths
from augment.plain_text import cut
from augment.report.page import data_table
from augment.report.pictures.drawing import (
    MARKS,
    MOST_LINES,
    RIGHT,
    SHADES,
    WIDTH,
    At,
    Panel,
    breakable,
    legend,
    linear,
    panels,
    round_ends,
    safe,
    shade,
    shade_scale,
    spelled,
    ticks,
)
from augment.report.text import counted

Row = Mapping[str, Any]
MOST_CONDITIONS, MOST_GROUPS, MOST_DRAWN, PER_PANEL = 200, 30, 60, 12
"""Limits on tables and on pictures: browsers stay fast, and nobody compares more."""
SNRS = ("snr_db", "snr_delivered_db")
MEASURED = (*SNRS, "speech_level_out_dbov")
LEFT, LINE, NAME, APART = 14, 46, 46, 4
CAPTION = (
    "Marks: SNR at the microphone, median of each group. Lines: SNR as delivered, all noises at the end of the linear "
    "chain. Thin line: from the softest to the loudest item; thick: the middle half."
)


@dataclass
class Cell:
    """What rows of the manifest say of one cell of the grid.

    Attributes:
        items: How many there are.
        noise_step: The step that added the noise of one of them; None without noise.
        measured: Values of each of the columns :data:`MEASURED` that are known.
    """

    items: int = 0
    noise_step: str | None = None
    measured: dict[str, "array[float]"] = field(default_factory=lambda: {name: array("d") for name in MEASURED})


@dataclass(frozen=True)
class Cells:
    """The grid as its rows tell it.

    Attributes:
        conditions: In the order of the rows.
        groups: Sorted.
        cells: By condition and group.
    """

    conditions: tuple[str, ...]
    groups: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]

    def of(self, condition: str, column: str, groups: Iterable[str] | None = None) -> list[float]:
        """Values of a column in a condition, sorted."""
        found = (self.cells.get((condition, group)) for group in groups or self.groups)
        return sorted(value for cell in found if cell is not None for value in cell.measured[column])

    @cached_property
    def noisy(self) -> list[str]:
        """Conditions in which an SNR was measured: at the microphone, or only as delivered, of a device's own noise."""
        return [name for name in self.conditions if any(self.of(name, column) for column in SNRS)]


def cells_of(rows: Iterable[Row], order: Iterable[str] | None = None) -> Cells:
    """The cells of a manifest, whose rows are read once.

    Args:
        rows: The rows.
        order: Names of conditions in the order of the grid; as they come if not given.

    Example:
        >>> grid = cells_of([{"condition": "fan", "group": "a", "snr_db": 5.0}, {"condition": "fan", "group": "b"}])
        >>> grid.conditions, grid.groups, grid.of("fan", "snr_db"), grid.cells["fan", "b"].items
        (('fan',), ('a', 'b'), [5.0], 1)
    """
    tally = CellsTally()
    for row in rows:
        tally.take(row)
    return tally.found(order)


class CellsTally:
    """Fills the cells of a manifest, a row at a time."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Cell] = {}

    def take(self, row: Row) -> None:
        """Count a row of the manifest."""
        place = (str(row["condition"]), str(row["group"]))
        cell = self._found.get(place)
        if cell is None:
            cell = self._found[place] = Cell()
        cell.items += 1
        cell.noise_step = row.get("noise_step") or cell.noise_step
        for name, values in cell.measured.items():
            value = row.get(name)
            if isinstance(value, int | float) and math.isfinite(value):
                values.append(value)

    def found(self, order: Iterable[str] | None = None) -> Cells:
        """The cells of all rows.

        Args:
            order: Names of conditions in the order of the grid; as they came if not given.
        """
        places = {name: turn for turn, name in enumerate(order or ())}
        found = dict(sorted(self._found.items(), key=lambda cell: places.get(cell[0][0], len(places))))
        conditions = tuple(dict.fromkeys(condition for condition, _ in found))
        return Cells(conditions, tuple(sorted({group for _, group in found})), found)


def design_map(grid: Cells, words: Mapping[str, str]) -> str:
    """Items of each condition (row) and group (column), as numbers on shades.

    Args:
        grid: The cells.
        words: What speech meets in each condition, by its name; shown beside it where it is known.
    """
    conditions, groups = grid.conditions[:MOST_CONDITIONS], grid.groups[:MOST_GROUPS]
    most = max((cell.items for cell in grid.cells.values()), default=0)
    step = max(1, math.ceil((most + 1) / SHADES))
    rows = []
    for condition in conditions:
        counts = [cell.items if (cell := grid.cells.get((condition, group))) else 0 for group in groups]
        told = (
            f'<td class="text">{escape(spelled(words[condition]))}</td>'
            if condition in words
            else '<td class="text"></td>'
        )
        shaded = [f'<td class="heat h{shade(count, step)}">{count}</td>' for count in counts]
        rows.append([breakable(condition), told, *shaded])
    table = data_table("Items of each cell", ["condition", "in words", *map(safe, groups)], rows, "sticky")
    starts = [step * number for number in range(most // step + 1)]
    ends = [min(start + step - 1, most) for start in starts]
    labels = [f"{first}" if first == last else f"{first}–{last}" for first, last in zip(starts, ends, strict=True)]
    scale = shade_scale(labels, "items")
    return f"{scale}{table}{remark(grid)}"


def remark(grid: Cells) -> str:
    """What was left out of a table; empty if nothing was."""
    every = ((MOST_CONDITIONS, grid.conditions, "condition"), (MOST_GROUPS, grid.groups, "group"))
    left = [f"{most} of {counted(len(names), what)}" for most, names, what in every if len(names) > most]
    return f'<p class="remark">{" and ".join(left)}</p>\n' if left else ""


def snr_panels(grid: Cells) -> str:
    """SNR of each condition with noise, at the microphone by group and as delivered; empty without noise."""
    figures = snr_figures(grid)
    if not figures:
        return ""
    every = len(grid.noisy)
    left = f'<p class="remark">{MOST_DRAWN} of {counted(every, "condition")} with noise</p>\n'
    names = legend(told_apart(grid)) if told_apart(grid) else ""
    alone = any(not grid.of(name, "snr_db") for name in grid.noisy[:MOST_DRAWN])
    devices = " Where all noise is the device's own, marks are of the SNR as delivered." if alone else ""
    return f"{names}{panels(figures)}<p>{CAPTION}{devices}</p>\n{left if every > MOST_DRAWN else ''}"


def told_apart(grid: Cells) -> tuple[str, ...]:
    """Groups that have marks of their own; none if there are more groups than marks."""
    return grid.groups if len(grid.groups) <= MOST_LINES else ()


def snr_figures(grid: Cells) -> list[Panel]:
    """The panels of :func:`snr_panels`."""
    drawn = grid.noisy[:MOST_DRAWN]
    if not drawn:
        return []
    known = [value for name in drawn for column in SNRS for value in _ends(grid.of(name, column))]
    low, high, step = round_ends(known, 10)
    at = linear(low, high, LEFT, WIDTH - RIGHT)
    parts = [drawn[start : start + PER_PANEL] for start in range(0, len(drawn), PER_PANEL)]
    return [_snr_panel(grid, names, told_apart(grid), at, ticks(low, high, step)) for names in parts]


def _ends(values: Sequence[float]) -> tuple[float, ...]:
    return (values[0], values[-1]) if values else ()


def _snr_panel(grid: Cells, names: Sequence[str], groups: Sequence[str], at: At, marks: Sequence[float]) -> Panel:
    bottom = LINE * len(names) + 6
    parts = [
        f'<path d="M{at(tick):.1f} 0V{bottom}" stroke="var(--line)"/>'
        f'<text x="{at(tick):.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
        for tick in marks
    ]
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{bottom + 32}" text-anchor="middle">SNR in dB</text>')
    parts += [_snr_line(grid, name, groups, LINE * turn + 15, at) for turn, name in enumerate(names)]
    whole = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    return Panel(whole, f"Measured SNR of {counted(len(names), 'condition')}", bottom + 38, "".join(parts))


def _snr_line(grid: Cells, name: str, groups: Sequence[str], y: int, at: At) -> str:
    """One condition: its name, and below it a bar and marks."""
    heard, delivered = grid.of(name, "snr_db"), grid.of(name, "snr_delivered_db")
    told = f"{safe(name)}: {_snr_words(heard, delivered)}"
    bar, down = "", y + 17
    if len(delivered) > 1:
        lower, _, upper = quantiles(delivered, n=4, method="inclusive")
        told += f", {delivered[0]:.1f} to {delivered[-1]:.1f} dB delivered"
        bar = f'<path d="M{at(delivered[0]):.1f} {down}H{at(delivered[-1]):.1f}" stroke="var(--faint)"/>'
        bar += (
            f'<path d="M{at(lower):.1f} {down}H{at(upper):.1f}" stroke="var(--faint)" stroke-width="6" opacity=".6"/>'
        )
    marks, marked = [], "snr_db" if heard else "snr_delivered_db"
    for turn, group in enumerate(groups):
        own = grid.of(name, marked, [group])
        if own:
            place = down + APART * (turn - (len(groups) - 1) / 2)  # groups of equal SNR do not hide one another
            shape = (
                f'<path d="M{at(median(own)):.1f} {place:g}{MARKS[turn]}" fill="currentColor" stroke="var(--paper)"/>'
            )
            marks.append(f'<g class="g{turn}"><title>{safe(group)}: {median(own):.1f} dB</title>{shape}</g>')
    if not groups:
        place = at(median(grid.of(name, marked)))
        marks.append(f'<path d="M{place:.1f} {down}{MARKS[0]}" fill="var(--mark)" stroke="var(--paper)"/>')
    return f'<g><title>{told}</title><text x="{LEFT}" y="{y}">{safe(cut(name, NAME))}</text>{bar}{"".join(marks)}</g>'


def measured_table(grid: Cells) -> str:
    """SNR at the microphone, as delivered, and level of the speech, of each cell: medians."""
    groups = grid.groups[:MOST_GROUPS]
    rows = []
    for condition in grid.conditions[:MOST_CONDITIONS]:
        cells = [grid.cells.get((condition, group)) for group in groups]
        rows.append([breakable(condition), *(_measured_cell(cell) for cell in cells)])
    caption = "Median SNR at the microphone in dB; below it SNR as delivered, and active speech level"
    return data_table(caption, ["condition", *map(safe, groups)], rows, "sticky") + remark(grid)


def _measured_cell(cell: Cell | None) -> str:
    if cell is None or not cell.items:
        return '<td class="heat"></td>'
    snr, delivered, level = (cell.measured[name] for name in MEASURED)
    below = [f"delivered {tenths(median(delivered))} dB"] if snr and delivered else []
    below += [f"{tenths(median(level))} dBov"] if level else []
    told = tenths(median(snr)) if snr else _snr_words(snr, delivered, cell.noise_step)
    return f'<td class="heat">{told}<small>{", ".join(below)}</small></td>'


def _snr_words(heard: Sequence[float], delivered: Sequence[float], noise_step: str | None = None) -> str:
    """Medians of the SNR in words."""
    known = zip(SNRS, (heard, delivered), strict=True)
    return snr_words({name: median(values) if values else None for name, values in known} | {"noise_step": noise_step})
