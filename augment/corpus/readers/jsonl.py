"""JSON Lines, with NeMo's keys: one JSON object a line."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from augment.corpus.source import Source
from augment.errors import CorpusError, Fault

FOLDER = False
SIGNS = ()
SUFFIXES = (".jsonl", ".json", ".ndjson")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return row


PLAIN = json.JSONDecoder(parse_constant=lambda _: None)
CAREFUL = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=lambda _: None)
"""Half as fast."""


def rows(source: Source) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    """Rows of the manifest; see :func:`objects`."""
    return objects(source.path, source.lines())


def objects(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    r"""Rows of a JSON Lines manifest; blank lines are passed over, NaN is taken for no value.

    Raises:
        CorpusError: The file is one JSON array.

    Example:
        >>> list(objects(Path("m.jsonl"), ['{"a": 1}\n', "\n", '{"a": 2}\n']))
        [(1, {'a': 1}), (3, {'a': 2})]
    """
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if stripped:
            row = _plain_row(stripped)
            yield number, _row(f"{path}:{number}", stripped) if row is None else row


def _plain_row(line: str) -> dict[str, Any] | None:
    """The object of a line; None where it takes a closer look: a syntax error, half of a surrogate pair, a key twice.

    Every key is followed by a colon. So an object with as many keys as its line has colons has none of them twice, and
    none within another object.
    """
    try:
        row = PLAIN.decode(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or len(row) != line.count(":") or "\\ud" in line or "\\uD" in line:
        return None
    return row


def _row(place: str, line: str) -> dict[str, Any] | Fault:
    try:
        row = CAREFUL.decode(line)
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
