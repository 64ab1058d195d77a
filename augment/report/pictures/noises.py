"""Spectra and rhythms of noises."""

from collections.abc import Sequence

from augment.acoustics.portrait import FASTEST_HZ, SHOWN_S, SLOWEST_HZ, NoisePortrait
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
)

Named = Sequence[tuple[str, NoisePortrait]]
OCTAVES_HZ = (31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
DEEPEST_DB, DEEPEST_PAUSE_DB = -60.0, -50.0
"""Re the whole sound: what is fainter is drawn at the lower edge."""
QUIET_RANGE_DB = (-15.0, 5.0)
"""A steady noise is drawn as steady, and not magnified."""


def noise_panels(noises: Named, together: bool = False) -> list[Panel]:
    """Spectrum, level over time and rhythm: three panels for each noise, or three for all.

    Args:
        noises: Name, which is untrusted, and portrait of each.
        together: Draw them over each other; no more than six.
    """
    if together:
        return _three("", noises[:MOST_LINES])
    return [drawn for name, noise in noises for drawn in _three(f"{name}: ", [(name, noise)])]


def _three(before: str, noises: Named) -> list[Panel]:
    drawn = [_spectrum(f"{before}third octaves", noises), _envelope(f"{before}level over time", noises)]
    if any(noise.rhythm for _, noise in noises):
        drawn.append(_rhythm(f"{before}rhythm", noises))
    return drawn


def _spectrum(name: str, noises: Named) -> Panel:
    x = frequencies(20.0, max(noise.sample_rate_hz / 2 for _, noise in noises))
    y = Axis.of([max(level, DEEPEST_DB) for _, n in noises for _, level in n.third_octaves_db], "dB re the whole", 20)
    lines = [
        curve(turn, f"{safe(own)}: {loudest(noise)}", noise.third_octaves_db, x, y, _marked(noise))
        for turn, (own, noise) in enumerate(noises)
    ]
    said = "Level in third octaves" + (f", {loudest(noises[0][1])}" if len(noises) == 1 else "")
    return Panel(name, said, PLOT_BOTTOM + BELOW, grid(x, y) + "".join(lines))


def _marked(noise: NoisePortrait) -> list[tuple[float, float]]:
    return [(hz, level) for hz, level in noise.third_octaves_db if hz in OCTAVES_HZ]


def _envelope(name: str, noises: Named) -> Panel:
    longest = max(len(noise.envelope_db) for _, noise in noises) * SHOWN_S
    x = Axis.of([0.0, longest], "time in s", 1.0)
    shown = [max(level, DEEPEST_PAUSE_DB) for _, noise in noises for level in noise.envelope_db]
    y = Axis.of([*QUIET_RANGE_DB, *shown], "dB re the whole")
    lines = []
    for turn, (own, noise) in enumerate(noises):
        points = [((place + 0.5) * SHOWN_S, level) for place, level in enumerate(noise.envelope_db)]
        lines.append(curve(turn, f"{safe(own)}: {pauses(noise)}", points, x, y))
    said = "Level in steps of 20 ms" + (f", {pauses(noises[0][1])}" if len(noises) == 1 else "")
    return Panel(name, said, PLOT_BOTTOM + BELOW, grid(x, y) + "".join(lines))


def _rhythm(name: str, noises: Named) -> Panel:
    x = frequencies(SLOWEST_HZ - 0.05, FASTEST_HZ + 5)
    y = Axis.of([0.0, *(index for _, noise in noises for _, index in noise.rhythm)], "modulation index", 0.5)
    lines = [
        curve(turn, f"{safe(own)}: {swing(noise)}", noise.rhythm, x, y, noise.rhythm)
        for turn, (own, noise) in enumerate(noises)
        if noise.rhythm
    ]
    said = "Modulation of the power" + (f", {swing(noises[0][1])}" if len(noises) == 1 else "")
    return Panel(name, said, PLOT_BOTTOM + BELOW, grid(x, y) + "".join(lines))


def loudest(noise: NoisePortrait) -> str:
    """The third octave with the most power, in words.

    Example:
        >>> loudest(NoisePortrait(16000, 1.0, 1, 1.0, ((500.0, -6.0), (1000.0, -1.0)), (), (0.0,), (), None))
        'loudest around 1000 Hz'
    """
    centre, _ = max(noise.third_octaves_db, key=lambda band: band[1])
    return f"loudest around {centre:g} Hz"


def lines_told(noise: NoisePortrait) -> str:
    """The strongest lines of a noise, in words."""
    if not noise.lines:
        return "no line stands out"
    return "lines at " + ", ".join(f"{line.hz:g} Hz ({line.level_db:.1f} dB)" for line in noise.lines)


def pauses(noise: NoisePortrait) -> str:
    """Whether a noise pauses, in words."""
    return "always on" if noise.on == 1 else f"on for {100 * noise.on:.0f} % of the time"


def swing(noise: NoisePortrait) -> str:
    """How a noise swings, in words."""
    if noise.swing_hz is None:
        return "too short for a rhythm"
    most = max(index for _, index in noise.rhythm)  # of the band that the frequency lies in
    return f"swings most at {noise.swing_hz:g} Hz (modulation index {most:.2f})"


def told(noise: NoisePortrait) -> str:
    """A noise in a sentence."""
    looked = f"{noise.seconds:g} s" + (f" in {noise.sounds} stretches" if noise.sounds > 1 else "")
    return f"{loudest(noise)}; {lines_told(noise)}; {pauses(noise)}; {swing(noise)} (looked at for {looked})"


def noise_table(noises: Named) -> str:
    """Third octaves, a row for each band."""
    names = [name for name, _ in noises]
    bands = dict.fromkeys(hz for _, noise in noises for hz, _ in noise.third_octaves_db)
    known = [dict(noise.third_octaves_db) for _, noise in noises]
    rows = [[f"{hz:g} Hz", *("–" if hz not in own else f"{own[hz]:.1f}" for own in known)] for hz in bands]
    return data_table("Third octaves in dB re the whole noise", ["band", *map(safe, names)], rows)


def rhythm_table(noises: Named) -> str:
    """Modulation index, a row for each band; empty without any."""
    told_of = [(name, noise) for name, noise in noises if noise.rhythm]
    if not told_of:
        return ""
    rows = [
        [f"{hz:g} Hz", *(f"{noise.rhythm[place][1]:.2f}" for _, noise in told_of)]
        for place, (hz, _) in enumerate(told_of[0][1].rhythm)
    ]
    return data_table("Modulation index", ["band", *(safe(name) for name, _ in told_of)], rows)
