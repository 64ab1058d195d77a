"""Writing JSON that any reader accepts, and reading other people's JSON strictly."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON from its keys and values.

    Raises:
        ValueError: A key appears twice, so that the value is ambiguous.

    Example:
        >>> unique([("a", 1), ("b", 2)])
        {'a': 1, 'b': 2}
    """
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' appears twice")
    return row


PLAIN = json.JSONDecoder()
"""If a key appears twice, the last one counts. NaN and Infinity, which are not JSON, are read as numbers: the caller
decides whether they count as missing values or as faults."""
CAREFUL = json.JSONDecoder(object_pairs_hook=unique)
"""The same, except that keys that appear twice are refused; half as fast."""


ENCODER = json.JSONEncoder(allow_nan=False)
"""Made once: ``json.dumps`` makes one for each call that is not of its defaults."""

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}:]|-?Infinity|NaN')


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


STRICT = json.JSONDecoder(object_pairs_hook=unique, parse_constant=_refused)
QUICK = json.JSONDecoder(parse_constant=_refused)


def strict_json(text: str) -> Any:
    r"""A value of JSON that this program wrote, or should have written: no key twice, no NaN, no Infinity.

    Raises:
        ValueError: It is not such a value; line and column are given.

    Example:
        >>> strict_json('{"a": {"b": 1}}')
        {'a': {'b': 1}}
        >>> strict_json('{"a": 1,\n "b": 2, "a": 3}')
        Traceback (most recent call last):
        json.decoder.JSONDecodeError: the key 'a' appears twice: line 2 column 10 (char 18)
    """
    try:
        value = QUICK.decode(text)
        return value if keys_once(value, text) else STRICT.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise json.JSONDecodeError(str(error), text, _place_of_odd(text)) from None


def keys_once(value: Any, text: str) -> bool:
    """Whether an object certainly has no key twice: it then has as many keys as its text has colons.

    Example:
        >>> keys_once({"a": 1}, '{"a": 1}'), keys_once({"a": 1}, '{"a": 0, "a": 1}'), keys_once([], "[]")
        (True, False, False)
    """
    return isinstance(value, dict) and len(value) == text.count(":")


def _place_of_odd(text: str) -> int:
    """Position of the first key that its object has already, or of the first number that is not JSON."""
    objects: list[set[str]] = []
    before: re.Match[str] | None = None
    for token in TOKEN.finditer(text):
        sign = token[0]
        if sign == "{":
            objects.append(set())
        elif sign == "}":
            objects.pop()
        elif sign == ":" and before is not None:
            key = json.loads(before[0])
            if key in objects[-1]:
                return before.start()
            objects[-1].add(key)
        elif not sign.startswith('"'):
            return token.start()
        before = token
    return 0


def json_text(value: Any) -> bytes:
    """A value as indented JSON in UTF-8; numbers that JSON does not have become texts such as ``"inf"``.

    Example:
        >>> json_text({"a": [1, float("inf")]}).decode().split()
        ['{', '"a":', '[', '1,', '"inf"', ']', '}']
    """
    return (json.dumps(_finite(value), indent=2, allow_nan=False) + "\n").encode()


def json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    r"""Rows as JSON Lines, keys in order, in ASCII: no reader can then take a character in a text for a line break.

    Example:
        >>> json_lines([{"b": 1, "a": "é"}])
        b'{"b": 1, "a": "\\u00e9"}\n'
    """
    return b"".join(map(json_line, rows))


def json_line(row: Mapping[str, Any]) -> bytes:
    """One of these lines."""
    return (ENCODER.encode(row) + "\n").encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _finite(part) for name, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, (list, tuple)) else value
