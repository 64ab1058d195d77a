"""JSON Lines, with NeMo's keys: one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.errors import CorpusError, Fault

SUFFIXES = (".jsonl", ".json", ".ndjson")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return row


def rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    r"""Rows of a JSON Lines manifest; blank lines are passed over, NaN is taken for no value.

    Raises:
        CorpusError: The file is one JSON array.

    Example:
        >>> list(rows(Path("m.jsonl"), '{"a": 1}\n\n{"a": 2}\n'))
        [(1, {'a': 1}), (3, {'a': 2})]
    """
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=lambda _: None)
    # Not splitlines(): it also splits at characters such as U+2028, which JSON allows inside a string.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _row(decoder, f"{path}:{number}", line.strip())


def _row(decoder: json.JSONDecoder, place: str, line: str) -> dict[str, Any] | Fault:
    try:
        row = decoder.decode(line)
        if "\\ud" in line.lower():
            json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return Fault(place, "a text of this row is not valid Unicode (half of a surrogate pair)")
    except ValueError as error:
        return Fault(place, f"this line is not a JSON object: {getattr(error, 'msg', str(error))}")
    except RecursionError:
        return Fault(place, "this line is nested too deeply")
    if isinstance(row, list):
        message = "found a JSON array; expected one JSON object a line"
        raise CorpusError(Fault(place, message, "convert it with `jq -c '.[]'`"))
    return row if isinstance(row, dict) else Fault(place, f"found {line[:40]}; expected a JSON object")
