"""JSON that every reader of JSON can read, and JSON of others, read strictly."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON from its keys and values.

    Raises:
        ValueError: A key stands twice: which value is meant cannot be told.

    Example:
        >>> unique([("a", 1), ("b", 2)])
        {'a': 1, 'b': 2}
    """
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return row


PLAIN = json.JSONDecoder()
"""Of keys that stand twice the last one counts. NaN and Infinity, which are no JSON, are the numbers that they name:
who reads one decides whether it is no value or a fault."""
CAREFUL = json.JSONDecoder(object_pairs_hook=unique)
"""The same, and keys that stand twice are refused; half as fast."""


def json_text(value: Any) -> bytes:
    """A value as JSON, UTF-8, with indents; numbers that JSON does not have are texts such as ``"inf"``.

    Example:
        >>> json_text({"a": [1, float("inf")]}).decode().split()
        ['{', '"a":', '[', '1,', '"inf"', ']', '}']
    """
    return (json.dumps(_finite(value), indent=2, allow_nan=False) + "\n").encode()


def json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    r"""Rows as JSON Lines, keys in their order, in ASCII: no reader takes a sign in a text for the end of a line.

    Example:
        >>> json_lines([{"b": 1, "a": "é"}])
        b'{"b": 1, "a": "\\u00e9"}\n'
    """
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _finite(part) for name, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, (list, tuple)) else value
