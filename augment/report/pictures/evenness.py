"""How even a design is: how far groups differ before and after the selection, and how often segments are heard."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from augment.columns import numbered
from augment.plain_text import cut
from augment.report.page import data_table
from augment.report.pictures.drawing import RIGHT, WIDTH, Panel, linear, panels, round_ends, safe, ticks
from augment.report.text import counted

Row = Mapping[str, Any]
LEFT, LINE, LABEL = 124, 24, 15
MOST_VARIABLES, MOST_GROUPS, MOST_BARS = 12, 30, 8
MOST_ROWS = MOST_VARIABLES * MOST_GROUPS
MOST_NOISES = 16
"""No condition has more noises than that."""
NOISES = [
    tuple(numbered(name, number) for name in ("noise_step", "noise_segment", "noise_start_s"))
    for number in range(1, MOST_NOISES)
]
"""Columns of each noise: the step that plays it, what is heard of it, and from where on."""
CAPTION = (
    "Hollow: largest difference to another group among all speakers of the corpus that could be chosen. Filled: among "
    "those that were chosen. Upright line: what the furthest two exceed by chance in 5 %."
)


def balance_panels(balance: Sequence[Mapping[str, Any]]) -> str:
    """How far each group is from another one, before and after the selection: a panel for each variable.

    Args:
        balance: As ``testset.json`` has it: variable, group, before, after, chance; what is no number is not drawn.
    """
    variables: dict[str, list[Mapping[str, Any]]] = {}
    for difference in balance:
        if _number(difference["before"]) is not None and _number(difference["after"]) is not None:
            variables.setdefault(str(difference["variable"]), []).append(difference)
    shown = sorted(variables, key=lambda name: not variables[name][0]["matched"])[:MOST_VARIABLES]
    if not shown:
        return ""
    more = left_out((len(shown), len(variables), "variable"), (MOST_GROUPS, _most_groups(variables), "group"))
    return panels(_variable(name, variables[name][:MOST_GROUPS]) for name in shown) + f"<p>{CAPTION}</p>\n{more}"


def _most_groups(variables: Mapping[str, Sequence[Any]]) -> int:
    return max(map(len, variables.values()))


def left_out(*parts: tuple[int, int, str]) -> str:
    r"""What is not drawn, in words; empty if all is.

    Args:
        parts: How many are shown at most, how many there are, and of what.

    Example:
        >>> left_out((30, 34, "group"), (12, 3, "variable"))
        '<p class="remark">30 of 34 groups are shown</p>\n'
    """
    left = [f"{most} of {counted(every, what)}" for most, every, what in parts if every > most]
    return f'<p class="remark">{" and ".join(left)} are shown</p>\n' if left else ""


def _number(value: Any) -> float | None:
    """A figure, or None for what JSON has no number for."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _variable(name: str, differences: Sequence[Mapping[str, Any]]) -> Panel:
    chance = max((found for d in differences if (found := _number(d["chance"])) is not None), default=None)
    values = [value for d in differences for value in (_number(d["before"]), _number(d["after"]), chance)]
    low, high, step = round_ends([0.0, *(value for value in values if value is not None)], 0.2)
    at = linear(low, high, LEFT, WIDTH - RIGHT)
    bottom = LINE * len(differences) + 4
    parts = [
        f'<path d="M{at(tick):.1f} 0V{bottom}" stroke="var(--line)"/>'
        f'<text x="{at(tick):.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
        for tick in ticks(low, high, step)
    ]
    if chance is not None:
        parts.append(f'<path d="M{at(chance):.1f} 0V{bottom}" stroke="var(--ink)" stroke-dasharray="2 3"/>')
    ring = 'r="4.5" fill="var(--paper)" stroke="var(--mark)" stroke-width="2"'
    for turn, difference in enumerate(differences):
        before, after = (_number(difference[place]) or 0.0 for place in ("before", "after"))
        y, group = LINE * turn + 14, str(difference["group"])
        parts.append(
            f"<g><title>{safe(group)}: {before:.2f} before, {after:.2f} after the selection</title>"
            f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{safe(cut(group, LABEL))}</text>'
            f'<path d="M{at(before):.1f} {y}H{at(after):.1f}" stroke="var(--faint)"/>'
            f'<circle cx="{at(before):.1f}" cy="{y}" {ring}/>'
            f'<circle cx="{at(after):.1f}" cy="{y}" r="4.5" fill="var(--mark)"/></g>'
        )
    unit = "standard deviations" if name == "duration" else "total variation distance"
    matched = "matched" if differences[0]["matched"] else "not matched"
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{bottom + 32}" text-anchor="middle">{unit}</text>')
    said = f"Largest difference of each group to another one in {unit}"
    return Panel(f"{name} ({matched})", said, bottom + 38, "".join(parts))


