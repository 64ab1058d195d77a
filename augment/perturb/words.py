"""Steps in words: what a step does, short enough to stand beside the name of a condition."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

Titles = Mapping[str, str]
"""How profiles are called, by their names in recipes."""
NO_TITLES: Titles = MappingProxyType({})
UNITS = {
    "db": "dB",
    "dba": "dB(A)",
    "dbov": "dBov",
    "dbspl": "dB SPL",
    "hz": "Hz",
    "khz": "kHz",
    "s": "s",
    "ms": "ms",
    "m": "m",
    "percent": "%",
}
"""Units by the last word of a field's name."""


def called(name: str, titles: Titles) -> str:
    """What a profile or a recording is called in a sentence: its title, or its name made readable.

    Example:
        >>> called("mri_epi", {"mri_epi": "MRI scanner"}), called("noise/tram_stop.wav", {})
        ('MRI scanner', 'tram stop')
    """
    return titles[name] if name in titles else PurePosixPath(name).stem.replace("_", " ")


def quantity(field: str, value: object) -> str:
    """A value with the unit that its field's name ends in.

    Example:
        >>> quantity("cutoff_hz", 150.0), quantity("kbps", 12.2), quantity("order", 2)
        ('150 Hz', '12.2 kb/s', '2')
    """
    shown = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    unit = "kb/s" if field == "kbps" else UNITS.get(field.rpartition("_")[2], "") if "_" in field else ""
    return f"{shown} {unit}".rstrip()


def plain(kind: str, fields: Mapping[str, Any]) -> str:
    """A step that has no sentence of its own: its kind, and the fields that are set.

    Example:
        >>> plain("wind_filter", {"cutoff_hz": 150, "order": 2, "name": None})
        'wind filter (cutoff 150 Hz, order 2)'
    """
    told = ", ".join(f"{_name(field)} {quantity(field, value)}" for field, value in fields.items() if value is not None)
    return kind.replace("_", " ") + (f" ({told})" if told else "")


def _name(field: str) -> str:
    """A field's name without its unit.

    Example:
        >>> _name("max_gain_db"), _name("mean_burst")
        ('max gain', 'mean burst')
    """
    words = field.split("_")
    return " ".join(words[:-1] if len(words) > 1 and words[-1] in UNITS else words)
