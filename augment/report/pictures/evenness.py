"""How even a design is: how far groups differ before and after the selection, and how often segments are heard."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from augment.columns import numbered
from augment.report.page import data_table
from augment.report.pictures.drawing import RIGHT, WIDTH, Panel, cut, linear, panels, round_ends, safe, ticks
from augment.report.text import counted

Row = Mapping[str, Any]
LEFT, LINE, LABEL = 124, 24, 15
MOST_VARIABLES, MOST_GROUPS, MOST_BARS = 12, 30, 8
MOST_NOISES = 16
"""No condition has more noises than that."""
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
    left = len(variables) - len(shown)
    more = f'<p class="remark">{counted(left, "more variable")} in the table</p>\n' if left else ""
    return panels(_variable(name, variables[name][:MOST_GROUPS]) for name in shown) + f"<p>{CAPTION}</p>\n{more}"


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
        for d in balance[: MOST_VARIABLES * MOST_GROUPS]
    ]
    header = ["variable", "group", "before", "after", "furthest from", "by chance"]
    return data_table("Differences of groups before and after the selection", header, rows)


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
    blocks: dict[str, dict[str, set[int]]] = {}
    for row in rows:
        for number in range(1, MOST_NOISES):
            step = row.get(numbered("noise_step", number))
            if step is None:
                break
            segment = row.get(numbered("noise_segment", number))
            if segment is not None and row.get(numbered("noise_start_s", number)) is not None:
                blocks.setdefault(str(step), {}).setdefault(str(segment), set()).add(row["block"])
    return {step: Counter(map(len, segments.values())) for step, segments in sorted(blocks.items())}


def exposure_panels(exposure: Mapping[str, Counter[int]]) -> str:
    """A panel for each noise step: bars for the segments that are heard once, twice ...; empty without recordings."""
    drawn = list(exposure.items())[:MOST_VARIABLES]
    return panels(_exposed(step, heard) for step, heard in drawn) if drawn else ""


def _exposed(step: str, heard: Counter[int]) -> Panel:
    bars = sorted(heard.items())[:MOST_BARS]
    at = linear(0, max(heard.values()), LEFT, WIDTH - RIGHT - 34)
    parts = []
    for turn, (times, segments) in enumerate(bars):
        y = LINE * turn + 4
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 13}" text-anchor="end">{counted(times, "block")}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{at(segments) - LEFT:.1f}" height="17" fill="var(--mark)" opacity=".6"/>'
            f'<text x="{at(segments) + 6:.1f}" y="{y + 13}">{segments}</text>'
        )
    said = "; ".join(f"{counted(segments, 'segment')} in {counted(times, 'block')}" for times, segments in bars)
    return Panel(step, f"How many segments are heard in how many blocks: {said}", LINE * len(bars) + 8, "".join(parts))


def exposure_table(exposure: Mapping[str, Counter[int]]) -> str:
    """The same as figures."""
    rows = [
        [safe(step), f"{sum(heard.values())}", f"{min(heard)}", f"{max(heard)}"] for step, heard in exposure.items()
    ]
    header = ["noise step", "segments heard", "fewest blocks that hear one", "most blocks that hear one"]
    return data_table("How often segments of recordings are heard", header, rows)
