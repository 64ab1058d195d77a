"""A fitted profile as YAML for people: figures with their uncertainty as comments."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from augment.fitting.described import Described

WIDTH = 110
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def written(
    heading: Sequence[str],
    title: str,
    about: str,
    level: Mapping[str, Any] | None,
    components: Sequence[Described],
    fitted_to: str,
) -> str:
    """The file.

    Args:
        heading: Lines of the comment at its top.
        title: What it is, in one line.
        about: What it models, and what not.
        level: How loud it is, as the profile's `level`; None if nobody knows.
        components: Its components.
        fitted_to: Name of the recording.

    Example:
        >>> one = Described({"kind": "harmonics", "levels_db": {1: -3.0}}, "a tone", {"levels_db": "loud"})
        >>> print(written(["A fit."], "A pump", "Hums.", None, [one], "pump.wav"), end="")
        # A fit.
        title: "A pump"
        about: "Hums."
        components:
          - kind: harmonics
            source: "fitted to pump.wav: a tone"
            levels_db: {1: -3}  # loud
    """
    lines = [f"# {line}".rstrip() for line in heading]
    lines += [f"title: {_quoted(title)}", f"about: {_quoted(about)}"]
    if level is not None:
        lines.append(f"level: {_flow(level)}")
    if clocks := {one.clock.name: one.clock for one in components if one.clock is not None}:
        lines.append("clocks:")
        lines += [f"  {name}: {_flow(clock.figures)}  # {clock.remark}" for name, clock in clocks.items()]
    lines.append("components:")
    for one in components:
        figures = dict(one.figures)
        lines.append(f"  - kind: {figures.pop('kind')}")
        lines.append(f"    source: {_quoted(one.source(fitted_to))}")
        for name, value in figures.items():
            lines += _field(name, value, one.remarks.get(name))
    return "\n".join(lines) + "\n"


def _field(name: str, value: Any, remark: str | None) -> list[str]:
    """A field of a component; a list of records has a line for each."""
    comment = f"  # {remark}" if remark else ""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [f"    {name}:{comment}", *(line for entry in value for line in _entry(entry))]
    flow = f"    {name}: {_flow(value)}"
    if len(flow) + len(comment) <= WIDTH or not remark:
        return [flow + comment]
    return [f"    # {remark}", flow]


def _entry(entry: Mapping[str, Any]) -> list[str]:
    """A record of a list, on one line if it has room there."""
    flow = f"      - {_flow(entry)}"
    if len(flow) <= WIDTH:
        return [flow]
    lines = []
    for place, (name, value) in enumerate(entry.items()):
        start = "      - " if place == 0 else "        "
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"{start}{name}:", *(f"          - {_flow(one)}" for one in value)]
        else:
            lines.append(f"{start}{name}: {_flow(value)}")
    return lines


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    if isinstance(value, str):
        return value if PLAIN.match(value) else _quoted(value)
    return repr(value)


def _quoted(text: str) -> str:
    """A text in double quotes, on one line."""
    plain = "".join(one if one.isprintable() else " " for one in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
