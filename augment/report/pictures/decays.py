"""How sound dies away in rooms."""

from collections.abc import Sequence

from augment.acoustics.portrait import DecayPortrait
from augment.report.page import data_table
from augment.report.pictures.drawing import (
    BELOW,
    MOST_LINES,
    PLOT_BOTTOM,
    Axis,
    Panel,
    curve,
    grid,
    polyline,
    safe,
)

Places = Sequence[DecayPortrait]
DEEPEST_DB = -60.0
FIT_FROM_DB = -5.0
MARKS_APART = 6
"""Marks on a curve that is compared with others."""


def decay_panel(name: str, places: Places) -> Panel:
    """The backward-integrated decay of each place, lines of their reverberation times, and the energy of the first.

    Args:
        name: Of the room; untrusted.
        places: At least one; no more than six are drawn.
    """
    return _panel(name, [(place.name, place) for place in places[:MOST_LINES]])


def decays_panel(rooms: Sequence[tuple[str, DecayPortrait]]) -> Panel:
    """Decays of several rooms over each other; no more than six, with their names."""
    return _panel("Decay", rooms[:MOST_LINES], compared=True)


def _panel(name: str, named: Sequence[tuple[str, DecayPortrait]], compared: bool = False) -> Panel:
    drawn = [place for _, place in named]
    longest = max(place.step_s * len(place.curve_db) for place in drawn)
    x = Axis.of([0.0, longest], "time in s")
    y = Axis(DEEPEST_DB, 0.0, tuple(float(level) for level in range(round(DEEPEST_DB), 1, 10)), "dB")
    parts = [] if compared else [_energy(drawn[0], x, y)]
    for turn, (own, place) in enumerate(named):
        points = [(number * place.step_s, level) for number, level in enumerate(place.curve_db) if level >= DEEPEST_DB]
        marked = points[len(points) // MARKS_APART :: len(points) // MARKS_APART or 1]
        parts.append(curve(turn, f"{safe(own)}: {told(place)}", points, x, y, marked if compared else ()))
        parts.append("" if compared else _fit(place, points, x, y))
    first = f" in the first of {len(drawn)} places" if len(drawn) > 1 else ""
    said = "Decay" if compared else f"Decay{first}, {told(drawn[0])}"
    names = [own for own, _ in named] if len(named) > 1 and not compared else []
    return Panel(name, said, PLOT_BOTTOM + BELOW, grid(x, y) + "".join(parts), names)


def _energy(place: DecayPortrait, x: Axis, y: Axis) -> str:
    """The energy in each step, faint behind the curves."""
    points = [((number + 0.5) * place.step_s, max(level, y.first)) for number, level in enumerate(place.energy_db)]
    path = polyline(points, x.across(), y.up())
    return f'<path class="energy" d="{path}" stroke="var(--faint)" fill="none" opacity=".6"/>'


def _fit(place: DecayPortrait, points: Sequence[tuple[float, float]], x: Axis, y: Axis) -> str:
    """The line that falls by 60 dB in the reverberation time, from where the curve has fallen by 5 dB."""
    begins = next((second for second, level in points if level <= FIT_FROM_DB), None)
    if place.t30_s is None or begins is None or place.t30_s <= 0:
        return ""
    ends = min(begins + (DEEPEST_DB - FIT_FROM_DB) / -60 * place.t30_s, x.last)
    bottom = FIT_FROM_DB - 60 * (ends - begins) / place.t30_s
    path = polyline([(begins, FIT_FROM_DB), (ends, bottom)], x.across(), y.up())
    return f'<path class="fit" d="{path}" stroke="var(--ink)" stroke-dasharray="1 4" stroke-width="2"/>'


def told(place: DecayPortrait) -> str:
    """A decay in a sentence.

    Example:
        >>> told(DecayPortrait("1", 0.01, (0.0, -1.0), (0.0, -1.0), 0.5, "T30", 12.0, None))
        'T30 0.50 s, clarity C50 12.0 dB'
    """
    parts = [f"{place.t30_range} {place.t30_s:.2f} s" if place.t30_s is not None else "too short for T30"]
    if place.c50_db is not None:
        parts.append(f"clarity C50 {place.c50_db:.1f} dB")
    if place.drr_db is not None:
        parts.append(f"direct to reverberant {place.drr_db:.1f} dB")
    return ", ".join(parts)


def decay_table(rooms: Sequence[tuple[str, Places]]) -> str:
    """A row for each place."""
    rows = [
        [safe(name), f'<td class="text">{safe(place.name or "–")}</td>', *_figures(place)]
        for name, places in rooms
        for place in places
    ]
    return data_table("Decay of rooms", ["room", "place", "T30", "range", "C50", "direct to reverberant"], rows)


def _figures(place: DecayPortrait) -> list[str]:
    def shown(value: float | None, unit: str, digits: int) -> str:
        return "–" if value is None else f"{value:.{digits}f} {unit}"

    return [
        shown(place.t30_s, "s", 2),
        safe(place.t30_range or "–"),
        shown(place.c50_db, "dB", 1),
        shown(place.drr_db, "dB", 1),
    ]
