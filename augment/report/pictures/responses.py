"""Frequency responses of devices."""

import itertools
from collections.abc import Sequence

from augment.profiles.microphone import DevicePortrait
from augment.report.page import data_table
from augment.report.pictures.drawing import (
    BELOW,
    MOST_LINES,
    PLOT_BOTTOM,
    Axis,
    Panel,
    curve,
    frequencies,
    grid,
    safe,
    unknown,
)

Named = Sequence[tuple[str, DevicePortrait]]
OCTAVES_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
LOWEST_HZ = 50.0
DEEPEST_DB = -50.0
"""Re 1 kHz: what is deeper is drawn at the lower edge."""


def response_panels(devices: Named, together: bool = False) -> list[Panel]:
    """Responses in dB re 1 kHz over frequency: a panel for each device, or one for all.

    Args:
        devices: Name, which is untrusted, and response of each.
        together: Draw them over each other; no more than six.
    """
    if together:
        return [_panel("Frequency response", devices[:MOST_LINES])]
    return [_panel(name, [(name, device)]) for name, device in devices]


def _panel(name: str, devices: Named) -> Panel:
    top_hz = max(device.sample_rate_hz / 2 for _, device in devices)
    x = frequencies(min(LOWEST_HZ, *(_known(device)[0] for _, device in devices)), top_hz)
    levels = [max(level, DEEPEST_DB) for _, device in devices for _, level in device.points]
    y = Axis.of([0.0, *levels], "dB re 1 kHz", 20)
    lines = []
    for turn, (own, device) in enumerate(devices):
        marked = [(hz, level) for hz, level in octaves(device) if level is not None]
        lines.append(curve(turn, f"{safe(own)}: {told(device)}", device.points, x, y, marked))
    low = min(_known(device)[0] for _, device in devices)
    high = max(_known(device)[1] for _, device in devices)
    dark = unknown(x.first, low, x) + unknown(high, x.last, x)
    said = f"Frequency response from {low:g} to {high:g} Hz"
    return Panel(name, said, PLOT_BOTTOM + BELOW, grid(x, y) + dark + "".join(lines))


def _known(device: DevicePortrait) -> tuple[float, float]:
    return device.points[0][0], device.points[-1][0]


def octaves(device: DevicePortrait) -> list[tuple[float, float | None]]:
    """Level at the centre of each octave below half the sample rate; None where nothing is known."""
    return [(hz, device.at(hz)) for hz in OCTAVES_HZ if hz <= device.sample_rate_hz / 2]


def told(device: DevicePortrait) -> str:
    """A response in a sentence: how it falls to both sides of 1 kHz, and where its highest point is.

    Example:
        >>> told(DevicePortrait("x", 16000, ((100.0, -20.0), (1000.0, 0.0), (3000.0, 5.0), (8000.0, -3.0))))
        'known from 100 to 8000 Hz; highest at 3000 Hz (+5.0 dB re 1 kHz); within 6 dB of that from 891 to 6260 Hz'
    """
    low, high = _known(device)
    peak_hz, peak_db = max(device.points, key=lambda point: point[1])
    inside = _within(device, peak_hz, peak_db - 6)
    return (
        f"known from {low:.0f} to {high:.0f} Hz; highest at {peak_hz:.0f} Hz ({peak_db:+.1f} dB re 1 kHz); "
        f"within 6 dB of that from {inside[0]:.0f} to {inside[1]:.0f} Hz"
    )


def _within(device: DevicePortrait, peak_hz: float, level_db: float) -> tuple[float, float]:
    """The frequencies to both sides of the highest point where the response first falls below a level."""
    found = []
    down = [point for point in reversed(device.points) if point[0] <= peak_hz]
    for outwards in (down, [point for point in device.points if point[0] >= peak_hz]):
        end = outwards[-1][0]
        for (from_hz, before), (to_hz, after) in itertools.pairwise(outwards):
            if after < level_db:
                end = from_hz * (to_hz / from_hz) ** ((before - level_db) / (before - after))
                break
        found.append(end)
    return found[0], found[1]


def response_table(devices: Named) -> str:
    """Levels at octaves, a row for each device."""
    shown = [hz for hz in OCTAVES_HZ if any(hz <= device.sample_rate_hz / 2 for _, device in devices)]
    rows = []
    for name, device in devices:
        known = dict(octaves(device))
        rows.append([safe(name), *("–" if (level := known.get(hz)) is None else f"{level:+.1f}" for hz in shown)])
    return data_table("Response in dB re 1 kHz", ["device", *(f"{hz:g} Hz" for hz in shown)], rows)
