"""A recording and its synthesis, drawn over each other: fine spectra with the lines that were found, and envelopes."""

from collections.abc import Sequence

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.spectrum import mean_density
from augment.fitting.distance import loud
from augment.fitting.likeness import MODULATIONS_HZ, Likeness
from augment.report.pictures.drawing import BELOW, PLOT_BOTTOM, Axis, Panel, curve, frequencies, grid, safe

LOWEST_HZ = 20.0
STEPS = 320
"""Stretches of frequency of equal ratio, less than two pixels wide: each is drawn by its highest value."""
DEEPEST_DB = -70.0
"""Re the highest value of the recording: what is fainter is drawn at the lower edge."""


def spectra_panel(sounds: Sequence[tuple[str, Signal]], sample_rate_hz: int, lines_hz: Sequence[float]) -> Panel:
    """Fine spectra of a recording and of its synthesis, and where lines were found in the recording.

    Args:
        sounds: Name, which is untrusted, and samples of each; the recording first, and not silent.
        sample_rate_hz: Of all of them.
        lines_hz: Frequencies of the lines.

    Example:
        >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
        >>> drawn = spectra_panel([("recording", tone), ("synthesis", tone)], 16000, [1000.0])
        >>> drawn.said, drawn.drawing.count('class="marks"')
        ('Power in 1 Hz, with 1 line found in the recording', 1)
    """
    highest_hz = sample_rate_hz / 2
    edges = np.geomspace(LOWEST_HZ, highest_hz, STEPS + 1)
    curves, top = list[list[tuple[float, float]]](), 0.0
    for _, sound in sounds:
        frequency, density = mean_density(sound, sample_rate_hz)
        levels = 10 * np.log10(np.maximum(density, np.finfo(float).tiny))
        places = np.clip(np.searchsorted(edges, frequency, side="right") - 1, -1, STEPS)
        peaks = [(place, levels[places == place]) for place in range(STEPS)]
        drawn = [(float(np.sqrt(edges[k] * edges[k + 1])), float(np.max(held))) for k, held in peaks if held.size]
        top = top if curves else max(level for _, level in drawn)
        curves.append([(hz, max(level - top, DEEPEST_DB)) for hz, level in drawn])
    x = frequencies(LOWEST_HZ, highest_hz)
    y = Axis.of([0.0, DEEPEST_DB, *(level for points in curves for _, level in points)], "dB re the highest", 20)
    shown = [hz for hz in lines_hz if LOWEST_HZ <= hz < highest_hz]
    marked = [_nearest(curves[0], hz) for hz in shown]
    paths = [
        curve(turn, safe(name), points, x, y, () if turn else marked)
        for turn, ((name, _), points) in enumerate(zip(sounds, curves, strict=True))
    ]
    lines = f"{len(shown)} line{'' if len(shown) == 1 else 's'} found in the recording"
    said = f"Power in 1 Hz, with {lines}" if shown else "Power in 1 Hz; no line was found in the recording"
    drawing = grid(x, y) + "".join(reversed(paths))
    return Panel("fine spectra", said, PLOT_BOTTOM + BELOW, drawing)


def _nearest(points: Sequence[tuple[float, float]], hz: float) -> tuple[float, float]:
    """The frequency of a line, at the level of the spectrum there."""
    return hz, min(points, key=lambda point: abs(np.log(point[0] / hz)))[1]


def modulation_panel(sounds: Sequence[tuple[str, Likeness]]) -> Panel:
    """Envelope spectra: how much the power of octaves swings, on average over those that are loud in the first sound.

    Args:
        sounds: Name, which is untrusted, and figures of each; the recording first.

    Example:
        >>> from augment.fitting.glimpses import demo_voices
        >>> from augment.fitting.likeness import Stretch, likeness
        >>> white = np.random.default_rng(1).standard_normal(48000)
        >>> seen = likeness(Stretch.whole(white, 16000), demo_voices(16000))
        >>> modulation_panel([("recording", seen), ("synthesis", seen)]).drawing.count('class="curve"')
        2
    """
    counted = loud(sounds[0][1].octaves_db)
    drawn = []
    for _, one in sounds:
        levels = 10 * np.log10(np.mean(10 ** (one.modulation_db[counted] / 10), axis=0))
        drawn.append([(hz, float(level)) for hz, level in zip(MODULATIONS_HZ, levels, strict=True) if level == level])
    x = frequencies(MODULATIONS_HZ[0] - 0.05, MODULATIONS_HZ[-1] + 10)
    y = Axis.of([0.0, *(level for points in drawn for _, level in points)], "dB re the mean power", 20)
    paths = [
        curve(turn, safe(name), points, x, y, points)
        for turn, ((name, _), points) in enumerate(zip(sounds, drawn, strict=True))
    ]
    said = "Variance of the power of octaves in octaves of modulation frequency, on average over bands"
    return Panel("envelope spectra of bands", said, PLOT_BOTTOM + BELOW, grid(x, y) + "".join(reversed(paths)))