def balance_table(balance: Sequence[Mapping[str, Any]]) -> str:
    """The same as figures."""
    rows = [
        [
            safe(d["variable"]),
            f'<td class="text">{safe(d["group"])}</td>',
            *(_figure(d[name]) for name in ("before", "after")),
            f'<td class="text">{safe(d["other"])}</td>',
            _figure(d["chance"]),
        ]
        for d in balance[:MOST_ROWS]
    ]
    header = ["variable", "group", "before", "after", "furthest from", "by chance"]
    more = left_out((MOST_ROWS, len(balance), "difference"))
    return data_table("Differences of groups before and after the selection", header, rows) + more


def _figure(value: Any) -> str:
    found = _number(value)
    return "–" if found is None else f"{found:.2f}"


def exposure_of(rows: Iterable[Row]) -> dict[str, Counter[int]]:
    """For each noise step that plays recordings, how many segments are heard by how many blocks.

    Args:
        rows: Of the manifest, which are read once.

    Example:
        >>> row = {"noise_step": "n/street/b", "noise_segment": "a.wav@0", "noise_start_s": 0.0}
        >>> exposure_of([{**row, "block": 0}, {**row, "block": 1}, {**row, "block": 1, "noise_segment": "a.wav@9"}])
        {'n/street/b': Counter({2: 1, 1: 1})}
    """
    tally = ExposureTally()
    for row in rows:
        tally.take(row)
    return tally.found


class ExposureTally:
    """Counts in how many blocks segments are heard, a row at a time."""

    def __init__(self) -> None:
        self._blocks: dict[str, dict[str, set[int]]] = {}

    def take(self, row: Row) -> None:
        """Count a row of the manifest."""
        for step_of, segment_of, start_of in NOISES:
            step = row.get(step_of)
            if step is None:
                break
            segment = row.get(segment_of)
            if segment is not None and row.get(start_of) is not None:
                self._blocks.setdefault(str(step), {}).setdefault(str(segment), set()).add(row["block"])

    @property
    def found(self) -> dict[str, Counter[int]]:
        """What all rows say."""
        return {step: Counter(map(len, segments.values())) for step, segments in sorted(self._blocks.items())}


def exposure_panels(exposure: Mapping[str, Counter[int]]) -> str:
    """A panel for each noise step: bars for the segments that are heard once, twice ...; empty without recordings."""
    drawn = list(exposure.items())[:MOST_VARIABLES]
    more = left_out((MOST_VARIABLES, len(exposure), "noise step"))
    return panels(_exposed(step, heard) for step, heard in drawn) + more if drawn else ""


def _exposed(step: str, heard: Counter[int]) -> Panel:
    bars = bars_of(heard)
    at = linear(0, max(segments for _, segments in bars), LEFT, WIDTH - RIGHT - 34)
    parts = []
    for turn, (blocks, segments) in enumerate(bars):
        y = LINE * turn + 4
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 13}" text-anchor="end">{blocks}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{at(segments) - LEFT:.1f}" height="17" fill="var(--mark)" opacity=".6"/>'
            f'<text x="{at(segments) + 6:.1f}" y="{y + 13}">{segments}</text>'
        )
    said = "; ".join(f"{counted(segments, 'segment')} in {blocks}" for blocks, segments in bars)
    return Panel(step, f"How many segments are heard in how many blocks: {said}", LINE * len(bars) + 8, "".join(parts))


def bars_of(heard: Mapping[int, int]) -> list[tuple[str, int]]:
    """Bars: how many blocks hear a segment, in words, and how many segments are so; the last holds all that follow.

    Example:
        >>> bars_of({1: 5, 2: 3}), bars_of({times: 1 for times in range(1, 12)})[-1]
        ([('1 block', 5), ('2 blocks', 3)], ('8 or more blocks', 4))
    """
    found = sorted(heard.items())
    if len(found) <= MOST_BARS:
        return [(counted(times, "block"), segments) for times, segments in found]
    kept, rest = found[: MOST_BARS - 1], found[MOST_BARS - 1 :]
    last = (f"{rest[0][0]} or more blocks", sum(segments for _, segments in rest))
    return [*((counted(times, "block"), segments) for times, segments in kept), last]


def exposure_table(exposure: Mapping[str, Counter[int]]) -> str:
    """The same as figures."""
    rows = [
        [safe(step), f"{sum(heard.values())}", f"{min(heard)}", f"{max(heard)}"] for step, heard in exposure.items()
    ]
    header = ["noise step", "segments heard", "fewest blocks that hear one", "most blocks that hear one"]
    return data_table("How often segments of recordings are heard", header, rows)
