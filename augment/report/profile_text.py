"""Profiles, recordings and responses as text: one in full, or several side by side, in 80 columns."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.acoustics.portrait import DecayPortrait, NoisePortrait, band_centres_hz, nominal_hz
from augment.design.wording import capital
from augment.errors import Fault, ProfileError
from augment.plain_text import cut, visible
from augment.profiles.microphone import DevicePortrait
from augment.report.looked_at import LookedAt, Portrait
from augment.report.pictures import decays, noises, responses
from augment.report.pictures.drawing import MOST_LINES
from augment.report.text import counted, table

WIDTH, BAR = 80, 40
RANGE_DB = 50.0
ESTIMATES = "What follows the word 'estimate:' is an engineering estimate, not a measurement."
ROOMS = "pip install 'acoustigrid[rooms]'"
NOT_SIMULATED = f"Its decay is simulated where pyroomacoustics is installed: {ROOMS}"
LETTERS, BESIDE = "ABCDEF", 3
DECAY_SHOWN_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0)


def description(seen: LookedAt) -> str:
    """A profile or a file in full: figures, sources, estimates, and what pictures show."""
    head = _fill(f"{visible(seen.name)}: {visible(seen.title)}")
    return f"{head}\n\n{figures_of(seen)}\n\n{NOT_SIMULATED if seen.portrait is None else portrayed(seen.portrait)}"


def figures_of(seen: LookedAt) -> str:
    """What is known of a profile or a file, with its sources and estimates."""
    parts = []
    if seen.profile is not None:
        said = seen.profile.model_dump(mode="json", exclude_none=True)
        parts.append(_fill(visible(str(said.pop("about")))))
        parts.append("\n".join(_figures({key: value for key, value in said.items() if key != "title"})))
        if "estimate:" in str(said):
            parts.append(_fill(ESTIMATES))
    else:
        taken = {"recording": "a recording", "microphone": "a device's impulse response", "room": "a room's response"}
        parts.append(_fill(f"Taken for {taken[seen.kind]}; --as says it otherwise."))
        parts.append("\n".join(_figures(seen.facts)))
    return "\n\n".join(parts)


def _fill(text: str) -> str:
    return textwrap.fill(text, WIDTH)


def _figures(said: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for key, value in said.items():
        if isinstance(value, dict) and not all(isinstance(v, int | float) for v in value.values()):
            yield f"{indent}{key}:"
            yield from _figures(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, part in enumerate(value, start=1):
                yield f"{indent}{key} {number}:"
                yield from _figures(part, indent + "  ")
        else:
            shown = ", ".join(f"{k}: {v:g}" for k, v in value.items()) if isinstance(value, dict) else str(value)
            text = visible(f"{key}: {shown}")
            yield textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def portrayed(portrait: Portrait) -> str:
    """What pictures show, as bars and a sentence."""
    if isinstance(portrait, NoisePortrait):
        head = f"Third octaves, dB re the whole, {portrait.seconds:g} s at {portrait.sample_rate_hz} Hz"
        parts = [f"{head}\n{_bars(portrait.third_octaves_db)}", _fill(capital(f"{noises.told(portrait)}."))]
        if portrait.rhythm:
            top = max(max(index for _, index in portrait.rhythm), 0.1)
            lines = [f"{hz:>8g} Hz {index:>6.2f}  {'#' * round(BAR * index / top)}" for hz, index in portrait.rhythm]
            parts.append("\n".join(["Rhythm: modulation index of the power", *map(str.rstrip, lines)]))
        return "\n\n".join(parts)
    if isinstance(portrait, DevicePortrait):
        bands = band_centres_hz(portrait.sample_rate_hz)
        known = [(nominal_hz(hz), level) for hz in bands if (level := portrait.at(hz)) is not None]
        return f"Response, dB re 1 kHz\n{_bars(known)}\n\n{_fill(capital(f'{responses.told(portrait)}.'))}"
    steps = [(second, level) for second in DECAY_SHOWN_S if (level := _at(portrait, second)) is not None]
    lines = [f"{second:>8.2f} s  {level:>6.1f}  {'#' * _length(0.0, level)}".rstrip() for second, level in steps]
    told = _fill(capital(f"{decays.told(portrait)}."))
    return "\n".join([_fill(f"Decay in dB re the whole; {visible(portrait.name)}"), *lines, "", told])


def _at(portrait: DecayPortrait, second: float) -> float | None:
    place = round(second / portrait.step_s)
    return portrait.curve_db[place] if place < len(portrait.curve_db) else None


def _bars(levels_db: Iterable[tuple[float, float]]) -> str:
    levels = list(levels_db)
    top = max(level for _, level in levels)
    lines = [f"{hz:>8g} Hz  {level:>6.1f}  {'#' * _length(top, level)}" for hz, level in levels]
    return "\n".join(line.rstrip() for line in lines)


def _length(top_db: float, level_db: float) -> int:
    return max(0, round(BAR * (1 - (top_db - level_db) / RANGE_DB)))


def comparison(seen: Sequence[LookedAt]) -> str:
    """Several side by side: their figures, and how each differs from the first.

    Args:
        seen: From two to six of one kind.
    """
    lines = [f"{LETTERS[turn]}  {cut(f'{one.name}: {one.title}', WIDTH - 3)}" for turn, one in enumerate(seen)]
    parts = ["\n".join(lines)]
    facts = dict.fromkeys(name for one in seen for name in one.facts)
    for name in facts:
        told = [f"{LETTERS[turn]}  {visible(one.facts[name])}" for turn, one in enumerate(seen) if name in one.facts]
        parts.append("\n".join([f"{name}", *(cut(line, WIDTH) for line in told)]))
    portraits = [one.portrait for one in seen]
    for compared in _compared(portraits):
        parts += _tables(compared)
    said = ["not simulated here" if portrait is None else sentence(portrait) for portrait in portraits]
    sentences = [_fill(f"{letter}: {told}.") for letter, told in zip(LETTERS, said, strict=False)]
    if None in portraits:
        sentences.append(NOT_SIMULATED)
    return "\n\n".join([*parts, "\n".join(sentences)])


@dataclass(frozen=True)
class _Compared:
    """Figures side by side.

    Attributes:
        title: What they are.
        unit: What stands before them.
        digits: Behind the point.
        rows: For each unit a value of each thing that is compared.
    """

    title: str
    unit: str
    digits: int
    rows: Sequence[tuple[str, list[float | None]]]


def _tables(compared: _Compared) -> Iterator[str]:
    """The first beside up to three others at a time, each with its difference to the first."""
    count = max(len(values) for _, values in compared.rows)
    for start in range(1, count, BESIDE):
        others = range(start, min(start + BESIDE, count))
        header = [compared.unit, LETTERS[0], *(name for n in others for name in (LETTERS[n], f"{LETTERS[n]}-A"))]
        rows = [[unit, *_cells(row[0], [row[n] for n in others], compared.digits)] for unit, row in compared.rows]
        yield f"{compared.title}\n{table(header, rows)}"


def _cells(first: float | None, others: Iterable[float | None], digits: int) -> list[str]:
    def shown(value: float | None, sign: str = "") -> str:
        return "-" if value is None else f"{round(value, digits) + 0.0:{sign}.{digits}f}"

    cells = [shown(first)]
    for value in others:
        cells += [shown(value), shown(None if value is None or first is None else value - first, "+")]
    return cells


def _compared(portraits: Sequence[Portrait | None]) -> Iterator[_Compared]:
    """Tables of portraits of one kind, each with a column for each of them, empty for one that is missing."""
    of_noises = [portrait if isinstance(portrait, NoisePortrait) else None for portrait in portraits]
    of_devices = [portrait if isinstance(portrait, DevicePortrait) else None for portrait in portraits]
    of_rooms = [portrait if isinstance(portrait, DecayPortrait) else None for portrait in portraits]
    if any(of_noises):
        levels = _by_band([dict(noise.third_octaves_db) if noise else {} for noise in of_noises])
        yield _Compared("Third octaves, dB re the whole", "Hz", 1, levels)
        swings = _by_band([dict(noise.rhythm) if noise else {} for noise in of_noises])
        if swings:
            yield _Compared("Rhythm, modulation index", "Hz", 2, swings)
    if any(of_devices):
        yield _Compared(
            "Response, dB re 1 kHz", "Hz", 1, _by_band([_octaves(device) if device else {} for device in of_devices])
        )
    if any(of_rooms):
        after = [
            (f"after {second:g} s, dB", [_at(room, second) if room else None for room in of_rooms])
            for second in DECAY_SHOWN_S
        ]
        figures = [
            ("T30 (or T20), s", [room.t30_s if room else None for room in of_rooms]),
            ("C50, dB", [room.c50_db if room else None for room in of_rooms]),
            ("direct re reverberant, dB", [room.drr_db if room else None for room in of_rooms]),
        ]
        yield _Compared("Decay", "", 2, figures + [row for row in after if any(v is not None for v in row[1])])


def _octaves(device: DevicePortrait) -> dict[float, float]:
    return {hz: level for hz, level in responses.octaves(device) if level is not None}


def _by_band(known: Sequence[Mapping[float, float]]) -> list[tuple[str, list[float | None]]]:
    """A row for each band that any of several has."""
    bands = sorted({hz for own in known for hz in own})
    return [(f"{hz:g}", [own.get(hz) for own in known]) for hz in bands]


def sentence(portrait: Portrait) -> str:
    """What a picture shows, in a sentence."""
    if isinstance(portrait, NoisePortrait):
        return noises.told(portrait)
    return responses.told(portrait) if isinstance(portrait, DevicePortrait) else decays.told(portrait)


def refuse_unlike(seen: Sequence[LookedAt]) -> None:
    """Refuse to compare what is not of one kind, or too much.

    Raises:
        ProfileError: One is a noise and another one is not, or there are fewer than two, or more than six.
    """
    if not 2 <= len(seen) <= MOST_LINES:
        raise ProfileError(Fault("", f"{counted(len(seen), 'name')} to compare", f"give from 2 to {MOST_LINES}"))
    other = next((one for one in seen if one.what != seen[0].what), None)
    if other is not None:
        message = f"'{seen[0].name}' is a {seen[0].kind}, and '{other.name}' is a {other.kind}"
        raise ProfileError(
            Fault("", message, "compare noises and recordings, or devices, or rooms; --as says what audio is")
        )
