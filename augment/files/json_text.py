"""JSON that every reader of JSON can read."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any


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
