"""Profiles as text: which there are, and what is behind a name."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from augment.acoustics.spectrum import mean_density
from augment.errors import Fault, ProfileError, nearest
from augment.files.yaml import load_yaml
from augment.profiles.library import FOLDERS, TABLES, Library, SourceKind, bundled_names
from augment.streams import generator

WIDTH = 100
BAR = 40
RANGE_DB = 50.0
LISTEN_S = 10
SAMPLE_RATE_HZ = 48000
TELLING: dict[SourceKind, str] = {"noise_profile": "components", "microphone": "response_db", "room": "size_m"}
"""The field by which the kind of a user's own profile is recognised."""


def listing(word: str | None = None) -> str:
    """Bundled profiles by what uses them, with name and title.

    Example:
        >>> "alarm" in listing() or "mri_epi" in listing()
        True
    """
    library, parts = Library(Path()), []
    for kind in FOLDERS:
        rows = [[name, library.profile(kind, name).title] for name in bundled_names(kind)]
        rows = [row for row in rows if word is None or word.casefold() in " ".join(row).casefold()]
        if rows:
            width = max(len(name) for name, _ in rows)
            lines = "\n".join(f"  {name.ljust(width)}  {title}" for name, title in rows)
            parts.append(f"{kind.replace('_', ' ')}s\n{lines}")
    return "\n\n".join(parts) or f"no bundled profile has '{word}' in its name or title"


def kind_of(library: Library, name: str) -> SourceKind:
    """What kind of profile a name stands for.

    Raises:
        ProfileError: There is no profile of that name; the message names the nearest.
    """
    for kind in FOLDERS:
        if name in bundled_names(kind):
            return kind
    path = library.base / name
    if not path.is_file():
        known = [known for kind in FOLDERS for known in bundled_names(kind)]
        hint = f"{nearest(name, known)}; see: acoustigrid profile list"
        raise ProfileError(Fault("", f"there is no profile '{name}'", hint))
    if path.suffix.lower() not in TABLES:
        return "microphone"
    data = load_yaml(path, ProfileError).data
    return next((kind for kind, key in TELLING.items() if key in data), "noise_profile")


def description(name: str) -> str:
    """A profile in full: figures, sources, estimates, spectrum.

    Raises:
        ProfileError: There is no such profile, or it is faulty.
    """
    library = Library(Path())
    kind = kind_of(library, name)
    profile = library.profile(kind, name)
    said = profile.model_dump(mode="json", exclude_none=True)
    parts = [f"{name}: {profile.title}", textwrap.fill(str(said.pop("about")), WIDTH)]
    parts += ["\n".join(_figures({key: value for key, value in said.items() if key != "title"}))]
    if "estimate:" in str(said):
        parts.append("What follows the word 'estimate:' is an engineering estimate, not a measurement.")
    if kind == "noise_profile":
        parts.append(_noise_spectrum(library, name))
    elif kind == "microphone":
        parts.append(_response(library, name))
    return "\n\n".join(parts)


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
            yield textwrap.fill(f"{key}: {shown}", WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _noise_spectrum(library: Library, name: str) -> str:
    """Third-octave levels of a noise while it is on, and its strongest spectral lines."""
    profile = library.noise_profile(name)
    length = LISTEN_S * SAMPLE_RATE_HZ
    noise, on = profile.render(length, SAMPLE_RATE_HZ, lambda stream: generator("show", stream))
    heard = noise if on is None else noise[on]
    frequency, density = mean_density(heard, SAMPLE_RATE_HZ)
    centres = 1000 * 10 ** (0.1 * np.arange(-15, 13))
    bands = [_band_db(frequency, density, centre) for centre in centres]
    share = "always on" if on is None else f"on for {100 * on.mean():.0f} % of the time"
    head = f"Third octaves, dB re the strongest, {LISTEN_S} s at {SAMPLE_RATE_HZ} Hz; {share}"
    return f"{head}\n{_bars(centres, np.array(bands) - max(bands))}"


def _band_db(frequency: Any, density: Any, centre: float) -> float:
    edge = 10**0.05
    inside = (frequency >= centre / edge) & (frequency < centre * edge)
    return float(10 * np.log10(np.sum(density[inside]) + 1e-30))


def _response(library: Library, name: str) -> str:
    from augment.acoustics.filters import response_db

    frequency, level = library.microphone(name).table()
    centres = 1000 * 10 ** (0.1 * np.arange(-15, 13))
    inside = centres[centres <= frequency[-1] * 1.001]
    return f"Response, dB re 1 kHz\n{_bars(inside, response_db(frequency, level, inside))}"


def _bars(centre_hz: Any, level_db: Any) -> str:
    top = float(np.max(level_db))
    rows = []
    for centre, level in zip(centre_hz, level_db, strict=True):
        length = max(0, round(BAR * (1 - (top - float(level)) / RANGE_DB)))
        rows.append([f"{centre:.0f} Hz", f"{level:.1f}" if level > top - 100 else "-", "#" * length])
    return "\n".join(f"{a:>9}  {b:>6}  {c}".rstrip() for a, b, c in rows)
