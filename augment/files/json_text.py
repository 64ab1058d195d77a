"""JSON that every reader of JSON can read, and JSON of others, read strictly."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON from its keys and values.

    Raises:
        ValueError: A key appears twice: which value is meant cannot be told.

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
"""Of keys that appear twice the last one counts. NaN and Infinity, which are no JSON, are the numbers that they name:
who reads one decides whether it is no value or a fault."""
CAREFUL = json.JSONDecoder(object_pairs_hook=unique)
"""The same, and keys that appear twice are refused; half as fast."""


TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}:]|-?Infinity|NaN')


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


STRICT = json.JSONDecoder(object_pairs_hook=unique, parse_constant=_refused)
QUICK = json.JSONDecoder(parse_constant=_refused)


def strict_json(text: str) -> Any:
    r"""A value of JSON that this program wrote, or should have written: no key twice, no NaN, no Infinity.

    Raises:
        ValueError: It is none; line and column are told.

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
    """Whether an object surely has no key twice: every key is followed by a colon, so it has as many as its text.

    Example:
        >>> keys_once({"a": 1}, '{"a": 1}'), keys_once({"a": 1}, '{"a": 0, "a": 1}'), keys_once([], "[]")
        (True, False, False)
    """
    return isinstance(value, dict) and len(value) == text.count(":")


def _place_of_odd(text: str) -> int:
    """Where the first key stands that its object has already, or the first number that is none."""
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
